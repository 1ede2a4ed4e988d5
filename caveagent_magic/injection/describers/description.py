"""What a describer says of one object, as plain data that is formatted and made harmless elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from caveagent_magic.frozen import frozen
from caveagent_magic.injection import static


@frozen
class Field:
    """A named part: a column, a key, an attribute."""

    label: object  # as the data has it
    type: str


@frozen
class Sample:
    """A few cells of one column, spread over its length; plain objects, of which only plain ones are read."""

    label: object
    values: Callable[[], Sequence[object]]
    whole: bool  # the values are all there are
    nulls: float | None = None  # the share, where it is known without the values
    counted: bool = False  # `nulls` is of all rows
    categories: tuple[object, ...] | None = None  # where the type itself names all values


def no_fields() -> Iterator[Field]:
    """There are no parts to list."""
    return iter(())


def no_lines() -> Iterator[str]:
    """There is nothing more to say."""
    return iter(())


def no_samples() -> Iterator[Sample]:
    """There are no cells that could be read without computing them."""
    return iter(())


Unchanged: TypeAlias = Callable[[], bool]
"""A cheap test whether the object is still as it was; it keeps nothing of it alive."""


def no_watch() -> None:
    """Nothing could tell a change."""


@frozen
class Description:
    """The summary is ready; all else is worked out only when it is asked for.

    `fields` and `lines` say how the object is made, `statistics` what could tell values apart: those are
    only for a card that may hold values.
    """

    summary: str
    fields: Callable[[], Iterator[Field]] = no_fields
    size: int = 0  # how many fields there are in all
    lines: Callable[[], Iterator[str]] = no_lines
    statistics: Callable[[], Iterator[str]] = no_lines
    samples: Callable[[], Iterator[Sample]] = no_samples  # in the order of the fields
    table: bool = False  # its fields are columns that can be joined on
    watch: Callable[[], Unchanged | None] = no_watch  # from now on; None: look again each time


class Unreadable(Exception):
    """The object cannot be looked at without running its code; the message says why."""


Describer: TypeAlias = Callable[[object, type], Description]
"""Describes an object as the class it was found by, which may be a base of its own class."""


def named(obj: object, base: type) -> str:
    """The name of the object's type, with the class that it is described as: `Prices(DataFrame)`."""
    own, known = static.type_name(type(obj)), static.type_name(base)
    return known if type(obj) is base else f"{own}({known})"


def known_as(obj: object, library: str) -> str:
    """As `named`, with the nearest class of the library."""
    return named(obj, next(each for each in static.mro(type(obj)) if static.belongs(each, library)))


def stored(obj: object, name: str, kind: type | None = None) -> object:
    """One attribute as the object stores it; raises `Unreadable` when it is missing or of another type."""
    found = static.instance_members(obj).get(name)
    if found is None or (kind is not None and type(found) is not kind):
        raise Unreadable("it was never initialised, or stores its data in another way than is known")
    return found


def count(number: int, what: str) -> str:
    """`1 item`, `1,000 items`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
