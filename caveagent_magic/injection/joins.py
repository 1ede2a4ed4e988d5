"""Which tables can be joined: columns of one name and type in two of them, but not in every copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, islice

SHARED_BY = 4  # tables; a column of more of them is no sign of anything
SHOWN_TABLES = 3
SHOWN_COLUMNS = 4

Columns = Mapping[str, str]
"""The type of each column."""


def joins(tables: Mapping[str, Columns]) -> dict[str, tuple[str, ...]]:
    """A line `joins flights on carrier` for the smaller one of each pair of tables."""
    shared: dict[tuple[str, str], list[str]] = {}
    for (column, _), names in _holders(tables).items():
        for pair in combinations(names, 2) if 1 < len(names) <= SHARED_BY else ():
            shared.setdefault(pair, []).append(column)
    found: dict[str, list[str]] = {}
    for (one, other), columns in shared.items():
        # Where all columns of a table are in another, it was made from that one.
        if len(columns) < min(len(tables[one]), len(tables[other])):
            small, large = (one, other) if len(tables[one]) < len(tables[other]) else (other, one)
            found.setdefault(small, []).append(f"joins {large} on {', '.join(columns[:SHOWN_COLUMNS])}")
    return {name: tuple(islice(lines, SHOWN_TABLES)) for name, lines in found.items()}


def _holders(tables: Mapping[str, Columns]) -> dict[tuple[str, str], list[str]]:
    """The tables that have each column, by its name and type."""
    holders: dict[tuple[str, str], list[str]] = {}
    for name, columns in tables.items():
        for each in _keys(columns):
            holders.setdefault(each, []).append(name)
    return holders


def _keys(columns: Columns) -> Iterator[tuple[str, str]]:
    """Columns that can be a key: not those of fractions, whose values hardly ever meet."""
    return (each for each in columns.items() if each[1] and "float" not in each[1].lower())
