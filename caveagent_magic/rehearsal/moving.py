"""Objects on their way out of a rehearsal: a pickle beside the memory of its arrays, in one file of memory.

What the fork made is moved; what was there before is referred to by its address, the same in both.
"""

from __future__ import annotations

import gc
import importlib
import io
import mmap
import os
import pickle
import sys
import time
import types
from collections.abc import Mapping
from enum import Enum
from typing import Any

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal.buffers import checksum_of
from caveagent_magic.rehearsal.fingerprint import fingerprint
from caveagent_magic.rehearsal.foreign import frame_manager, instance_dictionary, package_of
from caveagent_magic.rehearsal.tensors import is_tensor

Place = tuple[int, int, bool]  # offset, size, whether it may only be read

_MAPPED = 1 << 20  # bytes of an array from which its memory is the file's own, without a copy
_PIECE = 16 << 20
_SECONDS = 3.0  # for reading all that older objects hold
_BY_VALUE = frozenset({int, float, str, bytes, bool, complex, range, slice, type(None), type(...)})
_BY_NAME = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, Enum)
_FUNCTIONS_OF_C = frozenset(
    {"cython_function_or_method", "fused_cython_function", "ufunc", "_ArrayFunctionDispatcher"}
)
_BUFFERS = (bytes, bytearray, memoryview)
# What no object needs to be rebuilt, and what would do something instead.
_DOERS = frozenset({"os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "pty", "runpy", "ctypes"})
_DOING = frozenset({"eval", "exec", "compile", "open", "__import__", "input", "breakpoint", "exit", "quit"})


class CannotMove(Exception):
    """The results cannot be taken over exactly; the message is the reason."""


@frozen
class Written:
    """Where in the file everything lies."""

    size: int  # of the pickle
    places: list[Place]  # of the memory of arrays
    mark: int | None  # of the content of the older objects that are referred to; None: it could not be had


def dump(
    content: Mapping[str, object],
    namespace: Mapping[str, object],
    old: Mapping[int, object],
    most: int,
    file: int,
) -> Written:
    """Write the content to the file."""
    stream, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
    scout = _Scout(namespace, old)
    try:
        _pickler(stream, buffers, namespace, scout).dump(dict(content))
    except CannotMove:
        raise
    except Exception as error:  # pickling calls methods of the person's classes
        raise CannotMove(f"they cannot be pickled: {type(error).__name__}: {error}") from error
    views = [buffer.raw() for buffer in buffers]
    if stream.tell() + sum(map(len, views)) > most:
        raise CannotMove(f"they are larger than {most >> 20:,} MB")
    end = _write(file, stream.getbuffer(), 0)
    places = []
    for view in views:
        offset = -(-end // mmap.PAGESIZE) * mmap.PAGESIZE
        end = _write(file, view, offset)
        places.append((offset, len(view), view.readonly))
    return Written(stream.tell(), places, _mark_of(scout.referred))


def load(file: int, written: Written, namespace: Any, old: Mapping[int, object]) -> Any:
    """What `dump` wrote; `old` holds the objects of this process by address."""
    unpickler = _Unpickler(
        io.BytesIO(os.pread(file, written.size, 0)),
        buffers=[_memory(file, *place) for place in written.places],
    )
    unpickler.namespace, unpickler.old, unpickler.referred = namespace, old, {}
    content = unpickler.load()
    if unpickler.referred and _mark_of(unpickler.referred) != written.mark:
        raise CannotMove("a variable that they refer to was changed since the rehearsal")
    return content


def _mark_of(referred: Mapping[int, object]) -> int | None:
    """The mark of older objects, the same in the fork and here as long as they hold the same."""
    mark = fingerprint([referred[address] for address in sorted(referred)], time.thread_time() + _SECONDS)
    if mark.cut:
        return None
    sums = [checksum_of(each.address, each.size, time.thread_time() + _SECONDS) for each in mark.buffers]
    return None if None in sums else hash((mark.digest, *sums))


def _write(file: int, view: memoryview, offset: int) -> int:
    for start in range(0, len(view), _PIECE):
        piece = view[start : start + _PIECE]
        while piece:
            written = os.pwrite(file, piece, offset)
            piece, offset = piece[written:], offset + written
    return offset


def _memory(file: int, offset: int, size: int, readonly: bool) -> Any:
    if size >= _MAPPED:
        memory: Any = mmap.mmap(file, size, access=mmap.ACCESS_COPY, offset=offset)
    else:
        memory = bytearray(os.pread(file, size, offset))
    return memoryview(memory).toreadonly() if readonly else memory


def _pickler(stream: Any, buffers: list[Any], namespace: Any, scout: _Scout) -> Any:
    """A class is made here because its base comes from a module that is loaded late."""
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def persistent_id(self, thing: object) -> tuple[str, int, str] | None:
            return scout.reference(thing)

        def _dynamic_function_reduce(self, function: Any) -> Any:
            parts = super()._dynamic_function_reduce(function)
            if function.__globals__ is namespace:  # it goes on seeing the person's names, not copies of them
                parts[2][1]["__globals__"] = {}
            return parts

    pickler = Pickler(stream, protocol=5, buffer_callback=buffers.append)
    pickler.globals_ref[id(namespace)] = namespace
    return pickler


class _Scout:
    """Tells old from new, and refuses what would not be the same afterwards."""

    def __init__(self, namespace: Mapping[str, object], old: Mapping[int, object]) -> None:
        self._namespace, self._old = namespace, old
        self.referred: dict[int, object] = {}
        young = {id(thing) for thing in gc.get_objects()}
        gc.unfreeze()  # what was there at the fork had been put aside
        self._frozen = {id(thing) for thing in gc.get_objects()} - young
        self._frozen -= _lists_of_pandas()
        self._array = getattr(sys.modules.get("numpy"), "ndarray", ())
        self._index = getattr(sys.modules.get("pandas"), "Index", ())
        self._named = {id(thing) for thing in namespace.values()}
        self._columns: set[int] = set()  # arrays inside frames: whom they share memory with cannot be seen
        self._shared: dict[int, int] = {}  # the owner of memory to the array that it came with
        self._owners: set[int] = set()  # of the memory of columns

    def reference(self, thing: Any) -> tuple[str, int, str] | None:
        """How to refer to an object that was there before; None: it is moved."""
        kind = type(thing)
        if kind in _BY_VALUE:
            return None
        if thing is self._namespace:
            return "namespace", 0, ""
        if id(thing) in self._old:
            by_name = _is_by_name(thing) and not self._is_at_home(thing)
            if by_name:
                return None
            self.referred[id(thing)] = thing
            return "old", id(thing), kind.__qualname__
        if isinstance(thing, self._array):
            self._check_array(thing)
        elif (manager := frame_manager(thing, kind)) is not None:
            self._note_columns([block.values for block in manager.blocks])
        elif isinstance(thing, self._index):
            self._columns.add(id((instance_dictionary(thing, kind) or {}).get("_data")))
        elif package_of(kind) == "polars":
            raise CannotMove("frames of polars cannot leave a fork")
        elif is_tensor(kind):
            raise CannotMove("tensors of torch cannot leave a fork")
        elif id(thing) in self._frozen and gc.is_tracked(thing) and not _is_by_name(thing):
            raise CannotMove(f"they refer to an older {kind.__qualname__} that is not among your variables")
        return None

    def _is_at_home(self, thing: Any) -> bool:
        return getattr(thing, "__module__", None) == self._namespace.get("__name__", "__main__")

    def _owner(self, array: Any) -> Any:
        while isinstance(array.base, self._array):
            array = array.base
        return array

    def _note_columns(self, columns: list[Any]) -> None:
        for values in columns:
            if isinstance(values, self._array):
                owner = self._owner(values)
                if id(owner) in self._named or id(owner) in self._shared:
                    raise CannotMove("a frame shares its memory with an array")
                self._columns.add(id(values))
                self._owners.add(id(owner))

    def _check_array(self, array: Any) -> None:
        if id(array) in self._columns:
            return
        owner = self._owner(array)
        if id(owner) in self._old:
            raise CannotMove("an array shares its memory with an older one")
        if owner.base is not None and type(owner.base) not in _BUFFERS:
            raise CannotMove(f"an array lies in the memory of a {type(owner.base).__qualname__}")
        shared = self._shared.setdefault(id(owner), id(array)) != id(array)
        if shared or id(owner) in self._owners:
            raise CannotMove("two arrays share their memory")


def _lists_of_pandas() -> set[int]:
    """Lists of its classes that a pickle of a frame holds, and that are not read back."""
    pandas = sys.modules.get("pandas")
    classes = [getattr(pandas, name, None) for name in ("DataFrame", "Series")]
    return {id(kind._metadata) for kind in classes if kind is not None}


def _is_by_name(thing: object) -> bool:
    """Whether a pickle names the module that it comes from."""
    return isinstance(thing, _BY_NAME) or type(thing).__name__ in _FUNCTIONS_OF_C


class _Unpickler(pickle.Unpickler):
    """Rebuilds objects; it calls nothing by which a pickle does something else than that."""

    namespace: Any
    old: Mapping[int, object]
    referred: dict[int, object]

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in _DOERS or (module == "builtins" and name in _DOING):
            raise CannotMove(f"they need {module}.{name} to be rebuilt")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def persistent_load(self, reference: tuple[str, int, str]) -> Any:
        what, address, kind = reference
        if what == "namespace":
            return self.namespace
        thing = self.old.get(address)
        if address not in self.old or type(thing).__qualname__ != kind:
            raise CannotMove("an object that they refer to is not there any more")
        self.referred[address] = thing
        return thing
