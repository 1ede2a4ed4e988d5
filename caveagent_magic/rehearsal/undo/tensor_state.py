"""torch's tensors: which memory they read and how, and their gradient; what it held is kept as arrays' is."""

from __future__ import annotations

import sys
from typing import Any

from caveagent_magic.rehearsal.tensors import Tensor, tensor_of
from caveagent_magic.rehearsal.undo.kept import CannotRestore, Kind


def has_lost_memory(state: Tensor) -> bool:
    """Whether the memory of then was given up for another, which its other views share."""
    now = tensor_of(state.alias)
    return now is None or now.storage != state.storage


def _write(thing: Any, state: Tensor) -> None:
    now = tensor_of(thing)
    if now is None:
        raise CannotRestore("its memory was given up for another")
    if now.made_by is not state.made_by:
        raise CannotRestore("what autograd knows of it was changed, which cannot be taken back")
    with sys.modules["torch"]._C.DisableTorchFunction():
        if _place(now) != _place(state):
            thing.data = state.alias
        if now.requires_grad != state.requires_grad:
            thing.requires_grad_(state.requires_grad)
        if now.grad is not state.grad:
            thing.grad = state.grad


def _same(first: Tensor, second: Tensor) -> bool:
    return (
        _place(first) == _place(second)
        and first.requires_grad == second.requires_grad
        and first.grad is second.grad
        and first.made_by is second.made_by
    )


def _place(state: Tensor) -> tuple[object, ...]:
    return state.address, state.shape, state.strides, state.dtype


TENSOR = Kind(tensor_of, _write, _same)
