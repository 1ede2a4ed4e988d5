"""Reading numpy's, pandas' and polars' objects, without importing them or calling what users override."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from typing import Any, cast

_MOST_COLUMNS = 2000
_OF_C = (types.GetSetDescriptorType, types.MemberDescriptorType)  # all others run code of the class


@dataclass(frozen=True, slots=True)
class ArrayFacts:
    """A numpy array as seen by `numpy.ndarray` itself."""

    array: Any
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: str
    itemsize: int
    nbytes: int
    address: int
    has_objects: bool

    def content(self) -> bytes:
        """All its bytes."""
        return cast("bytes", sys.modules["numpy"].ndarray.tobytes(self.array))

    def elements(self) -> list[object]:
        """Its elements, in one row."""
        base = sys.modules["numpy"].ndarray
        return cast("list[object]", base.tolist(base.ravel(self.array)))


@dataclass(frozen=True, slots=True)
class Table:
    """The outline of a frame."""

    rows: int
    columns: dict[str, str]  # name to type


def array_facts(thing: object, kind: type) -> ArrayFacts | None:
    """What is known of a numpy array; None: it is none."""
    base = _class("numpy", "ndarray")
    if base is None or not issubclass(kind, base):
        return None

    def read(name: str) -> Any:
        return base.__dict__[name].__get__(thing)

    dtype, address = read("dtype"), read("__array_interface__")["data"][0]
    has_objects = dtype.hasobject and dtype.names is None
    sizes = (dtype.itemsize, read("nbytes"), address)
    return ArrayFacts(thing, read("shape"), read("strides"), str(dtype), *sizes, has_objects)


def frame_manager(thing: object, kind: type) -> Any:
    """What holds the columns of a pandas frame or series; None: it is neither."""
    classes = (_class("pandas", "DataFrame"), _class("pandas", "Series"))
    if not any(base is not None and issubclass(kind, base) for base in classes):
        return None
    return (instance_dictionary(thing, kind) or {}).get("_mgr")


def table_of(thing: object) -> Table | None:
    """The outline of a pandas or polars frame; None: it is neither, or too wide."""
    for library in ("pandas", "polars"):
        base = _class(library, "DataFrame")
        if base is not None and issubclass(type(thing), base):
            rows, width = base.shape.fget(thing)
            if width > _MOST_COLUMNS:
                return None
            names, dtypes = base.columns.__get__(thing), base.dtypes.fget(thing)
            return Table(rows, {_label(name): str(dtype) for name, dtype in zip(names, dtypes, strict=True)})
    return None


def instance_dictionary(thing: object, kind: type) -> dict[str, object] | None:
    """The object's own attributes; None where it has none, or its class hides them behind code."""
    for base in type.mro(kind):
        descriptor = type.__dict__["__dict__"].__get__(base).get("__dict__")
        if descriptor is not None:
            found = descriptor.__get__(thing) if type(descriptor) in _OF_C else None
            return found if type(found) is dict else None
    return None


def module_name(module: types.ModuleType) -> str:
    """The full name of a module, read past any `__getattr__` of its own."""
    return str(cast("Any", types.ModuleType).__dict__["__dict__"].__get__(module).get("__name__"))


def package_of(kind: type) -> str:
    """The top-level package that a class was defined in."""
    module = type.__dict__["__dict__"].__get__(kind).get("__module__")
    return module.partition(".")[0] if isinstance(module, str) else ""


def _label(name: object) -> str:
    return str(name) if type(name) in (str, int, float, tuple) else type(name).__name__


def _class(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)
