"""The first rows of a table, for cards of names whose values may be told."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.cells import Unread, head, is_table
from caveagent_magic.injection.escape import bounded

ROWS, COLUMNS, CELL_CHARS = 3, 20, 30


def with_samples(card: VariableCard, obj: object, hidden: frozenset[str]) -> VariableCard:
    """The card with the beginning of each column."""
    if not is_table(obj):
        return card
    try:
        shown = [each for each in islice(head(obj, ROWS), COLUMNS + len(hidden)) if each[0] not in hidden]
    except Unread:
        return card
    lines = tuple(
        f"{name}: first {', '.join(map(_cell, values))}" for name, values in shown[:COLUMNS] if values
    )
    return replace(card, statistics=(*card.statistics, *lines))


def _cell(value: Any) -> str:
    return bounded(str(value), CELL_CHARS)
