"""Looks at live objects and their types without running any code of theirs.

Every look-up goes through the slots of `type` and `object` themselves, because a class may override
`__class__`, `__getattribute__` or `__dict__`, and its metaclass may override all of that for the class.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from typing import Any, cast

_TYPE = type.__dict__
_MODULE_DICT: Any = _TYPE["__dict__"].__get__(types.ModuleType)["__dict__"]
_HEAP_TYPE = 1 << 9  # CPython's Py_TPFLAGS_HEAPTYPE: made by a class statement, not by a C module


def mro(cls: type) -> tuple[type, ...]:
    """The classes of `cls`, itself first."""
    return cast("tuple[type, ...]", _TYPE["__mro__"].__get__(cls))


def members(cls: type) -> Mapping[str, object]:
    """What the class statement itself defined, unbound."""
    return cast("Mapping[str, object]", _TYPE["__dict__"].__get__(cls))


def inherits(cls: type, base: type) -> bool:
    """Whether `base` is among the classes of `cls`; by identity, since a metaclass may define `==`."""
    return any(each is base for each in mro(cls))


def type_name(cls: type) -> str:
    """The name of the class without its module."""
    return exact_str(_TYPE["__qualname__"].__get__(cls)).rpartition(".")[2]


def module_name(cls: type) -> str:
    """The module that the class says it is from; empty when it does not say."""
    return exact_str(_TYPE["__module__"].__get__(cls))


def qualified_name(cls: type) -> str:
    """Module and name, `pandas.DataFrame`; builtins too."""
    return f"{module_name(cls)}.{exact_str(_TYPE['__qualname__'].__get__(cls))}"


def genuine(cls: type) -> bool:
    """Whether the class is what its qualified name says: C code, or found in its module under that name."""
    if not _TYPE["__flags__"].__get__(cls) & _HEAP_TYPE:
        return True
    module = sys.modules.get(module_name(cls))
    return module is not None and module_members(module).get(type_name(cls)) is cls


def belongs(cls: type, library: str) -> bool:
    """Whether the class is the library's own: from its modules, and found there."""
    return library_name(cls).partition(".")[0] == library


def library_name(cls: type) -> str:
    """The qualified name of a class of a library, remembered; empty for classes of other kinds."""
    known = _LIBRARY_CLASSES.get(id(cls))
    if known is not None:
        return known[1]
    name = qualified_name(cls)
    if name.startswith("__main__.") or not genuine(cls):
        return ""
    _LIBRARY_CLASSES[id(cls)] = (cls, name)
    return name


_LIBRARY_CLASSES: dict[int, tuple[type, str]] = {}  # holds the classes, so that no other can have their place


def slot(obj: object, base: type, name: str) -> Any:
    """What the object stores in a slot or C attribute of a class whose attributes are known to be pure."""
    found = class_member(base, name)
    if type(found) not in (types.MemberDescriptorType, types.GetSetDescriptorType):
        raise AttributeError(name)
    return cast("Any", found).__get__(obj)


def blank(obj: object) -> bool:
    """Whether an instance of a C class was never initialised, so that its attributes would crash Python.

    Its memory is then that of an instance fresh from `__new__`, but for the list of weak references.
    """
    import ctypes

    cls: Any = next(each for each in mro(type(obj)) if not _TYPE["__flags__"].__get__(each) & _HEAP_TYPE)
    size, weak = _TYPE["__basicsize__"].__get__(cls), _TYPE["__weakrefoffset__"].__get__(cls)
    fresh = cls.__new__(cls)
    memory = [ctypes.string_at(id(each), size) for each in (obj, fresh)]
    head = object.__basicsize__
    one, other = (each[head:weak] + each[weak + head // 2 :] if weak else each[head:] for each in memory)
    return one == other


def module_members(module: object) -> Mapping[str, object]:
    """The module's own names, without asking its `__getattr__`; empty for what is no module."""
    if not inherits(type(module), types.ModuleType):
        return {}
    return cast("Mapping[str, object]", _MODULE_DICT.__get__(module) or {})


def instance_members(obj: object) -> Mapping[str, object]:
    """The object's own attributes as they are stored; empty when it stores them otherwise."""
    for cls in mro(type(obj)):
        slot = members(cls).get("__dict__")
        if type(slot) is types.GetSetDescriptorType and slot.__objclass__ is cls:
            stored: Any = slot.__get__(obj)
            return stored if type(stored) is dict else {}
    return {}


def class_member(cls: type, name: str) -> object:
    """The first definition of the name among the classes of `cls`, unbound; None: there is none."""
    return next((members(base)[name] for base in mro(cls) if name in members(base)), None)


def exact_str(text: object) -> str:
    """The text without whatever a subclass of `str` adds to it; empty for anything else."""
    if type(text) is str:
        return text
    return str.__str__(text) if inherits(type(text), str) else ""
