"""The figures of the answer, linked to what the model was shown; for the person, and told to no model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from caveagent_magic import events as ev
from caveagent_magic.checks.data import CannotCheck
from caveagent_magic.checks.expression import evaluate, parse
from caveagent_magic.checks.figures import Source, figures
from caveagent_magic.errors import UsageError
from caveagent_magic.observation.outputs import full_text
from caveagent_magic.security.guard import guard


@dataclass(slots=True)
class Shown:
    """What the model was shown in a turn, as far as figures can come from it."""

    namespace: Mapping[str, object]
    unsent: Callable[[], Sequence[ev.VariableCard]] = tuple  # cards, where no model is told any
    prompt: str = ""
    sources: list[Source] = field(default_factory=list)

    def take(self, event: ev.Event) -> ev.Event:
        """Follow the turn; its end comes back with what was found of the answer's figures."""
        match event:
            case ev.TurnStarted():
                self.prompt = event.prompt
                found = event.cards if event.request_text else self.unsent()
                cards = ((card.summary, *card.details, *card.statistics) for card in found)
                self.sources.append(Source(0, "\n".join(line for card in cards for line in card)))
            case ev.Ran():
                changes = (*event.changes.added, *event.changes.changed)
                told = (full_text(event.outputs), *(change.summary for change in changes))
                self.sources.append(Source(event.step, "\n".join(told)))
            case ev.TurnEnded(reason="done"):
                linked = figures(event.answer, self.prompt, self.sources, self.value_of)
                return replace(event, figures=linked)
        return event

    def value_of(self, expression: str) -> float | None:
        """What an expression gives now, asked as a guard on data is; None: no number."""
        try:
            with guard(lambda capability, target: False):
                value = evaluate(parse(expression), self.namespace)
            number = math.nan if isinstance(value, bool) else float(value)
        except (UsageError, CannotCheck, TypeError, ValueError, OverflowError):
            return None
        return number if math.isfinite(number) else None
