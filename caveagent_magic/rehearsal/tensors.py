"""torch's tensors: where their memory lies and what is fastened to them; torch is not imported for it.

Only tensors of torch's own classes, dense and in this process' memory, are looked into.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any, NamedTuple

from caveagent_magic.rehearsal.foreign import package_of


class Tensor(NamedTuple):
    """A tensor at one moment."""

    alias: Any  # another tensor with the same memory, which it keeps alive
    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # in elements
    dtype: Any
    storage: tuple[int, int]  # address and size of the memory that its views share
    requires_grad: bool
    grad: Any
    made_by: Any  # the operation that autograd will go back through

    @property
    def reach(self) -> int:
        """How many bytes lie from its first element to the end of its last; 0: it has none."""
        if 0 in self.shape:
            return 0
        steps = ((length - 1) * step for length, step in zip(self.shape, self.strides, strict=True))
        return int((sum(steps) + 1) * self.dtype.itemsize)

    def array(self) -> Any:
        """The same memory as a numpy array of plain bytes; it does not keep the memory alive."""
        numpy, size = sys.modules["numpy"], self.dtype.itemsize
        kind = numpy.dtype((numpy.void, size))
        if not self.reach:
            return numpy.empty(self.shape, kind)
        memory = (ctypes.c_char * self.reach).from_address(self.address)
        return numpy.ndarray(self.shape, kind, memory, 0, tuple(step * size for step in self.strides))


def is_tensor(kind: type) -> bool:
    """Whether objects of this type are tensors of torch's own."""
    torch: Any = sys.modules.get("torch")
    return torch is not None and package_of(kind) == "torch" and kind in (torch.Tensor, torch.nn.Parameter)


def tensor_of(thing: Any) -> Tensor | None:
    """The state of a tensor; None: its memory is elsewhere, or not dense, or not there yet."""
    torch: Any = sys.modules["torch"]
    with torch._C.DisableTorchFunction():
        if thing.layout is not torch.strided or thing.device.type != "cpu" or "numpy" not in sys.modules:
            return None
        try:
            alias, memory = thing.detach(), thing.untyped_storage()
            address, storage = thing.data_ptr(), (memory.data_ptr(), memory.nbytes())
        except (RuntimeError, NotImplementedError):  # a wrapper of a transformation, such as `vmap`
            return None
        state = Tensor(
            alias, address, tuple(thing.shape), tuple(thing.stride()), thing.dtype, storage,
            thing.requires_grad, thing.grad if thing.is_leaf else None, thing.grad_fn,
        )  # fmt: skip
    begin, size = state.storage
    inside = begin <= address and address + state.reach <= begin + size  # memory can be taken from a tensor
    return state if inside or not state.reach else None
