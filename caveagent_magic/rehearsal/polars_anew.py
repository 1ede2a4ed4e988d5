"""polars a second time: its threads stayed in the kernel, and its copied library waits for them for ever.

A second copy of its native library has threads of its own. Frames go over to it through Arrow, without being
copied; modules and names that meant the first copy mean the second one then. For the forked child alone.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.machinery
import importlib.util
import io
import os
import sys
import types
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, cast

from caveagent_magic.rehearsal.foreign import instance_dictionary, package_of

_NATIVE = ("polars._plr", "polars.polars")  # since 1.34; before
_MOST = 10_000  # things looked at behind the person's names
_kept: list[object] = []  # finalisers of the first copy must not run


def can_load_anew() -> bool:
    """Whether this system lets a library be loaded a second time."""
    return hasattr(os, "memfd_create")


def load_anew(namespace: MutableMapping[str, object]) -> None:
    """Have everything here mean a second polars; raises `ImportError` where that cannot be had."""
    old = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "polars"}
    native = next(name for name in _NATIVE if name in old)
    second = _load(old[native])
    _kept.append(old)
    for name in old:
        del sys.modules[name]
    sys.modules[native] = second
    new = importlib.import_module("polars")
    _Moving(old, new).move(namespace)


def _load(native: types.ModuleType) -> types.ModuleType:
    """The linker takes a file that it has loaded for the same library: it gets a copy in memory."""
    copy = os.memfd_create("polars")
    with open(str(native.__file__), "rb") as library:
        done = 0
        while sent := os.sendfile(copy, library.fileno(), done, 1 << 30):
            done += sent
    name, path = native.__name__.rpartition(".")[2], f"/proc/self/fd/{copy}"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    module = importlib.util.module_from_spec(cast("importlib.machinery.ModuleSpec", spec))
    loader.exec_module(module)
    return module


class _Moving:
    """Puts what is of the second copy wherever something of the first one stood."""

    def __init__(self, old: Mapping[str, types.ModuleType], new: Any) -> None:
        self._new = new
        self._seen: dict[int, object] = {}
        self._modules = {id(module): name for name, module in old.items()}
        self._places = {
            id(thing): (name, attribute)
            for name, module in old.items()
            for attribute, thing in vars(module).items()
            if not attribute.startswith("__")
        }

    def move(self, namespace: MutableMapping[str, object]) -> None:
        """In the person's variables and what they hold, and in the modules of other libraries."""
        for name, module in list(sys.modules.items()):
            if type(module) is types.ModuleType and name.partition(".")[0] != "polars":
                self._in_mapping(vars(module), self._named)
        self._in_mapping(namespace, self._moved)

    def _in_mapping(self, mapping: MutableMapping[Any, object], move: Callable[[object], object]) -> None:
        for key, thing in list(mapping.items()):
            if (moved := move(thing)) is not thing:
                mapping[key] = moved

    def _named(self, thing: object) -> object:
        """What has its place in the second copy now: a module, or anything that a module of polars names."""
        if id(thing) in self._modules:
            return importlib.import_module(self._modules[id(thing)])
        if id(thing) not in self._places:
            return thing
        module, attribute = self._places[id(thing)]
        return getattr(importlib.import_module(module), attribute, thing)

    def _moved(self, thing: Any) -> Any:
        """What stands for the thing, and for what it holds; itself, where nothing is of the first copy."""
        kind = type(thing)
        if id(thing) in self._seen:
            return self._seen[id(thing)]
        if (named := self._named(thing)) is not thing or len(self._seen) > _MOST:
            return named
        self._seen[id(thing)] = thing
        _kept.append(thing)  # so that its address is not met again
        if (own := self._named(kind)) is not kind:
            self._seen[id(thing)] = self._converted(thing, own)
        else:
            self._inside(thing, kind)
        return self._seen[id(thing)]

    def _inside(self, thing: Any, kind: type) -> None:
        if kind is list:
            thing[:] = map(self._moved, thing)
        elif kind is dict:
            self._in_mapping(thing, self._moved)
        elif kind is types.FunctionType:
            for cell in thing.__closure__ or ():
                with contextlib.suppress(ValueError):  # it is empty
                    cell.cell_contents = self._moved(cell.cell_contents)
        elif package_of(kind) == "__main__":
            self._in_mapping(instance_dictionary(thing, kind) or {}, self._moved)

    def _converted(self, thing: Any, own: Any) -> Any:
        match own.__name__:
            case "Series":
                return self._series(thing)
            case "DataFrame":  # by its columns: a whole one is handed over by the threads that are not there
                return own(list(map(self._series, thing.get_columns())))
            case "LazyFrame":
                return own.deserialize(io.BytesIO(thing.serialize()))
            case "Expr":
                return own.deserialize(io.BytesIO(thing.meta.serialize()))
            case "Schema":
                return own({name: self._moved(dtype) for name, dtype in thing.items()})
            case "Enum":
                return own(thing.categories.to_list())
        try:
            copy = object.__new__(own)
        except TypeError:  # it is of the native library: to be used, it would have to be made anew
            return thing
        vars(copy).update({name: self._moved(value) for name, value in vars(thing).items()})
        return copy

    def _series(self, thing: Any) -> Any:
        if type(thing.dtype).__name__ == "Object":  # their addresses are all that Arrow would tell
            return self._new.Series(thing.name, thing.to_list(), dtype=self._new.Object)
        return self._new.Series(thing)
