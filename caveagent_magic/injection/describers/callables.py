"""Functions, methods and classes: the signature, and the first line of documentation; of tools more."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.annotations import mentioned, signature
from caveagent_magic.injection.describers.description import Describer, Description
from caveagent_magic.injection.describers.opaque import SHOWN, public_names
from caveagent_magic.injection.describers.schemas import defined, enum_names, schema_fields
from caveagent_magic.injection.tool import is_tool

DOC_LINES = 12  # of a tool
WHERE = "where "  # begins a line about a class that an argument is of
FILLING = {
    "",
    "information",
    "a",
    "an",
    "the",
    "of",
    "to",
    "for",
    "in",
    "on",
    "by",
    "with",
    "given",
    "return",
}


def function(obj: Any, base: type) -> Description:
    """`function(df, *, drop=…) -> DataFrame`."""
    word = "async function" if obj.__code__.co_flags & inspect.CO_COROUTINE else "function"
    return Description(f"{_tool(obj)}{word}{signature(obj)}", lines=partial(_told, obj, is_tool(obj)))


def method(obj: Any, base: type) -> Description:
    """As the function, without `self`."""
    if type(obj.__func__) is not types.FunctionType:
        return Description("method")
    return Description(f"method{signature(obj.__func__, bound=True)}", lines=partial(_told, obj.__func__))


def builtin(obj: Any, base: type) -> Description:
    """As a function where C code tells its signature, else `builtin`."""
    text = static.exact_str(obj.__text_signature__)
    shown = re.sub(r"^\(\$(module|self|type),? ?(/,? ?)?", "(", text)
    return Description(f"builtin{shown}", lines=partial(_doc, obj.__doc__))


def partial_(obj: Any, base: type) -> Description:
    """`partial of function(df, by)`, with what is given already; the values stay where they are."""
    inner, given = static.slot(obj, base, "func"), static.slot(obj, base, "keywords")
    names = [name for name in dict.__iter__(given) if type(name) is str] if type(given) is dict else []
    number = len(static.slot(obj, base, "args"))
    told = [f"{number} by position"] * bool(number) + names
    known = f"function{signature(inner)}" if type(inner) is types.FunctionType else _callable_name(inner)
    return Description(
        f"partial of {known}", lines=lambda: iter([f"given: {', '.join(told)}"] if told else [])
    )


def cached(obj: object, base: type) -> Description:
    """As the function whose results are kept."""
    inner = static.instance_members(obj).get("__wrapped__")
    if type(inner) is not types.FunctionType:
        return Description("cached function")
    return Description(f"cached function{signature(inner)}", lines=partial(_doc, inner.__doc__))


def _callable_name(obj: object) -> str:
    cls: Any = obj if static.inherits(type(obj), type) else type(obj)
    name = obj.__name__ if type(obj) is types.BuiltinFunctionType else ""
    return name or static.type_name(cls)


def class_(obj: Any, base: type) -> Description:
    """`class(x, y=…)`, the signature being that of its own `__init__`; of a schema, its fields."""
    names = enum_names(obj)
    if names:
        return Description(f"enum class of {len(names)}", lines=lambda: iter((", ".join(names[:SHOWN]),)))
    if static.class_member(obj, "__pydantic_fields__") is not None:
        declared = list(schema_fields(obj))
        return Description(
            "pydantic class",
            fields=partial(iter, declared),
            size=len(declared),
            lines=partial(_class_lines, obj),
        )
    start = static.class_member(obj, "__init__")
    shown = signature(start, bound=True) if type(start) is types.FunctionType else ""
    return Description(f"{_tool(obj)}class{shown.removesuffix(' -> None')}", lines=partial(_class_lines, obj))


def _tool(obj: object) -> str:
    return "tool, " if is_tool(obj) else ""


def _class_lines(cls: type) -> Iterator[str]:
    if static.class_member(cls, "__dataclass_fields__") is None:  # whose default text is the signature again
        yield from _doc(static.members(cls).get("__doc__"), is_tool(cls))
    yield from public_names(cls)


def _told(function: types.FunctionType, whole: bool = False) -> Iterator[str]:
    """Its documentation as far as it says more than the signature, and what its arguments are made of."""
    known = _words(function.__name__) | _words(signature(function))
    said = list(_doc(function.__doc__, whole))
    if len(said) > 1 or not _words(" ".join(said)) <= known:
        yield from said
    for cls in {id(cls): cls for cls in mentioned(function, returned=False)}.values():
        if made := defined(cls):
            yield f"{WHERE}{made}"


def _words(text: str) -> set[str]:
    """What it speaks of, in the singular: `Get the users.` and `get_user` are the same."""
    return {word.lower().removesuffix("s") for word in re.findall(r"[^\W_]+", text)} - FILLING


def _doc(text: object, whole: bool = False) -> Iterator[str]:
    if type(text) is str:
        said = [line for line in text.split("\n") if line.strip()]
        yield from said[: DOC_LINES if whole else 1]


DESCRIBERS: dict[str, Describer] = {
    "builtins.function": function,
    "builtins.method": method,
    "builtins.builtin_function_or_method": builtin,
    "builtins.type": class_,
    "functools.partial": partial_,
    "functools._lru_cache_wrapper": cached,
}
