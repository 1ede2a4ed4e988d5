"""Dataclasses with slots, of which a package can have many and still start fast: frozen ones and others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")
_run = exec  # as it is here, whatever becomes of the name


@overload
def frozen(kind: type[T]) -> type[T]: ...
@overload
def frozen(*, eq: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: Any = None, *, eq: bool = True) -> Any:
    """A dataclass that mypy holds to be frozen, made in a fraction of the time that the standard one takes.

    `dataclass` looks at each field and compiles up to six methods for each class; here the fields are looked
    at when somebody asks for them, and a method is made when it is first called.
    """
    made = partial(_made, methods=_METHODS if eq else _OF_IDENTITY)
    return made if kind is None else made(kind)


@overload
def slotted(kind: type[T]) -> type[T]: ...
@overload
def slotted(*, eq: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(field_specifiers=(field,))
def slotted(kind: Any = None, *, eq: bool = True) -> Any:
    """A dataclass whose objects change, made as fast."""
    made = partial(_made, methods=_WITHOUT_HASH if eq else _OF_IDENTITY)
    return made if kind is None else made(kind)


def _made(kind: type[Any], methods: Mapping[str, Any]) -> type[Any]:
    body = {name: value for name, value in vars(kind).items() if name not in ("__dict__", "__weakref__")}
    declared = {name: text for name, text in kind.__annotations__.items() if "ClassVar" not in str(text)}
    defaults = {name: body.pop(name) for name in declared if name in body}
    taken = {name for base in kind.__mro__[1:] for name in vars(base).get("__slots__", ())}
    body["__slots__"] = tuple(name for name in declared if name not in taken)
    by_place = (name for name in declared if _by_place(defaults.get(name)))
    body["__match_args__"] = tuple(dict.fromkeys((*getattr(kind, "__match_args__", ()), *by_place)))
    body["__dataclass_fields__"] = looked_at = _Fields(declared, defaults)
    remade: Any = type(kind)
    made: type[Any] = remade(kind.__name__, kind.__bases__, body)
    looked_at.owner = made
    for name, method in methods.items():
        if body.get(name) is None:
            setattr(made, name, method and _late(made, name))
    return made


def _by_place(default: object) -> bool:
    return not isinstance(default, Field) or (default.init and default.kw_only is not True)


class _Fields:
    """`__dataclass_fields__`, which `dataclass` finds when somebody asks for them."""

    owner: type[Any]

    def __init__(self, declared: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self.declared, self.defaults = declared, defaults

    def __get__(self, obj: object, kind: type[Any]) -> dict[str, Field[Any]]:
        owner = self.owner
        body = {"__module__": owner.__module__, "__doc__": owner.__doc__ or " ", **self.defaults}
        plain = type(owner.__name__, (), body | {"__annotations__": dict(self.declared)})
        alone: type[Any] = dataclass(init=False, repr=False, eq=False)(plain)
        found: dict[str, Field[Any]] = {}
        for base in reversed(owner.__mro__[1:]):
            found |= getattr(base, "__dataclass_fields__", {})
        found |= alone.__dataclass_fields__
        owner.__dataclass_fields__, owner.__dataclass_params__ = found, alone.__dataclass_params__
        return found


def _late(made: type[Any], name: str) -> Callable[..., Any]:
    """A method that puts the real one in its place when it is first called."""

    def method(self: object, *values: object, **named: object) -> Any:
        setattr(made, name, _METHODS[name](made))
        return getattr(made, name)(self, *values, **named)

    return method


def _init_of(made: type[Any]) -> Callable[..., None]:
    """The `__init__` that `dataclass` would give it."""
    known: dict[str, Any] = {"_missing": MISSING}
    taken, by_name, lines = ["self"], ["*"], []
    for each in fields(made):
        known |= {f"_{each.name}": each.default, f"_new_{each.name}": each.default_factory}
        if each.init:
            (by_name if each.kw_only else taken).append(f"{each.name}{_default(each)}")
        lines += _set(each)
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    head = ", ".join([*taken, *(by_name if len(by_name) > 1 else ())])
    _run(f"def __init__({head}):\n {'; '.join(lines) or 'pass'}", known)
    found: Callable[..., None] = known["__init__"]
    return found


def _default(each: Field[Any]) -> str:
    if each.default is not MISSING:
        return f"=_{each.name}"
    return "=_missing" if each.default_factory is not MISSING else ""


def _set(each: Field[Any]) -> list[str]:
    made = f"_new_{each.name}()" if each.default_factory is not MISSING else f"_{each.name}"
    if not each.init:
        has_default = each.default is not MISSING or each.default_factory is not MISSING
        return [f"self.{each.name} = {made}"] if has_default else []
    if each.default_factory is MISSING:
        return [f"self.{each.name} = {each.name}"]
    return [f"self.{each.name} = {made} if {each.name} is _missing else {each.name}"]


def _values_of(made: type[Any]) -> Callable[[Any], Any]:
    compared = [each.name for each in fields(made) if each.compare]
    return attrgetter(*compared) if compared else lambda _: ()


def _eq_of(made: type[Any]) -> Callable[[Any, Any], Any]:
    values = _values_of(made)

    def __eq__(self: object, other: object) -> bool:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    return __eq__


def _hash_of(made: type[Any]) -> Callable[[Any], int]:
    values = _values_of(made)

    def __hash__(self: object) -> int:
        return hash(values(self))

    return __hash__


def _repr_of(made: type[Any]) -> Callable[[Any], str]:
    shown = [each.name for each in fields(made) if each.repr]

    def __repr__(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return __repr__


_OF_IDENTITY: Mapping[str, Any] = {"__init__": _init_of, "__repr__": _repr_of}
_METHODS: Mapping[str, Any] = {**_OF_IDENTITY, "__eq__": _eq_of, "__hash__": _hash_of}
_WITHOUT_HASH: Mapping[str, Any] = {**_METHODS, "__hash__": None}
