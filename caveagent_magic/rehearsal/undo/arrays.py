"""numpy's arrays: their form, the objects that they point to, and where their memory lies."""

from __future__ import annotations

import ctypes
import sys
import warnings
from typing import Any, NamedTuple

from caveagent_magic.rehearsal.undo.kept import Kind


class Form(NamedTuple):
    """How an array reads its memory."""

    address: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: Any
    writeable: bool

    def span(self) -> tuple[int, int]:
        """The lowest byte that the array reaches, and how many from there; 0: it is empty."""
        if 0 in self.shape:
            return self.address, 0
        reach = [(length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True)]
        size = sum(abs(step) for step in reach) + self.dtype.itemsize
        return self.address + sum(step for step in reach if step < 0), size


def _numpy() -> Any:
    return sys.modules["numpy"]


def _own(name: str) -> Any:
    return _numpy().ndarray.__dict__[name]


def form_of(thing: Any) -> Form:
    """The form of an array as `numpy.ndarray` itself sees it."""
    return Form(
        _own("__array_interface__").__get__(thing)["data"][0],
        _own("shape").__get__(thing),
        _own("strides").__get__(thing),
        _own("dtype").__get__(thing),
        _own("flags").__get__(thing).writeable,
    )


def base_of(thing: Any) -> Any:
    """What owns the memory of an array or a tensor; None: itself."""
    if not isinstance(thing, _numpy().ndarray):
        return thing.untyped_storage()
    return _own("base").__get__(thing)


def address_of(thing: Any) -> int:
    """Where the memory of an array or a tensor begins."""
    return form_of(thing).address if isinstance(thing, _numpy().ndarray) else int(thing.data_ptr())


def has_objects(thing: Any) -> bool:
    """Whether the memory of an array holds references."""
    return bool(_own("dtype").__get__(thing).hasobject)


def _write_form(thing: Any, form: Form) -> None:
    now = form_of(thing)
    if now.dtype is not form.dtype or (now.shape, now.strides) != (form.shape, form.strides):
        _reshape(thing, form)
    if form_of(thing).writeable != form.writeable:
        _numpy().ndarray.setflags(thing, write=form.writeable)


def _reshape(thing: Any, form: Form) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the only way to do it to the same object
        try:
            _own("dtype").__set__(thing, form.dtype)
        except ValueError:  # the last axis does not fit: as one row it does
            _own("shape").__set__(thing, (-1,))
            _own("dtype").__set__(thing, form.dtype)
        try:
            _own("shape").__set__(thing, form.shape)
        except AttributeError:  # only in another order of the memory
            _own("strides").__set__(thing, _contiguous(form))
            _own("shape").__set__(thing, form.shape)
        _own("strides").__set__(thing, form.strides)


def _contiguous(form: Form) -> tuple[int, ...]:
    strides, size = [], form.dtype.itemsize
    for length in reversed(form.shape):
        strides.append(size)
        size *= length
    return tuple(reversed(strides))


def _same_form(first: Form, second: Form) -> bool:
    return first[1:] == second[1:] and first.dtype is second.dtype


def _read_objects(thing: Any) -> Any:
    return _numpy().array(thing, copy=True, subok=False)


def _write_objects(thing: Any, state: Any) -> None:
    locked = not form_of(thing).writeable
    if locked:
        _numpy().ndarray.setflags(thing, write=True)
    _numpy().copyto(_numpy().ndarray.view(thing, _numpy().ndarray), state, casting="no")
    if locked:
        _numpy().ndarray.setflags(thing, write=False)


def _same_objects(first: Any, second: Any) -> bool:
    """By the references themselves, which an array of objects is made of."""
    return first.shape == second.shape and first.dtype == second.dtype and _raw(first) == _raw(second)


def _raw(state: Any) -> bytes:
    return ctypes.string_at(state.__array_interface__["data"][0], state.nbytes)


def _inside_objects(state: Any) -> list[object]:
    found: list[object] = state.ravel(order="K").tolist()
    return found


def _read_resized(thing: Any) -> tuple[Form, bytes]:
    form = form_of(thing)
    return form, ctypes.string_at(*form.span())


def _write_resized(thing: Any, state: tuple[Form, bytes]) -> None:
    form, content = state
    _numpy().ndarray.resize(thing, form.shape, refcheck=False)
    _write_form(thing, form)
    ctypes.memmove(form_of(thing).span()[0], content, len(content))


def _same_resized(first: tuple[Form, bytes], second: tuple[Form, bytes]) -> bool:
    return _same_form(first[0], second[0]) and first[1] == second[1]


FORM = Kind(form_of, _write_form, _same_form)
OBJECTS = Kind(_read_objects, _write_objects, _same_objects, _inside_objects, last=True)
RESIZED = Kind(_read_resized, _write_resized, _same_resized)  # its memory was given up for another
