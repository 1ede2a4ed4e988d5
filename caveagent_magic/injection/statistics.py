"""What a few cells of a column tell: the share of nulls, ranges, distinct values, key candidates.

Only plain values are compared, so that no code of a user's type runs.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Sequence
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Sample
from caveagent_magic.injection.escape import label

CATEGORIES = 10  # of a text column with more of them only their number is told
KEY_SIZE = 3  # fewer rows make no key
PLAIN: tuple[type, ...] = (
    str,
    int,
    float,
    decimal.Decimal,
    datetime.datetime,
    datetime.date,
    datetime.timedelta,
)
_IDS = frozenset(map(id, PLAIN))  # by identity, since a metaclass may define how its classes are hashed
_ZONES = ("datetime", "zoneinfo", "pytz")  # whose time zones compare without a user's code
_NULL_TYPES = ("NAType", "NaTType")


def nulls(sample: Sample) -> str:
    """`12% null`, `~12% null` from a part of the rows; empty when none was seen."""
    share = sample.nulls
    if share is None:
        values = sample.values()
        share = sum(map(_is_null, values)) / len(values) if values else 0.0
    about = "" if sample.whole or sample.counted else "~"
    if not share:
        return ""
    return f"{about}{share:.0%} null" if share >= 0.01 else "<1% null"


def facts(sample: Sample) -> str:
    """What the values of one column are like: `0.5 … 99`, `3 distinct: east, north, west`, `unique`."""
    if sample.categories is not None:
        plain = _of_one_plain_type(sample.categories)
        return _distinct(sample.categories if plain else (), len(sample.categories))
    everything = sample.values()
    values: list[Any] = [value for value in everything if not _is_null(value)]
    if not values or not _of_one_plain_type(values):
        return ""
    return _text_facts(values, everything) if type(values[0]) is str else _range(values, everything)


def _text_facts(values: list[str], everything: Sequence[object]) -> str:
    distinct = set(values)
    if len(distinct) == len(everything) >= KEY_SIZE:
        return "unique"
    repeated = len(distinct) * 2 <= len(values)
    return _distinct(sorted(distinct) if repeated else (), len(distinct))


def _range(values: list[Any], everything: Sequence[object]) -> str:
    key = type(values[0]) is int and len(set(values)) == len(everything) >= KEY_SIZE
    return f"{_number(min(values))} … {_number(max(values))}{', unique' if key else ''}"


def _distinct(values: Sequence[object], number: int) -> str:
    shown = ", ".join(map(_value, values)) if number <= CATEGORIES else ""
    return f"{number:,} distinct{f': {shown}' if shown else ''}"


def _value(value: object) -> str:
    return label(value) if type(value) is str else str(value)


def _number(value: object) -> str:
    return f"{value:,.6g}" if type(value) is float else f"{value:,}" if type(value) is int else str(value)


def _of_one_plain_type(values: Sequence[object]) -> bool:
    first = type(values[0]) if values else None
    return id(first) in _IDS and all(type(value) is first and _zone_is_known(value) for value in values)


def _zone_is_known(value: object) -> bool:
    if type(value) is not datetime.datetime or value.tzinfo is None:
        return True
    return any(static.belongs(type(value.tzinfo), library) for library in _ZONES)


def _is_null(value: object) -> bool:
    kind = type(value)
    if value is None or (kind is float and value != value):
        return True
    if id(kind) in _IDS:
        return False
    return static.type_name(kind) in _NULL_TYPES and static.belongs(kind, "pandas")
