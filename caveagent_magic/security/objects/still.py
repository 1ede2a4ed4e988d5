"""Looking at objects without running anything of theirs: no property, no metaclass, no false `__class__`."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard, TypeVar, overload

T = TypeVar("T")
MISSING = object()
NUMBERS = ("float64", "int64", "float32", "int32", "bool_")
mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
"""The class and its bases, in order of look-up."""
class_dict: Callable[[type], Mapping[str, Any]] = type.__dict__["__dict__"].__get__
"""What the class itself defines."""
_of_static, _of_class = (kind.__dict__["__func__"].__get__ for kind in (staticmethod, classmethod))


@overload
def is_a(obj: object, kind: type[T]) -> TypeGuard[T]: ...
@overload
def is_a(obj: object, kind: tuple[type, ...]) -> TypeGuard[Any]: ...
def is_a(obj: object, kind: Any) -> bool:
    """`isinstance`, by the true class alone."""
    return issubclass(type(obj), kind)


class Kinds:
    """Classes, compared by identity: a metaclass may say anything of equality."""

    __slots__ = ("_ids",)

    def __init__(self, *kinds: type) -> None:
        self._ids = frozenset(map(id, kinds))

    def __contains__(self, kind: type) -> bool:
        return id(kind) in self._ids


def instance_dict(obj: object) -> dict[str, Any]:
    """The attributes of the object's own; empty where it has none, or keeps them elsewhere."""
    for each in mro(type(obj)):
        slot = class_dict(each).get("__dict__", MISSING)
        if slot is not MISSING:
            break
    else:
        return {}
    if type(slot) is not types.GetSetDescriptorType:  # somebody's property gives it
        return {}
    try:
        found = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}


def attribute(obj: object, name: str) -> Any:
    """What looking the attribute up would find, unbound; `MISSING` where there is none."""
    if is_a(obj, type):
        own = _in_classes(obj, name)
        return own if own is not MISSING else _in_classes(type(obj), name)
    of_class = _in_classes(type(obj), name)
    inside = instance_dict(obj)
    if name not in inside:
        return of_class
    data = of_class is not MISSING and any("__set__" in class_dict(each) for each in mro(type(of_class)))
    return of_class if data else inside[name]


def _in_classes(kind: type, name: str) -> Any:
    for each in mro(kind):
        found = class_dict(each).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def function_of(member: object) -> object:
    """What a static or class method is made of; the member itself where it is neither."""
    kind = type(member)
    if issubclass(kind, staticmethod):
        return _of_static(member)
    return _of_class(member) if issubclass(kind, classmethod) else member


def word(value: object, otherwise: str = "?") -> str:
    """A name as plain text, whatever class of text it is."""
    return str.__str__(value) if is_a(value, str) else otherwise


def number_of(obj: object) -> int | float | None:
    """A number of Python's or of numpy's; None for anything else."""
    kind = type(obj)
    if kind is int or kind is float or kind is bool:
        return obj  # type: ignore[return-value]
    numpy = sys.modules.get("numpy")
    kinds = [getattr(numpy, name, None) for name in NUMBERS] if numpy is not None else []
    return obj.item() if any(kind is each for each in kinds) else None  # type: ignore[attr-defined]
