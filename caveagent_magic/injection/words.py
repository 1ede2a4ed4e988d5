"""Cards in words; what the model was told of one variable or class already is not told again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.card import Chosen
from caveagent_magic.injection.describers.callables import WHERE
from caveagent_magic.injection.escape import label

LEFT_OUT = "…"  # the whole details of a card whose details had no room
JOINS = "joins "  # begins a line about another variable
REPEATED = 40  # characters of details, beyond which the same ones are told by the name that has them
NOTHING_KNOWN: Mapping[str, VariableCard] = {}


def card_text(card: VariableCard) -> str:
    """The card on one line: `flights: DataFrame 336,776 × 19 [year int64, carrier str]`."""
    lines = (*card.details, *card.statistics)
    details = f" [{'; '.join(lines)}]" if lines else ""
    note = f" ({card.note})" if card.note else ""
    return f"{label(card.name)}: {card.summary}{details}{note}"


def cards_text(chosen: Chosen, known: Mapping[str, VariableCard] = NOTHING_KNOWN) -> str:
    """What a model that has some cards reads of the chosen variables; empty: there is nothing to say."""
    texts = [card_text(card) for card in once(chosen.cards, known, chosen.gone)]
    if chosen.gone:
        texts.append(f"no longer listed: {', '.join(map(label, chosen.gone))}")
    if any(card.details == (LEFT_OUT,) for card in chosen.cards):
        texts.append(f"[{LEFT_OUT}] has no room here; look at it by code")
    if chosen.left_out:
        texts.append(f"… {chosen.left_out:,} more variables; dir() names them")
    return "\n".join(texts)


def once(
    cards: Iterable[VariableCard], known: Mapping[str, VariableCard], gone: Iterable[str] = ()
) -> tuple[VariableCard, ...]:
    """The cards to be told: `[as NAME]` for what is made as another variable that was told before."""
    cards = tuple(cards)
    stale = {card.name for card in cards}.union(gone)
    told = [card for name, card in known.items() if name not in stale]
    shown = []
    for card in cards:
        shown.append(_shorter(card, told))
        told.append(card)
    return tuple(shown)


def _shorter(card: VariableCard, told: Iterable[VariableCard]) -> VariableCard:
    made = _made(card)
    defined: set[str] = set()
    for other in told:
        if sum(map(len, made)) > REPEATED and other.type_name == card.type_name and _made(other) == made:
            return replace(card, details=(f"as {label(other.name)}", *card.details[len(made) :]))
        defined.update(line for line in other.details if line.startswith(WHERE))
    return replace(card, details=tuple(line for line in card.details if line not in defined))


def _made(card: VariableCard) -> tuple[str, ...]:
    """The details without what is said of other variables, which stands at their end."""
    return tuple(line for line in card.details if not line.startswith(JOINS))
