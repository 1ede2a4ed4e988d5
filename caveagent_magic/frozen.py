"""Dataclasses with slots, of which a package can have many and still start fast: frozen ones and others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform, overload
from weakref import WeakKeyDictionary

T = TypeVar("T")
MANY = 16  # objects for which compiling takes longer than doing without
_run = exec  # as it is here, whatever becomes of the name


@overload
def frozen(kind: type[T]) -> type[T]: ...
@overload
def frozen(*, eq: bool) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: Any = None, *, eq: bool = True) -> Any:
    """A dataclass that mypy holds to be frozen, made in a fraction of the time that the standard one takes.

    `dataclass` looks at each field and compiles up to six methods for each class; here a field is looked at
    for the first object, and an `__init__` is compiled for a class of which there are many.
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
    by_place = (name for name in declared if _is_by_place(defaults.get(name)))
    body["__match_args__"] = tuple(dict.fromkeys((*getattr(kind, "__match_args__", ()), *by_place)))
    body["__dataclass_fields__"] = declares = _Declares(declared, defaults)
    remade: Any = type(kind)
    made: type[Any] = remade(kind.__name__, kind.__bases__, body)
    declares.owner, _DECLARED[made] = made, declares
    for name, method in methods.items():
        if body.get(name) is None:
            setattr(made, name, method and _late(made, name))
    return made


def _is_by_place(default: object) -> bool:
    return not isinstance(default, Field) or (default.init and default.kw_only is not True)


class _Declares:
    """The fields that a class declares; in it, what `dataclass` would find, when somebody asks for that."""

    owner: type[Any]

    def __init__(self, declared: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        self.declared, self.defaults = declared, defaults

    def fields(self) -> dict[str, Field[Any]]:
        """By name; what `dataclass` sees in one beside its name is not set."""
        found = {}
        for name in self.declared:
            default = self.defaults.get(name, MISSING)
            found[name] = each = default if isinstance(default, Field) else field(default=default)
            each.name = name
        return found

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


_DECLARED: WeakKeyDictionary[type[Any], _Declares] = WeakKeyDictionary()


def _fields_of(made: type[Any]) -> list[Field[Any]]:
    found: dict[str, Field[Any]] = {}
    for base in reversed(made.__mro__):
        if base in _DECLARED:
            found |= _DECLARED[base].fields()
    return list(found.values())


def _late(made: type[Any], name: str) -> Callable[..., Any]:
    """A method that puts the real one in its place when it is first called."""

    def method(self: object, *values: object, **named: object) -> Any:
        setattr(made, name, _METHODS[name](made))
        return getattr(made, name)(self, *values, **named)

    return method


def _init_of(made: type[Any]) -> Callable[..., None]:
    """An `__init__` that is slower than a compiled one, and leaves the rest to that after some calls."""
    known = _fields_of(made)
    by_place = [each.name for each in known if each.init and each.kw_only is not True]
    prepares = hasattr(made, "__post_init__")
    calls = 0

    def __init__(self: Any, *values: object, **named: object) -> None:
        nonlocal calls
        calls += 1
        given = dict(zip(by_place, values, strict=False), **named)
        fits = len(given) == len(values) + len(named) and calls <= MANY
        if not fits or not _set_all(self, known, given):  # a compiled one says what is wrong
            made.__init__ = _compiled(made)
            made.__init__(self, *values, **named)
        elif prepares:
            self.__post_init__()

    return __init__


def _set_all(obj: object, known: Iterable[Field[Any]], given: dict[str, object]) -> bool:
    """Set the fields to what is given, else to their defaults; whether that fits."""
    for each in known:
        if each.init and each.name in given:
            value = given.pop(each.name)
        elif each.default_factory is not MISSING:
            value = each.default_factory()
        else:
            value = each.default
        if value is not MISSING:
            setattr(obj, each.name, value)
        elif each.init:
            return False
    return not given


def _compiled(made: type[Any]) -> Callable[..., None]:
    """The `__init__` that `dataclass` would give it."""
    known: dict[str, Any] = {"_missing": MISSING}
    taken, by_name, lines = ["self"], ["*"], []
    for each in _fields_of(made):
        known |= {f"_{each.name}": each.default, f"_new_{each.name}": each.default_factory}
        if each.init:
            (by_name if each.kw_only is True else taken).append(f"{each.name}{_default(each)}")
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
    compared = [each.name for each in _fields_of(made) if each.compare]
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
    shown = [each.name for each in _fields_of(made) if each.repr]

    def __repr__(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return __repr__


_OF_IDENTITY: Mapping[str, Any] = {"__init__": _init_of, "__repr__": _repr_of}
_METHODS: Mapping[str, Any] = {**_OF_IDENTITY, "__eq__": _eq_of, "__hash__": _hash_of}
_WITHOUT_HASH: Mapping[str, Any] = {**_METHODS, "__hash__": None}
