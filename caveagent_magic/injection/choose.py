"""Chooses what fits: tools, named and recent variables in full, the rest on one line, the others counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.card import Chosen
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.injection.look import look
from caveagent_magic.injection.privacy import EVERYTHING, visible
from caveagent_magic.injection.tool import offered_first
from caveagent_magic.injection.words import JOINS, LEFT_OUT, card_text

CHARS_PER_TOKEN = 3.5
FOOTER_CHARS = 100  # the lines that say what is missing


def choose(
    names: Mapping[str, object],
    *,
    prompt: str,
    recent: Sequence[str],
    only: Sequence[str] = (),
    hide: Sequence[str] = (),
    privacy: Privacy = EVERYTHING,
    budget_tokens: int,
) -> Chosen:
    """The cards in the order of what they are worth, within the budget; raises `UsageError`."""
    allowed = visible(names, only=only, hide=hide, privacy=privacy)
    cards = {card.name: card for card in look(allowed.names, allowed.hidden, allowed.levels, allowed.asked)}
    tools = offered_first(allowed.names)
    named = set(re.findall(r"\w+", prompt))
    order = dict.fromkeys((*recent, *reversed(list(cards))))
    first = sorted(dict.fromkeys((*tools, *order)), key=lambda name: (name not in tools, name not in named))
    ranked = [cards[name] for name in first if name in cards]
    kept = _fit(ranked, named.union(tools), max(0, int(budget_tokens * CHARS_PER_TOKEN) - FOOTER_CHARS))
    return Chosen(tuple(kept), omitted=tuple(card.name for card in ranked[len(kept) :]), full=cards)


def changed(before: Mapping[str, VariableCard], now: Chosen) -> Chosen:
    """What must be told again, given the cards as the model knows them: what is new, differs or is gone."""
    cards = tuple(card for card in now.cards if not _is_known(before.get(card.name), card, now))
    there = {card.name for card in now.cards}.union(now.omitted)
    gone = tuple(name for name in before if name not in there)
    return Chosen(cards, omitted=now.omitted if cards or gone else (), gone=gone, full=now.full)


def known(before: Mapping[str, VariableCard], now: Chosen) -> dict[str, VariableCard]:
    """The cards as the model knows them once it was told what has changed."""
    told = {card.name: card for card in changed(before, now).cards}
    there = [card.name for card in now.cards] + [name for name in now.omitted if name in before]
    return {name: told.get(name) or before[name] for name in there}


def _is_known(before: VariableCard | None, card: VariableCard, now: Chosen) -> bool:
    """Whether the model has this card, or a fuller one that still holds."""
    if before is None:
        return False
    return _own(before) in (_own(card), _own(now.full.get(card.name, card)))


def _own(card: VariableCard) -> VariableCard:
    """Without what is said of other variables, which come and go: that alone is not worth telling again."""
    return replace(card, details=tuple(line for line in card.details if not line.startswith(JOINS)))


def _fit(ranked: Sequence[VariableCard], named: Set[str], room: int) -> list[VariableCard]:
    """The first in full up to half of the room, named ones beyond it; then one line each, while they fit."""
    kept: list[VariableCard] = []
    reserved = room // 2
    for card in ranked:
        kept.append(card if _cost(card) <= room - (0 if card.name in named else reserved) else _brief(card))
        room -= _cost(kept[-1])
        if room < 0:
            return kept[:-1]
    for position, card in enumerate(ranked):
        extra = _cost(card) - _cost(kept[position])
        if extra <= room:
            room -= extra
            kept[position] = card
    return kept


def _brief(card: VariableCard) -> VariableCard:
    return replace(card, details=(LEFT_OUT,)) if card.details else card


def _cost(card: VariableCard) -> int:
    return len(card_text(card)) + 1
