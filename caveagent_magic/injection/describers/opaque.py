"""Any other object: its type, and the names that its class offers."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from functools import partial

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.annotations import annotation
from caveagent_magic.injection.describers.description import Description, Field

SHOWN = 12
METHODS: tuple[type, ...] = (
    types.FunctionType, staticmethod, classmethod,
    types.BuiltinFunctionType, types.MethodDescriptorType, types.ClassMethodDescriptorType,
)  # fmt: skip
VALUES: tuple[type, ...] = (property, types.MemberDescriptorType, types.GetSetDescriptorType)


def opaque(obj: object) -> Description:
    """`sklearn.linear_model.LinearRegression` with its public names; a dataclass with its fields."""
    cls = type(obj)
    fields = list(_dataclass_fields(cls))
    return Description(
        static.qualified_name(cls).removeprefix("builtins."),
        fields=partial(iter, fields),
        size=len(fields),
        lines=partial(public_names, cls),
    )


def public_names(cls: type) -> Iterator[str]:
    """One line of methods and one of properties, those of the class before those of its bases."""
    found: dict[str, object] = {}
    for base in static.mro(cls):
        for name, value in static.members(base).items() if base is not object else ():
            if type(name) is str and name.isidentifier() and not name.startswith("_"):
                found.setdefault(name, value)
    for word, kinds in (("methods", METHODS), ("properties", VALUES)):
        names = [name for name, value in found.items() if any(type(value) is kind for kind in kinds)]
        if names:
            more = [f"… {len(names) - SHOWN} more"] if len(names) > SHOWN else []
            yield f"{word}: {', '.join(names[:SHOWN] + more)}"


def _dataclass_fields(cls: type) -> Iterator[Field]:
    declared = static.class_member(cls, "__dataclass_fields__")
    for name, field in declared.items() if type(declared) is dict else ():
        if type(name) is str and type(field) is dataclasses.Field:
            yield Field(name, annotation(field.type))
