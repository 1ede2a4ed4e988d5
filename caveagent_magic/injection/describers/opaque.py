"""Any other object: its type, and the names that its class offers."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import partial

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.annotations import signature
from caveagent_magic.injection.describers.description import Description
from caveagent_magic.injection.describers.schemas import schema_fields

SHOWN = 12
METHODS: tuple[type, ...] = (
    types.FunctionType, staticmethod, classmethod,
    types.BuiltinFunctionType, types.MethodDescriptorType, types.ClassMethodDescriptorType,
)  # fmt: skip
VALUES: tuple[type, ...] = (property, types.MemberDescriptorType, types.GetSetDescriptorType)


def opaque(obj: object) -> Description:
    """`shop.Client` with its public names; `Order`, a schema, with its fields."""
    cls = type(obj)
    fields = list(schema_fields(cls))
    name = static.type_name(cls) if fields else static.qualified_name(cls).removeprefix("builtins.")
    call = static.class_member(cls, "__call__")
    called = f", callable{signature(call, bound=True)}" if type(call) is types.FunctionType else ""
    return Description(
        name + called,
        fields=partial(iter, fields),
        size=len(fields),
        lines=partial(public_names, cls),
    )


def public_names(cls: type) -> Iterator[str]:
    """One line of methods and one of properties, those of the class before those of its bases."""
    found: dict[str, object] = {}
    for base in static.mro(cls):
        for name, value in static.members(base).items() if not _common(base) else ():
            if type(name) is str and name.isidentifier() and not name.startswith("_"):
                found.setdefault(name, value)
    for word, kinds in (("methods", METHODS), ("properties", VALUES)):
        names = [name for name, value in found.items() if any(type(value) is kind for kind in kinds)]
        if names:
            more = [f"… {len(names) - SHOWN} more"] if len(names) > SHOWN else []
            yield f"{word}: {', '.join(names[:SHOWN] + more)}"


def _common(base: type) -> bool:
    """Whether its members are known of all objects, or of all of the library's."""
    return base is object or static.library_name(base) == "pydantic.main.BaseModel"
