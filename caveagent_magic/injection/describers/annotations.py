"""Annotations and signatures as text, without the reprs of what they mention."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any, Literal, Union

from caveagent_magic.injection import static

DEPTH = 3
UNWRAPPED = 10  # decorators to look through
PARAMETERS = 50  # whose types are looked at
LITERALS, LITERAL_CHARS = 8, 40


def annotation(value: object, depth: int = DEPTH) -> str:
    """`dict[str, int]`, `int | None`; empty for what only its own code could show."""
    cls = type(value)
    if value is None or value is types.NoneType:
        return "None"
    if static.inherits(cls, str):
        return static.exact_str(value)
    if static.inherits(cls, type):
        return static.type_name(value)  # type: ignore[arg-type]
    if cls is types.UnionType:
        return " | ".join(annotation(arg, depth) for arg in value.__args__)  # type: ignore[attr-defined]
    return _generic(value, depth - 1)


def _generic(value: object, depth: int) -> str:
    origin: Any
    args: Any
    if type(value) is types.GenericAlias:
        origin, args = value.__origin__, value.__args__
    elif static.module_name(type(value)) == "typing" and static.genuine(type(value)):
        stored = static.instance_members(value)
        origin, args = stored.get("__origin__"), stored.get("__args__", ())
        if origin is Union:
            return " | ".join(annotation(arg, depth) for arg in args)
        if origin is Literal:
            return _literal(args)
        if not static.inherits(type(origin), type):
            return static.exact_str(stored.get("_name"))
    else:
        return ""
    inner = ", ".join(annotation(arg, depth) or "…" for arg in args) if depth and type(args) is tuple else "…"
    return f"{static.type_name(origin)}[{inner}]"


def _literal(args: tuple[object, ...]) -> str:
    """`'one_way' | 'round_trip'`: what the author of the code wrote down as the values there are."""
    plain = [each for each in args if type(each) in (str, int, bool, types.NoneType)]
    shown = [repr(each) for each in plain[:LITERALS] if len(repr(each)) <= LITERAL_CHARS]
    return " | ".join([*shown, "…"] if len(shown) < len(args) else shown)


def signature(function: types.FunctionType, *, bound: bool = False) -> str:
    """`(df, by=…, *, how: str = …) -> DataFrame`: of the defaults only None, True and False are shown."""
    function = _unwrapped(function)
    parameters = list(_parameters(function))
    if bound and parameters and not parameters[0].startswith("*"):
        del parameters[0]
    returned = annotation(_annotations(function).get("return", ...))
    return f"({', '.join(parameters)}){f' -> {returned}' if returned else ''}"


def _unwrapped(function: types.FunctionType) -> types.FunctionType:
    for _ in range(UNWRAPPED):
        inner = dict.get(function.__dict__, "__wrapped__")
        if type(inner) is not types.FunctionType:
            break
        function = inner
    return function


def _parameters(function: types.FunctionType) -> Iterator[str]:
    code, hints = function.__code__, _annotations(function)
    names, count = code.co_varnames, code.co_argcount
    extra = iter(names[count + code.co_kwonlyargcount :])
    defaults = list(tuple.__iter__(function.__defaults__ or ()))
    first_default = count - len(defaults)
    given = _plain(function.__kwdefaults__ or {})
    for index, name in enumerate(names[:count]):
        default = (defaults[index - first_default],) if index >= first_default else ()
        yield _parameter(name, hints, *default)
        if index + 1 == code.co_posonlyargcount:
            yield "/"
    if code.co_flags & inspect.CO_VARARGS:
        yield f"*{next(extra)}"
    elif code.co_kwonlyargcount:
        yield "*"
    for name in names[count : count + code.co_kwonlyargcount]:
        yield _parameter(name, hints, *((given[name],) if name in given else ()))
    if code.co_flags & inspect.CO_VARKEYWORDS:
        yield f"**{next(extra)}"


def _parameter(name: str, hints: dict[str, Any], *default: object) -> str:
    hint = annotation(hints.get(name, ...))
    shown = f"{name}: {hint}" if hint else name
    if not default:
        return shown
    value = default[0]
    known = repr(value) if value is None or value is True or value is False else "…"
    return f"{shown} = {known}" if hint else f"{shown}={known}"


def mentioned(function: types.FunctionType, *, returned: bool = True) -> Iterator[type]:
    """The classes that the signature speaks of, also inside `list[…]` and unions."""
    hints = _annotations(_unwrapped(function))
    waiting = [hint for name, hint in hints.items() if returned or name != "return"][:PARAMETERS]
    while waiting:
        value = waiting.pop(0)
        if static.inherits(type(value), type):
            yield value
        elif type(value) in (types.GenericAlias, types.UnionType):
            waiting[:0] = value.__args__[:PARAMETERS]
        elif static.module_name(type(value)) == "typing" and static.genuine(type(value)):
            args = static.instance_members(value).get("__args__")
            waiting[:0] = args[:PARAMETERS] if type(args) is tuple else ()


def _annotations(function: types.FunctionType) -> dict[str, Any]:
    # From 3.14 on they are computed when they are read, which is the person's code.
    return _plain(function.__annotations__) if sys.version_info < (3, 14) else {}


def _plain(mapping: dict[str, Any]) -> dict[str, Any]:
    """A copy without what a subclass of `dict` adds."""
    return dict(dict.items(mapping))
