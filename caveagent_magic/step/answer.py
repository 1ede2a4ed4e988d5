"""The figures of the answer, linked to what the model was shown; for the person, and told to no model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace

from caveagent_magic import events as ev
from caveagent_magic.checks.figures import Source, figures
from caveagent_magic.errors import UsageError
from caveagent_magic.frozen import slotted
from caveagent_magic.observation.outputs import full_text
from caveagent_magic.security.guard import guard


@slotted
class Shown:
    """What the model was shown in a turn, as far as figures can come from it."""

    namespace: Mapping[str, object]
    unsent: Callable[[], Sequence[ev.VariableCard]] = tuple  # cards, where no model is told any
    prompt: str = ""
    sources: list[Source] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    silent: bool = False

    def take(self, event: ev.Event) -> ev.Event:
        """Follow the turn; its end comes back with what was found of the answer's figures."""
        match event:
            case ev.TurnStarted():
                self.prompt, self.silent = event.prompt, not event.request_text
                self.sources.append(_of_cards(event.cards))
            case ev.Ran():
                changes = (*event.changes.added, *event.changes.changed)
                self.touched |= {change.name for change in changes}
                told = (full_text(event.outputs), *(change.summary for change in changes))
                self.sources.append(Source(event.step, "\n".join(told)))
            case ev.TurnEnded(reason="done"):
                linked = self._linked(event.answer)
                if self.silent and not all(figure.found for figure in linked):
                    cards = (card for card in self.unsent() if card.name not in self.touched)
                    self.sources.append(_of_cards(cards))
                    linked = self._linked(event.answer)
                return replace(event, figures=linked)
        return event

    def _linked(self, answer: str) -> tuple[ev.Figure, ...]:
        return figures(answer, self.prompt, self.sources, self.value_of)

    def value_of(self, expression: str) -> float | None:
        """What an expression gives now, asked as a guard on data is; None: no number."""
        from caveagent_magic.checks.data import CannotCheck  # few answers cite an expression
        from caveagent_magic.checks.expression import evaluate, parse

        try:
            with guard(lambda capability, target: False):
                value = evaluate(parse(expression), self.namespace)
            number = math.nan if isinstance(value, bool) else float(value)
        except (UsageError, CannotCheck, TypeError, ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None


def _of_cards(cards: Iterable[ev.VariableCard]) -> Source:
    lines = ((card.summary, *card.details, *card.statistics) for card in cards)
    return Source(0, "\n".join(line for card in lines for line in card))
