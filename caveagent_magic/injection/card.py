"""Cards: what the model may know of a live object, in the fewest words that let it write right code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from caveagent_magic.events import VariableCard
from caveagent_magic.injection import static
from caveagent_magic.injection.describers import description
from caveagent_magic.injection.describers.description import Description, Field, Unreadable
from caveagent_magic.injection.describers.opaque import opaque
from caveagent_magic.injection.escape import LINE_LIMIT, bounded, label, line

SHOWN_FIELDS = 60
UNGROUPED_FIELDS = 12
SUMMARY_LIMIT = 300
LEFT_OUT = "…"  # the whole details of a card whose details had no room


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the model is to be told of the namespace."""

    cards: tuple[VariableCard, ...]
    omitted: tuple[str, ...] = ()  # names there was no room for
    gone: tuple[str, ...] = ()  # names the model was told of that are not there for it any more
    full: Mapping[str, VariableCard] = field(default_factory=dict)  # with the details there was no room for

    @property
    def left_out(self) -> int:
        """How many variables are only counted."""
        return len(self.omitted)


def describe(name: str, obj: object, hidden: frozenset[str] = frozenset()) -> VariableCard:
    """The card of one object, without the hidden columns; its time does not grow with the number of rows."""
    described, note = _described(obj)
    details: tuple[str, ...] = ()
    try:
        details = tuple(_details(described, hidden))
    except Exception as error:  # a user's object may raise anything while it is looked at
        note = _why(error)
    cls = type(obj)
    return VariableCard(
        name=name,
        type_name=bounded(static.type_name(cls)),
        qualified_type=bounded(static.qualified_name(cls).removeprefix("builtins.")),
        summary=bounded(described.summary, SUMMARY_LIMIT),
        details=details,
        note=note,
    )


def summary(obj: object) -> str:
    """One line such as `DataFrame 336,776 × 19`."""
    return bounded(_described(obj)[0].summary, SUMMARY_LIMIT)


def labels(obj: object) -> tuple[str, ...]:
    """All column or field names of the object, as its card spells them."""
    try:
        return tuple(label(each.label) for each in _described(obj)[0].fields())
    except Exception:  # a user's object may raise anything while it is looked at
        return ()


def card_text(card: VariableCard) -> str:
    """The card on one line: `flights: DataFrame 336,776 × 19 [year int64, carrier str]`."""
    details = f" [{'; '.join(card.details)}]" if card.details else ""
    note = f" ({card.note})" if card.note else ""
    return f"{label(card.name)}: {card.summary}{details}{note}"


def cards_text(chosen: Chosen) -> str:
    """What the model reads of the chosen variables; empty when there is nothing to say."""
    texts = [card_text(card) for card in chosen.cards]
    if chosen.gone:
        texts.append(f"no longer listed: {', '.join(map(label, chosen.gone))}")
    if any(card.details == (LEFT_OUT,) for card in chosen.cards):
        texts.append(f"[{LEFT_OUT}] has no room here; look at it by code")
    if chosen.left_out:
        texts.append(f"… {chosen.left_out:,} more variables; dir() names them")
    return "\n".join(texts)


def _described(obj: object) -> tuple[Description, str]:
    try:
        return description(obj), ""
    except Exception as error:  # a user's object may raise anything while it is looked at
        return opaque(obj), _why(error)


def _why(error: Exception) -> str:
    """Why the object could not be looked at; the words of a foreign exception may be data."""
    if isinstance(error, Unreadable):
        return f"could not be looked at: {error}"
    return f"could not be looked at: it raised {bounded(static.type_name(type(error)))}"


def _details(described: Description, hidden: frozenset[str]) -> Iterator[str]:
    if described.size:
        yield from _fields(described, hidden)
    for text in described.lines():
        yield line(text, 3 * LINE_LIMIT)


def _fields(described: Description, hidden: frozenset[str]) -> Iterator[str]:
    """The columns in order, or grouped by type where they are many."""
    fields = described.fields()
    if hidden:
        kept = [each for each in fields if label(each.label) not in hidden]
        gone = described.size - len(kept)
        fields = iter(kept)
    else:
        gone = 0
    shown = list(islice(fields, SHOWN_FIELDS))
    yield from _grouped(shown) if len(shown) > UNGROUPED_FIELDS else [", ".join(map(_column, shown))]
    more = described.size - gone - len(shown)
    if more:
        yield f"… {more:,} more"
    if gone:
        yield f"{gone} hidden"


def _column(column: Field) -> str:
    return f"{label(column.label)} {bounded(column.type)}".rstrip()


def _grouped(fields: Sequence[Field]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for each in fields:
        groups.setdefault(bounded(each.type), []).append(label(each.label))
    for kind, names in groups.items():
        yield f"{kind}: {', '.join(names)}"
