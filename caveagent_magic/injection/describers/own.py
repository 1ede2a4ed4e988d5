"""What people say of their own types: `__cave_card__`, and describers that packages register.

A class with a method `__cave_card__(self)` describes itself: the method returns one line of text, or a
mapping with `summary` and any of `fields` (names to types) and `lines`.
It is the one place where code of the person's runs while a card is made, because they wrote it for that;
it should only read what is there, and is called each time.

A package registers a describer as an entry point of the group `caveagent_magic.describers`, named by the
qualified type (`shop.orders.Basket`), of a function that takes the object and that class and returns such a
text or mapping, or a `Description`. It is imported when the first object of the type is met.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description, Field, Unreadable

GROUP = "caveagent_magic.describers"
METHOD = "__cave_card__"


def describes_itself(obj: object) -> bool:
    """Whether the class itself has the method; one that appears when it is asked for does not count."""
    return type(static.class_member(type(obj), METHOD)) is types.FunctionType


def by_itself(obj: object) -> Description:
    """What the object's `__cave_card__` says; raises whatever that raises."""
    method: Any = static.class_member(type(obj), METHOD)
    return _description(method(obj), METHOD)


def registered(base: type) -> Describer | None:
    """The describer that a package registers for the class."""
    entry = _entries().get(static.qualified_name(base))
    if entry is None:
        return None
    return functools.partial(_by_package, entry)


@functools.cache
def _entries() -> Mapping[str, metadata.EntryPoint]:
    """Read from the packages that speak of the group: there may be hundreds of others."""
    speaking = (
        each for each in metadata.distributions() if GROUP in (each.read_text("entry_points.txt") or "")
    )
    return {entry.name: entry for each in speaking for entry in each.entry_points.select(group=GROUP)}


def _by_package(entry: metadata.EntryPoint, obj: object, base: type) -> Description:
    return _description(entry.load()(obj, base), entry.value)


def _description(said: object, source: str) -> Description:
    if type(said) is Description:
        return said
    if type(said) is str:
        return Description(said)
    summary = said.get("summary") if type(said) is dict else None
    if type(said) is not dict or type(summary) is not str:
        raise Unreadable(f"{source} returned neither text nor a dictionary with a `summary`")
    fields, lines = said.get("fields", {}), said.get("lines", ())
    if type(fields) is not dict or type(lines) not in (list, tuple):
        raise Unreadable(f"{source} returned `fields` that are no dictionary or `lines` that are no list")
    known = [Field(name, static.exact_str(kind)) for name, kind in fields.items()]
    told = [static.exact_str(each) for each in lines]
    return Description(summary, fields=lambda: iter(known), size=len(known), lines=lambda: iter(told))
