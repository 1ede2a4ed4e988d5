"""Looks at the whole namespace."""

from __future__ import annotations

from collections.abc import Mapping

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.card import describe

NOTHING_HIDDEN: Mapping[str, frozenset[str]] = {}


def look(
    names: Mapping[str, object], hidden: Mapping[str, frozenset[str]] = NOTHING_HIDDEN
) -> tuple[VariableCard, ...]:
    """The card of every name, without the columns hidden for it."""
    return tuple(describe(name, obj, hidden.get(name, frozenset())) for name, obj in names.items())
