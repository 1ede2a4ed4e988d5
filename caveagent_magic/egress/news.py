"""What a step changed, as cards: only what the model does not know yet is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caveagent_magic.events import Change, Changes, VariableCard
from caveagent_magic.injection.choose import choose
from caveagent_magic.injection.words import card_text, once
from caveagent_magic.ports import Ports, Task

Told = tuple[Changes, Mapping[str, VariableCard]]


def as_cards(changes: Changes, task: Task, ports: Ports) -> Told:
    """The changes with the columns of what is new or has other columns now, and the cards they hold."""
    cards = _cards(changes, task, ports)
    added = [cards[change.name] for change in changes.added if change.name in cards]
    texts = {card.name: card_text(card).partition(": ")[2] for card in once(added, ports.stream.cards)}
    changed = tuple(
        _changed(change, ports.stream.cards.get(change.name), cards.get(change.name))
        for change in changes.changed
    )
    new = tuple(replace(each, summary=texts.get(each.name, each.summary)) for each in changes.added)
    return replace(changes, added=new, changed=changed), cards


def remember(observed: str, told: Told, ports: Ports) -> None:
    """Keep which cards the model has now; one whose line was cut is told again with the next turn."""
    changes, cards = told
    known = dict(ports.stream.cards)
    for change in changes.removed:
        known.pop(change.name, None)
    for change in (*changes.added, *changes.changed):
        if change.name in cards and f"{change.name}: {change.summary}\n" in f"{observed}\n":
            known[change.name] = cards[change.name]
    ports.stream.show(known)


def _cards(changes: Changes, task: Task, ports: Ports) -> dict[str, VariableCard]:
    variables, disclosure = ports.runtime.variables(), ports.disclosure
    names = [change.name for change in (*changes.added, *changes.changed) if change.name in variables]
    chosen = choose(
        {name: variables[name] for name in names},
        prompt=" ".join(names),
        recent=names,
        privacy=disclosure.cell,
        budget_tokens=task.card_tokens,
    )
    cards = disclosure.cards(chosen.cards, ports.runtime.namespace, fresh=True)
    return {card.name: card for card in cards}


def _changed(change: Change, known: VariableCard | None, card: VariableCard | None) -> Change:
    if card is None or not card.details or (known is not None and known.details == card.details):
        return change
    return replace(change, summary=f"{change.summary} [{'; '.join(card.details)}]")
