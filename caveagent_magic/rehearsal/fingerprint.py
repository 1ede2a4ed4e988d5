"""A cheap mark of an object's content, taken without running any code of the user's.

Builtin containers, numpy's arrays, pandas' frames and the instance dictionaries of other objects are looked
into, through the methods of those base types alone: what a subclass overrides is not called.
"""

from __future__ import annotations

import collections
import itertools
import marshal
import math
import time
import types
import weakref
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Any, Literal, cast

from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.rehearsal.buffers import Buffer, buffer_of, glance_of
from caveagent_magic.rehearsal.foreign import (
    ArrayFacts,
    array_facts,
    class_dictionary,
    column_of,
    frame_manager,
    instance_dictionary,
    package_of,
    scalar_text,
    table_of,
)
from caveagent_magic.rehearsal.random_state import state_of
from caveagent_magic.rehearsal.tensors import is_tensor, tensor_of

Difference = Literal["same", "partly", "unchecked", "changed"]

_MOST_PARTS = 20_000  # objects looked at for one name
_DEEPEST = 20
_ATTRIBUTE_DEPTH = 5  # levels that one attribute counts for: the graphs behind foreign objects are endless
_WHOLE = 1 << 20  # bytes of an array up to which all are read
_MOST_POINTERS = 32 << 20  # bytes of an array of objects up to which the objects are looked at
_MOST_PARTS_AT_A_GLANCE, _WHOLE_AT_A_GLANCE = 200, 1 << 13
_PYTHON_CLASS = 1 << 9  # tp_flags of what was made at run time
_PIECE = 50_000  # plain items between two looks at the clock

_NUMBERS = frozenset({int, float, bool})
_TEXTS = frozenset({str, bytes, complex, range, type(None)})
_PLAIN = frozenset({int, float, bool, str, bytes, complex, type(None)})
_OPAQUE = (types.ModuleType, types.BuiltinFunctionType, types.MethodType)
_SEQUENCES = (list, tuple, collections.deque)
_CONTAINERS = (*_SEQUENCES, set, frozenset, dict)
_MACHINERY = frozenset(
    {"IPython", "ipykernel", "ipywidgets", "traitlets", "matplotlib", "logging", "asyncio"}
)
_COLUMN_PARTS = ("_ndarray", "_data", "_mask", "_pa_array")  # where pandas' own kinds of column keep values
_OF_FUNCTIONS = ("__code__", "__defaults__", "__kwdefaults__", "__dict__")
_OF_EVERY_CLASS = frozenset(
    {"__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "__doc__", "__slotnames__"}
)


@frozen
class Fingerprint:
    """The mark of one object."""

    digest: int
    buffers: tuple[Buffer, ...]
    whole: bool  # False: some of it was too large or too deep to be looked at
    held: tuple[object, ...]  # keeps addresses in the digest from being used again
    cut: bool = False  # True: there was no time to look at the rest

    @property
    def sampled(self) -> bool:
        """Whether a change may have been missed."""
        exact = (buffer.watched or buffer.whole is not None for buffer in self.buffers)
        return not self.whole or not all(exact)

    def compare(self, now: Fingerprint) -> Difference:
        """What can be told of the changes since; "partly": only samples show none."""
        if self.cut or now.cut:
            return "unchecked"
        if self.digest != now.digest or len(self.buffers) != len(now.buffers):
            return "changed"
        found = {old.compare(new) for old, new in zip(self.buffers, now.buffers, strict=True)}
        if "changed" in found:
            return "changed"
        return "partly" if "partly" in found or not self.whole or not now.whole else "same"

    def same_as(self, now: Fingerprint) -> bool:
        """Whether nothing has changed, as far as can be told."""
        return self.compare(now) != "changed"


def fingerprint(thing: object, deadline: float = math.inf, *, glance: bool = False) -> Fingerprint:
    """The mark of this object as it is now; large arrays are read whole only where there is a deadline.

    At a glance all large arrays are sampled, those of objects among them.
    """
    look = Look(deadline, glance=glance, most=_MOST_PARTS_AT_A_GLANCE if glance else _MOST_PARTS)
    digest = look.at(thing, 0)
    return Fingerprint(digest, tuple(look.buffers), look.whole, tuple(look.held), look.cut)


def hold(thing: Any) -> Any:
    """A weak reference, or what gives the object; an array that has weak references cannot be resized."""
    if array_facts(thing, type(thing)) is not None:
        return lambda: thing
    try:
        return weakref.ref(thing)
    except TypeError:
        return lambda: thing


def _plain_mark(thing: Any, kind: type) -> int | None:
    """The mark of a small container that holds nothing but plain data; None: it is no such thing."""
    if kind is dict and len(thing) <= _PIECE:
        parts = (*thing, *thing.values())
    elif kind in (list, tuple) and len(thing) <= _PIECE:
        parts = tuple(thing)
    else:
        return None
    if not _PLAIN.issuperset(map(type, parts)):
        return None
    return hash((kind.__name__, zlib.crc32(marshal.dumps(parts, 2))))


@slotted
class Look:
    """One walk over an object and what it holds."""

    deadline: float
    seen: dict[int, int] = field(default_factory=dict)
    buffers: list[Buffer] = field(default_factory=list)
    held: list[object] = field(default_factory=list)
    whole: bool = True
    cut: bool = False
    glance: bool = False
    most: int = _MOST_PARTS  # objects that are looked at

    def at(self, thing: Any, depth: int) -> int:
        """The mark of one object, or its place in the walk where it was met before."""
        kind = type(thing)
        if kind in _NUMBERS:  # -1 and -2 have the same hash; nan has one by its place
            return hash((kind.__name__, thing, thing == -1)) if thing == thing else hash("nan")
        if kind in _TEXTS:
            return hash((kind.__name__, thing if kind is not complex else repr(thing)))
        if id(thing) in self.seen:
            return self.seen[id(thing)]  # its place in the walk, so that aliases and cycles count
        self.seen[id(thing)] = len(self.seen)
        if (plain := _plain_mark(thing, kind)) is not None:
            return plain
        if issubclass(kind, _OPAQUE):
            return self.address(thing)
        if self._is_out_of_time() or len(self.seen) > self.most or depth > _DEEPEST:
            self.whole = False
            return hash(kind.__name__)
        return hash((kind.__name__, *self._parts(thing, kind, depth + 1)))

    def address(self, thing: Any) -> int:
        """The mark of an object that cannot be looked into."""
        self.held.append(hold(thing))
        return id(thing)

    def axis(self, axis: Any, depth: int) -> Iterator[int]:
        """The mark of an index: it never changes but for its names."""
        yield self.address(axis)
        yield from self._each(axis.names, depth)

    def memory(self, facts: Any) -> int:
        """The mark of an array that is large and holds no objects."""
        if self.glance:
            self.buffers.append(glance_of(facts))
        else:
            self.buffers.append(buffer_of(facts, 0.0 if self.deadline is math.inf else self.deadline))
        return 0

    def tensor(self, thing: Any, depth: int) -> Iterator[int]:
        """The mark of a tensor of torch and of its gradient."""
        if (state := tensor_of(thing)) is None:
            yield self.address(thing)
            return
        array = state.array()
        yield hash((str(state.dtype), state.requires_grad))
        yield from self._array(array_facts(array, type(array)), depth)
        yield self.at(state.grad, depth)

    def _is_out_of_time(self) -> bool:
        self.cut = self.cut or (len(self.seen) % 64 == 0 and time.thread_time() > self.deadline)
        return self.cut

    def _parts(self, thing: Any, kind: type, depth: int) -> Iterator[int]:
        if kind in _CONTAINERS:
            yield from self._container(thing, kind, depth)
            return
        if (facts := array_facts(thing, kind)) is not None:
            yield from self._array(facts, depth)
        elif is_tensor(kind):
            yield from self.tensor(thing, depth)
        elif (manager := frame_manager(thing, kind)) is not None:
            yield from self._frame(manager, depth)
            yield self.at((instance_dictionary(thing, kind) or {}).get("_attrs"), depth)
            return
        elif (table := table_of(thing)) is not None:  # polars': its values cannot be reached cheaply
            self.whole = False
            yield hash((table.rows, *table.columns.items()))
            return
        elif (column := column_of(thing, kind)) is not None:
            self.whole = False
            yield hash(column)
            return
        elif kind is bytearray:
            yield zlib.crc32(thing)
        elif (base := next((base for base in _CONTAINERS if issubclass(kind, base)), None)) is not None:
            yield from self._container(thing, base, depth)
        elif (words := scalar_text(thing, kind)) is not None:
            yield hash(words)
        elif (state := state_of(thing, kind)) is not None:
            yield hash(state)
        elif kind is types.FunctionType:
            yield self.address(thing)
            yield from self._each((getattr(thing, name) for name in _OF_FUNCTIONS), depth + _ATTRIBUTE_DEPTH)
            return
        elif issubclass(kind, type):
            yield self.address(thing)
            yield from self._class(thing, depth + _ATTRIBUTE_DEPTH)
            return
        else:
            yield self.address(thing)
        if package_of(kind) in _MACHINERY:
            return
        if attributes := instance_dictionary(thing, kind):
            yield self.at(attributes, depth + _ATTRIBUTE_DEPTH)

    def _class(self, thing: Any, depth: int) -> Iterator[int]:
        """What a class of the person's holds; those of libraries fill caches of their own."""
        if package_of(thing) != "__main__":
            return
        for name, value in class_dictionary(thing).items():
            if name not in _OF_EVERY_CLASS:
                yield hash(name)
                yield self.at(value, depth)

    def _container(self, thing: Any, base: Any, depth: int) -> Iterator[int]:
        length = base.__len__(thing)
        yield length
        if base is dict:
            yield from self._items(dict.keys(thing), length, depth)
            yield from self._items(dict.values(thing), length, depth)
        elif base in _SEQUENCES:
            yield from self._items(base.__iter__(thing), length, depth)
        else:
            self.whole = self.whole and length <= self.most
            members = self._piece(base.__iter__(thing), self.most)
            yield sum(self._each(members, depth))  # a sum does not depend on the order

    def _items(self, things: Iterable[object], length: int, depth: int) -> Iterator[int]:
        """The marks of items in their order; those that are plain data at once, however many there are."""
        rest, begun = iter(things), 0
        while piece := self._piece(rest, _PIECE):
            if _PLAIN.issuperset(map(type, piece)):
                yield zlib.crc32(marshal.dumps(cast("Any", piece), 2))
            else:
                self.whole = self.whole and begun + len(piece) <= self.most
                yield from self._each(piece[: max(0, self.most - begun)], depth)
            begun += len(piece)
            if begun > _MOST_PARTS and (self.cut or time.thread_time() > self.deadline):
                self.cut = True
                return

    def _piece(self, rest: Iterator[object], most: int) -> tuple[object, ...]:
        """The next items; none where another thread adds some meanwhile: then all is as good as unseen."""
        try:
            return tuple(itertools.islice(rest, most))
        except RuntimeError:
            self.cut = True
            return ()

    def _values(self, values: Any, facts: ArrayFacts, depth: int) -> int:
        """As `at`, for an array of numpy's own, which has no attributes: a frame may have thousands."""
        if type(values).__flags__ & _PYTHON_CLASS or id(values) in self.seen:
            return self.at(values, depth)
        self.seen[id(values)] = len(self.seen)
        if self._is_out_of_time() or len(self.seen) > self.most:
            self.whole = False
            return 0
        return hash(tuple(self._array(facts, depth + 1)))

    def _each(self, things: Iterable[object], depth: int) -> Iterator[int]:
        return (self.at(thing, depth) for thing in things)

    def _array(self, facts: Any, depth: int) -> Iterator[int]:
        yield hash((facts.shape, facts.strides, facts.dtype))
        if facts.has_objects and facts.nbytes <= (_WHOLE_AT_A_GLANCE if self.glance else _MOST_POINTERS):
            yield from self._items(facts.elements(), facts.nbytes, depth)
        elif facts.nbytes > (_WHOLE_AT_A_GLANCE if self.glance else _WHOLE):
            self.whole = self.whole and not facts.has_objects
            yield self.memory(facts)
        else:
            yield zlib.crc32(facts.content())

    def _frame(self, manager: Any, depth: int) -> Iterator[int]:
        for axis in manager.axes:
            yield from self.axis(axis, depth)
        for block in manager.blocks:
            yield from self.column(block.values, depth)

    def column(self, values: Any, depth: int) -> Iterator[int]:
        """The mark of the values of columns, or of an index."""
        facts = array_facts(values, type(values))
        if facts is not None:
            yield self._values(values, facts, depth)
            return
        yield hash(str(values.dtype))
        for name in _COLUMN_PARTS:
            part = getattr(values, name, None)
            yield self.at(part, depth)
