"""What a describer says of one object, as plain data that is formatted and made harmless elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from caveagent_magic.injection import static


@dataclass(frozen=True, slots=True)
class Field:
    """A named part: a column, a key, an attribute."""

    label: object  # as the data has it
    type: str


def no_fields() -> Iterator[Field]:
    """There are no parts to list."""
    return iter(())


def no_lines() -> Iterator[str]:
    """There is nothing more to say."""
    return iter(())


@dataclass(frozen=True, slots=True)
class Description:
    """The summary is ready; fields and lines are worked out only when they are asked for."""

    summary: str
    fields: Callable[[], Iterator[Field]] = no_fields
    size: int = 0  # how many fields there are in all
    lines: Callable[[], Iterator[str]] = no_lines


class Unreadable(Exception):
    """The object cannot be looked at without running its code; the message says why."""


Describer: TypeAlias = Callable[[object, type], Description]
"""Describes an object as the class it was found by, which may be a base of its own class."""


def named(obj: object, base: type) -> str:
    """The name of the object's type, with the class that it is described as: `Prices(DataFrame)`."""
    own, known = static.type_name(type(obj)), static.type_name(base)
    return known if type(obj) is base else f"{own}({known})"
