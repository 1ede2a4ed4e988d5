"""Dataclasses with slots, of which a package can have many and still start fast: frozen ones and others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")
_run = exec  # as it is here, whatever becomes of the name


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(kind: type[T]) -> type[T]:
    """A dataclass that mypy holds to be frozen, made in a fraction of the time that the standard one takes.

    `dataclass` compiles up to six methods for each class, and only `__init__` has to differ from class to
    class; that is compiled when the first object is made.
    """
    return _made(kind, hashed=True)


@dataclass_transform(field_specifiers=(field,))
def slotted(kind: type[T]) -> type[T]:
    """A dataclass whose objects change, made as fast."""
    return _made(kind, hashed=False)


def _made(kind: type[T], *, hashed: bool) -> type[T]:
    made: type[Any] = dataclass(slots=True, init=False, repr=False, eq=False)(kind)
    compared = tuple(each.name for each in fields(made) if each.compare)
    shown = tuple(each.name for each in fields(made) if each.repr)
    __eq__, __hash__ = _compared_by(_values_of(compared))
    methods = {
        "__init__": _initialised(made),
        "__repr__": _shown_as(shown),
        "__eq__": __eq__,
        "__hash__": __hash__ if hashed else None,
    }
    for name, method in methods.items():
        if vars(kind).get(name) is None:
            setattr(made, name, method)
    return made


def _initialised(made: type[Any]) -> Callable[..., None]:
    def __init__(self: object, *values: object, **named: object) -> None:
        made.__init__ = _init_of(made)
        made.__init__(self, *values, **named)

    return __init__


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


def _values_of(names: tuple[str, ...]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _compared_by(values: Callable[[Any], Any]) -> tuple[Callable[..., Any], ...]:
    def __eq__(self: object, other: object) -> bool:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    def __hash__(self: object) -> int:
        return hash(values(self))

    return __eq__, __hash__


def _shown_as(names: tuple[str, ...]) -> Callable[..., str]:
    def __repr__(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__
