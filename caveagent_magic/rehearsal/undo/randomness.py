"""Generators of random numbers, whose state lies in C."""

from __future__ import annotations

import operator
import random
import sys
from typing import Any

from caveagent_magic.rehearsal.undo.attributes import qualified
from caveagent_magic.rehearsal.undo.kept import Kind

_PYTHON: Any = random.Random.__base__


def _same_state(first: Any, second: Any) -> bool:
    """numpy's states are dictionaries with arrays inside."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_same_state(first[key], second[key]) for key in first)
    if hasattr(first, "tobytes"):
        return bool(first.tobytes() == second.tobytes())
    return bool(first == second)


def _legacy(name: str) -> Any:
    return getattr(sys.modules["numpy.random"].RandomState, name)


def _bytes_of_torch(state: bytes) -> Any:
    torch = sys.modules["torch"]
    return torch.frombuffer(bytearray(state), dtype=torch.uint8)


_BY_TYPE = {
    "_random.Random": Kind(_PYTHON.getstate, _PYTHON.setstate, operator.eq),
    "numpy.random.bit_generator.BitGenerator": Kind(
        lambda thing: thing.state, lambda thing, state: setattr(thing, "state", state), _same_state
    ),
    "torch._C.Generator": Kind(
        lambda thing: thing.get_state().numpy().tobytes(),
        lambda thing, state: thing.set_state(_bytes_of_torch(state)),
        operator.eq,
    ),
    "numpy.random.mtrand.RandomState": Kind(
        lambda thing: _legacy("get_state")(thing, legacy=False),
        lambda thing, state: _legacy("set_state")(thing, state),
        _same_state,
    ),
}


def kind_of(base: type) -> Kind | None:
    """How the state of such a generator is remembered; None: the class is none."""
    return _BY_TYPE.get(qualified(base))
