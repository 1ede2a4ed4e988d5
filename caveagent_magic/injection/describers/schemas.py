"""The declared fields of dataclasses, attrs classes and pydantic models, and the names of enums."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.annotations import annotation
from caveagent_magic.injection.describers.description import Describer, Description, Field

SHOWN = 20  # fields or members of a class that a signature mentions


def schema_fields(cls: type) -> Iterator[Field]:
    """The fields that the class declares, with their annotations; none for other classes."""
    declared = static.class_member(cls, "__dataclass_fields__")
    for name, field in declared.items() if type(declared) is dict else ():
        if type(name) is str and type(field) is dataclasses.Field:
            yield Field(name, annotation(field.type))
    yield from _pydantic_fields(cls)
    yield from _attrs_fields(cls)


def _pydantic_fields(cls: type) -> Iterator[Field]:
    declared: Any = static.class_member(cls, "__pydantic_fields__")
    for name, field in declared.items() if type(declared) is dict else ():
        if type(name) is str and static.belongs(type(field), "pydantic"):
            yield Field(name, annotation(static.slot(field, type(field), "annotation")))


def _attrs_fields(cls: type) -> Iterator[Field]:
    declared: Any = static.class_member(cls, "__attrs_attrs__")
    for field in tuple.__iter__(declared) if static.inherits(type(declared), tuple) else ():
        if static.belongs(type(field), "attr"):
            yield Field(
                static.slot(field, type(field), "name"), annotation(static.slot(field, type(field), "type"))
            )


def defined(cls: type) -> str:
    """`Passenger has name str, born date`: what must be known to make one; empty for no schema."""
    if names := enum_names(cls):
        return f"{static.type_name(cls)} is one of {', '.join(names[:SHOWN])}"
    fields = [f"{each.label} {each.type}".strip() for each in schema_fields(cls)]
    return f"{static.type_name(cls)} has {', '.join(fields[:SHOWN])}" if fields else ""


def enum_names(cls: type) -> list[str]:
    """The names of the members of an enumeration, without their values."""
    if not static.inherits(cls, enum.Enum):
        return []
    members = static.members(cls).get("_member_map_")
    return [name for name in members if type(name) is str] if type(members) is dict else []


def member(obj: object, base: type) -> Description:
    """`Color`, one of an enumeration; which one is its value."""
    names = enum_names(type(obj))
    return Description(f"{static.type_name(type(obj))}, one of {len(names)} of its enum")


DESCRIBERS: dict[str, Describer] = {"enum.Enum": member}
