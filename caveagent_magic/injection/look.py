"""Looks at the whole namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.card import Allowance
from caveagent_magic.injection.joins import joins
from caveagent_magic.injection.levels import Level
from caveagent_magic.injection.queried import queried
from caveagent_magic.injection.remembered import remembered
from caveagent_magic.injection.samples import with_samples

NOTHING_HIDDEN: Mapping[str, frozenset[str]] = {}
ALL_SCHEMA: Mapping[str, Level] = {}
NOTHING_ASKED: Mapping[str, frozenset[str]] = {}


def look(
    names: Mapping[str, object],
    hidden: Mapping[str, frozenset[str]] = NOTHING_HIDDEN,
    levels: Mapping[str, Level] = ALL_SCHEMA,
    asked: Mapping[str, frozenset[str]] = NOTHING_ASKED,
    allowance: Allowance | None = None,
) -> tuple[VariableCard, ...]:
    """The card of every name at its level, without the columns hidden for it; databases are `asked`.

    Null shares and statistics for which there is no time any more are told by the next look.
    """
    allowance = allowance or Allowance()
    drawn = {
        name: remembered(obj, hidden.get(name, frozenset()), levels.get(name, "schema"), allowance)
        for name, obj in names.items()
    }
    joined = joins({name: each.columns for name, each in drawn.items() if each.columns})
    tables = {name: queried(names[name], columns) for name, columns in asked.items()}
    cards = {
        name: replace(
            each.card, name=name, details=(*tables.get(name, each.card.details), *joined.get(name, ()))
        )
        for name, each in drawn.items()
    }
    return tuple(
        with_samples(card, names[name], hidden.get(name, frozenset()))
        if levels.get(name) == "samples"
        else card
        for name, card in cards.items()
    )
