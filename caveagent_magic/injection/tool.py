"""Functions and classes that the person made for the model to use: `@cave.tool`."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, TypeVar

from caveagent_magic.errors import UsageError
from caveagent_magic.injection import static

MARK = "__cave_tool__"
Marked = TypeVar("Marked", bound=Any)


def tool(thing: Marked) -> Marked:
    """The same function or class, offered to the model before all other variables.

    It is told by its signature and docstring. A class stands for its objects too.
    """
    if not isinstance(thing, types.FunctionType | type):
        raise UsageError(f"@cave.tool marks functions and classes, and not a {type(thing).__name__}.")
    setattr(thing, MARK, True)
    return thing


def is_tool(obj: object) -> bool:
    """Whether the person marked it, or the class of it."""
    if type(obj) is types.FunctionType:
        return static.instance_members(obj).get(MARK) is True
    cls = obj if static.inherits(type(obj), type) else type(obj)
    return static.class_member(cls, MARK) is True  # type: ignore[arg-type]


def offered_first(names: Mapping[str, object]) -> tuple[str, ...]:
    """The names of tools, and after them those of classes that their signatures speak of."""
    from caveagent_magic.injection.describers.annotations import mentioned  # which asks what a tool is

    tools = [name for name, obj in names.items() if is_tool(obj)]
    functions = [obj for name in tools if type(obj := names[name]) is types.FunctionType]
    wanted = {id(cls) for function in functions for cls in mentioned(function)}
    return tuple(dict.fromkeys((*tools, *(name for name, obj in names.items() if id(obj) in wanted))))
