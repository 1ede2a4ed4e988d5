"""A mark of an object's content, the same in this process and in a fork of it, whatever the addresses."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from caveagent_magic.rehearsal.buffers import checksum_of, extent_of
from caveagent_magic.rehearsal.fingerprint import _WHOLE, Look
from caveagent_magic.rehearsal.foreign import package_of

_MOST_STRINGS = 1_000_000  # of one column


def content_mark(thing: object, deadline: float) -> int | None:
    """Equal for equal content; None: not all of it can be looked into, or there was no time."""
    look = _ContentLook(deadline)
    mark = look.at(thing, 0)
    return mark if look.whole and not look.cut else None


def content_marks(namespace: Mapping[str, object], names: Iterable[str], deadline: float) -> dict[str, int]:
    """The marks of these names, as far as they can be had."""
    marks = {name: content_mark(namespace[name], deadline) for name in names if name in namespace}
    return {name: mark for name, mark in marks.items() if mark is not None}


class _ContentLook(Look):
    """A walk that takes nothing by its address."""

    __slots__ = ()

    def address(self, thing: Any) -> int:
        if isinstance(thing, types.CodeType):
            return hash((thing.co_code, thing.co_names, thing.co_varnames))
        if isinstance(thing, (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)):
            return hash(getattr(thing, "__qualname__", thing.__name__))
        self.whole = False
        return 0

    def axis(self, axis: Any, depth: int) -> Iterator[int]:
        parts = vars(axis)
        yield from (self.at(name, depth) for name in axis.names)
        yield self.at(parts.get("_range"), depth)
        if "_data" in parts and "_range" not in parts:
            yield from self.column(parts["_data"], depth)
        yield from (self.at(codes, depth) for codes in parts.get("_codes", ()))
        for level in parts.get("_levels", ()):
            yield from self.axis(level, depth)

    def column(self, values: Any, depth: int) -> Iterator[int]:
        strings = getattr(values, "_pa_array", None)
        if strings is None or package_of(type(strings)) != "pyarrow":
            yield from super().column(values, depth)
        elif len(strings) <= _MOST_STRINGS:
            self.held.append(texts := strings.to_pylist())  # its address must not be met again in this walk
            yield self.at(texts, depth)
        else:
            self.whole = False

    def _array(self, facts: Any, depth: int) -> Iterator[int]:
        small = facts.nbytes <= _WHOLE  # of a large one the order in memory counts: it is read as it lies
        return super()._array(replace(facts, strides=()) if small else facts, depth)

    def tensor(self, thing: Any, depth: int) -> Iterator[int]:
        self.whole = False  # with one thread, as in a fork, torch adds up in another order
        yield 0

    def memory(self, facts: Any) -> int:
        address, size = extent_of(facts)
        if size != facts.nbytes or facts.has_objects:
            self.whole = False
            return 0
        mark = checksum_of(address, size, self.deadline)
        self.cut = self.cut or mark is None
        return mark or 0
