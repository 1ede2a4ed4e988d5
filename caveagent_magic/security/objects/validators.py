"""The person's own code that libraries call by themselves: validators of models, accessors of frames."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

from caveagent_magic.security.known import module_dict, own_code
from caveagent_magic.security.objects.held import held
from caveagent_magic.security.objects.public import class_name
from caveagent_magic.security.objects.still import (
    MISSING,
    attribute,
    class_dict,
    function_of,
    instance_dict,
    is_a,
)

DECORATED = (
    "validators", "field_validators", "root_validators", "field_serializers", "model_serializers",
    "model_validators", "computed_fields",
)  # fmt: skip
KEPT = ("_accessor", "_ns")
"""Where pandas and polars keep the class that they make an accessor of."""
LIBRARIES = ("pandas.", "polars.")
EXTENDED = (
    ("pandas", "DataFrame"), ("pandas", "Series"), ("pandas", "Index"), ("polars", "DataFrame"),
    ("polars", "LazyFrame"), ("polars", "Series"), ("polars", "Expr"),
)  # fmt: skip


def validators(kind: type) -> Iterator[types.FunctionType | type]:
    """What pydantic calls, or makes, when an object of the class is made or a field of it is set."""
    info = attribute(kind, "__pydantic_decorators__")
    if type(info) is not _class("pydantic._internal._decorators", "DecoratorInfos"):
        return
    for group in DECORATED:
        for name in list(getattr(info, group, None) or ()):
            function = function_of(attribute(kind, str(name)))
            if own_code(function):
                yield function
    fields = attribute(kind, "__pydantic_fields__")
    for field in list(dict.values(fields) if is_a(fields, dict) else ()):
        yield from (each for each in held(field) if own_code(each) or is_a(each, type))


def accessors() -> dict[str, type]:
    """The person's classes that frames and series give under a name, by that name."""
    found: dict[str, type] = {}
    for module, kind in EXTENDED:
        library = _class(module, kind)
        names = attribute(library, "_accessors") if is_a(library, type) else ()
        for name in names if type(names) is set else ():
            member = attribute(library, str(name))
            inside = instance_dict(member)
            inner = inside.get(next((key for key in KEPT if key in inside), ""))
            if is_a(inner, type) and not class_name(inner).startswith(LIBRARIES) and _has_own_code(inner):
                found[str(name)] = inner
    return found


def _has_own_code(kind: type) -> bool:
    return any(own_code(function_of(each)) for each in list(class_dict(kind).values()))


def _class(module: str, name: str) -> object:
    found = sys.modules.get(module)
    return module_dict(found).get(name, MISSING) if is_a(found, types.ModuleType) else MISSING
