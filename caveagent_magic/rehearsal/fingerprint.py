"""A cheap mark of an object's content, taken without running any code of the user's.

Builtin containers, numpy's arrays, pandas' frames and the instance dictionaries of other objects are looked
into, through the methods of those base types alone: what a subclass overrides is not called.
"""

from __future__ import annotations

import collections
import itertools
import types
import weakref
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from caveagent_magic.rehearsal.buffers import Buffer, buffer_of
from caveagent_magic.rehearsal.foreign import (
    array_facts,
    frame_manager,
    instance_dictionary,
    package_of,
    table_of,
)

_MOST_PARTS = 20_000  # objects looked at for one name
_DEEPEST = 20
_ATTRIBUTE_DEPTH = 5  # levels that one attribute counts for: the graphs behind foreign objects are endless
_WHOLE = 1 << 20  # bytes of an array up to which all are read

_NUMBERS = frozenset({int, float, bool})
_TEXTS = frozenset({str, bytes, complex, range, type(None)})
_OPAQUE = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_SEQUENCES = (list, tuple, collections.deque)
_MACHINERY = frozenset(
    {"IPython", "ipykernel", "ipywidgets", "traitlets", "matplotlib", "logging", "asyncio"}
)
_COLUMN_PARTS = ("_ndarray", "_data", "_mask", "_pa_array")  # where pandas' own kinds of column keep values


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The mark of one object."""

    digest: int
    buffers: tuple[Buffer, ...]
    whole: bool  # False: some of it was too large or too deep to be looked at
    held: tuple[object, ...]  # keeps addresses in the digest from being used again

    @property
    def sampled(self) -> bool:
        """Whether a change may have been missed."""
        return not self.whole or not all(buffer.watched for buffer in self.buffers)

    def same_as(self, now: Fingerprint) -> bool:
        """Whether nothing has changed, as far as can be told."""
        return (
            self.digest == now.digest
            and len(self.buffers) == len(now.buffers)
            and all(old.same_as(new) for old, new in zip(self.buffers, now.buffers, strict=True))
        )


def fingerprint(thing: object) -> Fingerprint:
    """The mark of this object as it is now."""
    look = _Look()
    digest = look.at(thing, 0)
    return Fingerprint(digest, tuple(look.buffers), look.whole, tuple(look.held))


def hold(thing: Any) -> Any:
    """A weak reference, or where the type has none a function that gives the object."""
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing


@dataclass(slots=True)
class _Look:
    """One walk over an object and what it holds."""

    seen: dict[int, int] = field(default_factory=dict)
    buffers: list[Buffer] = field(default_factory=list)
    held: list[object] = field(default_factory=list)
    whole: bool = True

    def at(self, thing: Any, depth: int) -> int:
        kind = type(thing)
        if kind in _NUMBERS:  # -1 and -2 have the same hash; nan has one by its place
            return hash((kind.__name__, thing, thing == -1)) if thing == thing else hash("nan")
        if kind in _TEXTS:
            return hash((kind.__name__, thing if kind is not complex else repr(thing)))
        if id(thing) in self.seen:
            return self.seen[id(thing)]  # its place in the walk, so that aliases and cycles count
        self.seen[id(thing)] = len(self.seen)
        if issubclass(kind, _OPAQUE):
            return self._address(thing)
        if len(self.seen) > _MOST_PARTS or depth > _DEEPEST:
            self.whole = False
            return self._address(thing)
        return hash((kind.__name__, *self._parts(thing, kind, depth + 1)))

    def _address(self, thing: object) -> int:
        self.held.append(hold(thing))
        return id(thing)

    def _parts(self, thing: Any, kind: type, depth: int) -> Iterator[int]:
        base = next((base for base in (*_SEQUENCES, set, frozenset, dict) if issubclass(kind, base)), None)
        facts = array_facts(thing, kind)
        manager = frame_manager(thing, kind)
        if facts is not None:
            yield from self._array(facts, depth)
        elif manager is not None:
            yield from self._frame(manager, depth)
        elif (table := table_of(thing)) is not None:  # polars': its values cannot be reached cheaply
            self.whole = False
            yield hash((table.rows, *table.columns.items()))
        elif kind is bytearray:
            yield zlib.crc32(thing)
        elif base is not None:
            yield from self._container(thing, base, depth)
        else:
            yield self._address(thing)
        if kind is base or manager is not None or package_of(kind) in _MACHINERY:
            return
        if attributes := instance_dictionary(thing, kind):
            yield self.at(attributes, depth + _ATTRIBUTE_DEPTH)

    def _container(self, thing: Any, base: Any, depth: int) -> Iterator[int]:
        length = base.__len__(thing)
        yield length
        self.whole = self.whole and length <= _MOST_PARTS
        if base is dict:
            pairs = itertools.islice(dict.items(thing), _MOST_PARTS)
            yield from self._each(itertools.chain.from_iterable(pairs), depth)
        elif base in _SEQUENCES:
            yield from self._each(itertools.islice(base.__iter__(thing), _MOST_PARTS), depth)
        else:
            members = itertools.islice(base.__iter__(thing), _MOST_PARTS)
            yield sum(self._each(members, depth))  # a sum does not depend on the order

    def _each(self, things: Iterable[object], depth: int) -> Iterator[int]:
        return (self.at(thing, depth) for thing in things)

    def _array(self, facts: Any, depth: int) -> Iterator[int]:
        yield hash((facts.shape, facts.strides, facts.dtype))
        if facts.nbytes > _WHOLE:
            self.buffers.append(buffer_of(facts))
            return
        yield zlib.crc32(facts.content())
        if facts.has_objects:
            self.whole = self.whole and len(facts.elements()) <= _MOST_PARTS
            yield from self._each(facts.elements()[:_MOST_PARTS], depth)

    def _frame(self, manager: Any, depth: int) -> Iterator[int]:
        for axis in manager.axes:  # an index never changes but for its names
            yield self._address(axis)
            yield from self._each(axis.names, depth)
        for block in manager.blocks:
            yield from self._column(block.values, depth)

    def _column(self, values: Any, depth: int) -> Iterator[int]:
        if array_facts(values, type(values)) is not None:
            yield self.at(values, depth)
            return
        yield hash(str(values.dtype))
        for name in _COLUMN_PARTS:
            part = getattr(values, name, None)
            yield self.at(part, depth)
