"""The fingerprint of a result: the same in every process, and readable only with the user's key."""

from __future__ import annotations

import collections
import functools
import hashlib
import math
import struct
import sys
import time
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from caveagent_magic.events import Output
from caveagent_magic.frozen import slotted
from caveagent_magic.record.arrow import texts_of
from caveagent_magic.record.key import Key
from caveagent_magic.rehearsal.differs import lasting
from caveagent_magic.rehearsal.foreign import (
    array_facts,
    frame_manager,
    instance_dictionary,
    package_of,
    scalar_text,
)

SECONDS = 2.0  # for all results of one step
_DEEPEST = 20
_LARGEST = 256 << 20  # bytes of one array
_MOST_CELLS = 1_000_000  # of a polars frame, whose values must be copied out
_SEQUENCES = (list, tuple, collections.deque)
_PIECE = 1 << 16  # bytes of which one sum is taken
_COLUMN_PARTS = ("_ndarray", "_data", "_mask", "_pa_array")  # where pandas' own kinds of column keep values


class Unknown(Exception):
    """Not all of the object can be looked into, or there was no time."""


def marks_of(namespace: Mapping[str, object], names: Iterable[str], key: Key) -> dict[str, str | None]:
    """The fingerprints of these names; None: it could not be had."""
    deadline = time.monotonic() + SECONDS
    return {name: mark_of(namespace[name], key, deadline) for name in names if name in namespace}


def mark_of(thing: object, key: Key, deadline: float) -> str | None:
    """Equal for equal content, whatever the process; None: it could not be had."""
    walk = _Walk(deadline)
    try:
        walk.at(thing, 0)
    except Exception:  # Unknown, or what a person's object raises when it is looked at
        return None
    return key.mark(walk.digest.digest())


def mark_of_outputs(outputs: Sequence[Output], key: Key) -> str:
    """The fingerprint of what was printed and shown as text, without addresses, durations and the like."""
    texts = [lasting(_text(output)) for output in outputs]
    return key.mark("\0".join(texts).encode("utf-8", "surrogatepass"))


def _text(output: Output) -> str:
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}"
    text = output.get("text") or output.get("data", {}).get("text/plain", "")
    return "".join(text) if isinstance(text, list) else str(text)


@slotted
class _Walk:
    """One walk over an object and what it holds, without running code of its class."""

    deadline: float
    digest: Any = field(default_factory=hashlib.sha256)
    seen: dict[int, int] = field(default_factory=dict)
    held: list[object] = field(default_factory=list)  # so that no address is met twice

    def at(self, thing: Any, depth: int) -> None:
        """Take in one object."""
        kind = type(thing)
        if (plain := _PLAIN.get(kind)) is not None:
            self._add(kind.__name__, plain(thing))
            return
        if depth > _DEEPEST or time.monotonic() > self.deadline:
            raise Unknown
        if id(thing) in self.seen:
            self._add("again", str(self.seen[id(thing)]).encode())
            return
        self.seen[id(thing)] = len(self.seen)
        self.held.append(thing)
        self._parts(thing, kind, depth + 1)

    def _add(self, kind: str, content: bytes) -> None:
        self.digest.update(struct.pack("<QQ", len(kind), len(content)) + kind.encode() + content)

    def _parts(self, thing: Any, kind: type, depth: int) -> None:
        if kind in _SEQUENCES:
            self._each(kind.__name__, list(thing), depth)
        elif kind is dict:
            self._each("keys", list(thing), depth)
            self._each("values", list(thing.values()), depth)
        elif kind in (set, frozenset):
            self._members(kind.__name__, thing, depth)
        elif (manager := frame_manager(thing, kind)) is not None:
            self._frame(kind.__name__, manager, depth)
        elif (facts := array_facts(thing, kind)) is not None:
            self._array(facts, depth)
        elif package_of(kind) == "polars":
            self._polars(thing, kind, depth)
        elif (words := scalar_text(thing, kind)) is not None:
            self._add(kind.__name__, words.encode())
        elif issubclass(kind, (type, types.ModuleType)) or kind is types.BuiltinFunctionType:
            self._add("name", str(getattr(thing, "__name__", "")).encode())
        elif kind is types.FunctionType:
            self._function(thing, depth)
        elif _holds_only_attributes(kind) and (found := instance_dictionary(thing, kind)) is not None:
            self._add("object", kind.__qualname__.encode())
            self.at(found, depth)
        else:
            raise Unknown

    def _each(self, kind: str, things: Sequence[object], depth: int) -> None:
        self._add(kind, str(len(things)).encode())
        for each in things:
            self.at(each, depth)

    def _members(self, kind: str, things: Iterable[object], depth: int) -> None:
        """A set has no order: the digests of its members are put into one."""
        found = []
        for each in things:
            walk = _Walk(self.deadline)
            walk.at(each, depth)
            found.append(walk.digest.digest())
        self._add(kind, b"".join(sorted(found)))

    def _array(self, facts: Any, depth: int) -> None:
        self._add(f"array {facts.dtype}", repr(facts.shape).encode())
        if facts.has_objects:
            self._each("elements", facts.elements(), depth)
        elif facts.nbytes > _LARGEST:
            raise Unknown
        else:
            self._add("content", _in_short(facts.memory()) if facts.nbytes > _PIECE else facts.content())

    def _frame(self, kind: str, manager: Any, depth: int) -> None:
        self._add(kind, str(len(manager.axes)).encode())
        for axis in manager.axes:
            self._axis(axis, depth)
        for block in sorted(manager.blocks, key=_first_column):
            self._column(block.values, depth)

    def _polars(self, thing: Any, kind: type, depth: int) -> None:
        if kind.__name__ not in ("DataFrame", "Series") or math.prod(thing.shape) > _MOST_CELLS:
            raise Unknown
        schema = thing.schema if kind.__name__ == "DataFrame" else {thing.name: thing.dtype}
        self._add(kind.__name__, repr([(name, str(dtype)) for name, dtype in schema.items()]).encode())
        self.at(thing.rows() if kind.__name__ == "DataFrame" else thing.to_list(), depth)

    def _axis(self, axis: Any, depth: int) -> None:
        self._each("names", list(axis.names), depth)
        parts = vars(axis)
        if "_range" in parts:
            self._add("range", repr(parts["_range"]).encode())
        elif "_levels" in parts:
            self._each("codes", list(parts["_codes"]), depth)
            for level in parts["_levels"]:
                self._axis(level, depth)
        else:
            self._column(parts.get("_data"), depth)

    def _column(self, values: Any, depth: int) -> None:
        """The values of columns, or of an index."""
        if array_facts(values, type(values)) is not None:
            self.at(values, depth)
            return
        if package_of(type(values)) != "pandas":
            raise Unknown
        self._add("column", str(values.dtype).encode())
        for name in _COLUMN_PARTS:
            part: Any = getattr(values, name, None)
            if package_of(type(part)) == "pyarrow":
                self._arrow(part)
            elif part is not None:
                self.at(part, depth)
        categories = getattr(values.dtype, "categories", None)
        if categories is not None:
            self._axis(categories, depth)

    def _arrow(self, part: Any) -> None:
        """An Arrow column, however it is cut into pieces: texts as their lengths and their bytes."""
        if (texts := texts_of(part)) is None:
            self._add("cells", repr(part.to_pylist()).encode("utf-8", "surrogatepass"))
            return
        for kind, content in zip(("lengths", "texts"), texts, strict=True):
            self._add(kind, _in_short(content) if content.nbytes > _PIECE else bytes(content))

    def _function(self, thing: types.FunctionType, depth: int) -> None:
        code = thing.__code__
        self._add("function", code.co_code)
        self._each("names", [code.co_names, code.co_varnames], depth)
        plain = [each for each in code.co_consts if type(each) in _PLAIN]
        self._each("constants", [*plain, thing.__defaults__, thing.__kwdefaults__], depth)


_PLAIN: Mapping[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    bool: lambda thing: b"1" if thing else b"0",
    int: lambda thing: hex(thing).encode(),
    float: lambda thing: thing.hex().encode(),
    complex: lambda thing: repr(thing).encode(),
    str: lambda thing: thing.encode("utf-8", "surrogatepass"),
    bytes: lambda thing: thing,
    range: lambda thing: repr(thing).encode(),
}


def _in_short(content: memoryview) -> bytes:
    """A large piece of memory as the sums of its pieces, which are read eight times as fast.

    The weights are odd, so no change of a single number leaves a sum as it was.
    """
    numpy, whole = sys.modules["numpy"], len(content) - len(content) % _PIECE
    numbers = numpy.frombuffer(content[:whole], "<u8").reshape(-1, _PIECE // 8)
    sums = numpy.einsum("ij,j->i", numbers, numpy.frombuffer(_weights(), "<u8"))
    return bytes(sums.astype("<u8").tobytes()) + bytes(content[whole:])


@functools.cache
def _weights() -> bytes:
    """The same in every process."""
    drawn = bytearray(hashlib.shake_128(b"weights of a fingerprint").digest(_PIECE))
    drawn[::8] = drawn[::8].translate(bytes(each | 1 for each in range(256)))
    return bytes(drawn)


def _holds_only_attributes(kind: type) -> bool:
    """Whether all of an object is in its instance dictionary, as far as its class can tell."""
    return all(base is object or "__slots__" not in base.__dict__ for base in kind.__mro__) and not any(
        base.__module__ == "builtins" and base is not object for base in kind.__mro__
    )


def _first_column(block: Any) -> int:
    return int(block.mgr_locs.as_array[0]) if len(block.mgr_locs.as_array) else -1
