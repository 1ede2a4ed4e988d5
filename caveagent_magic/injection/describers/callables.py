"""Functions, methods and classes: the signature, and the first line of documentation."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.annotations import signature
from caveagent_magic.injection.describers.description import Describer, Description
from caveagent_magic.injection.describers.opaque import public_names


def function(obj: Any, base: type) -> Description:
    """`function(df, *, drop=…) -> DataFrame`."""
    word = "async function" if obj.__code__.co_flags & inspect.CO_COROUTINE else "function"
    return Description(f"{word}{signature(obj)}", lines=partial(_doc, obj.__doc__))


def method(obj: Any, base: type) -> Description:
    """As the function, without `self`."""
    if type(obj.__func__) is not types.FunctionType:
        return Description("method")
    return Description(
        f"method{signature(obj.__func__, bound=True)}", lines=partial(_doc, obj.__func__.__doc__)
    )


def builtin(obj: Any, base: type) -> Description:
    """As a function where C code tells its signature, else `builtin`."""
    text = static.exact_str(obj.__text_signature__)
    shown = re.sub(r"^\(\$(module|self|type),? ?(/,? ?)?", "(", text)
    return Description(f"builtin{shown}", lines=partial(_doc, obj.__doc__))


def class_(obj: Any, base: type) -> Description:
    """`class(x, y=…)`, the signature being that of its own `__init__`."""
    start = static.class_member(obj, "__init__")
    shown = signature(start, bound=True) if type(start) is types.FunctionType else ""
    return Description(f"class{shown.removesuffix(' -> None')}", lines=partial(_class_lines, obj))


def _class_lines(cls: type) -> Iterator[str]:
    if static.class_member(cls, "__dataclass_fields__") is None:  # whose default text is the signature again
        yield from _doc(static.members(cls).get("__doc__"))
    yield from public_names(cls)


def _doc(text: object) -> Iterator[str]:
    if type(text) is str and text.strip():
        yield text


DESCRIBERS: dict[str, Describer] = {
    "builtins.function": function,
    "builtins.method": method,
    "builtins.builtin_function_or_method": builtin,
    "builtins.type": class_,
}
