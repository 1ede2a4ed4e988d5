"""Looks at the whole namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.card import Allowance
from caveagent_magic.injection.joins import joins
from caveagent_magic.injection.levels import Level
from caveagent_magic.injection.remembered import remembered
from caveagent_magic.injection.samples import with_samples

NOTHING_HIDDEN: Mapping[str, frozenset[str]] = {}
ALL_SCHEMA: Mapping[str, Level] = {}


def look(
    names: Mapping[str, object],
    hidden: Mapping[str, frozenset[str]] = NOTHING_HIDDEN,
    levels: Mapping[str, Level] = ALL_SCHEMA,
    allowance: Allowance | None = None,
) -> tuple[VariableCard, ...]:
    """The card of every name at its level, without the columns hidden for it.

    Null shares and statistics for which there is no time any more are told by the next look.
    """
    allowance = allowance or Allowance()
    drawn = {
        name: remembered(obj, hidden.get(name, frozenset()), levels.get(name, "schema"), allowance)
        for name, obj in names.items()
    }
    joined = joins({name: each.columns for name, each in drawn.items() if each.columns})
    cards = {
        name: replace(each.card, name=name, details=(*each.card.details, *joined.get(name, ())))
        for name, each in drawn.items()
    }
    return tuple(
        with_samples(card, names[name], hidden.get(name, frozenset()))
        if levels.get(name) == "samples"
        else card
        for name, card in cards.items()
    )
