"""A recorded turn runs again: the model's replies and the person's approvals come from the record."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from caveagent_magic import events as ev
from caveagent_magic.errors import CaveError
from caveagent_magic.frozen import slotted
from caveagent_magic.models.base import Loading, Model, Reply, Spent
from caveagent_magic.ports import Approval
from caveagent_magic.record.fingerprint import mark_of_outputs, marks_of
from caveagent_magic.record.key import Key
from caveagent_magic.record.recorder import error_in
from caveagent_magic.record.turns import Step, Turn
from caveagent_magic.security.policies.clauses import STRICTNESS

BY = {"user": "you", "rule": "a rule", "policy": "the policy"}
NOTHING_SPENT = Spent(0, 0, 0, 0.0, estimated=False)
HALF_DONE = (
    "This step had been approved and had begun when the kernel ended. Whether it came to its end is not "
    "known; what it does outside the kernel may be done already, or half done."
)
STOPPED = (
    "This step was stopped while it ran. What it does outside the kernel may be done already, or half done."
)


class NotReplayed(CaveError):
    """The record does not answer this cell, and no model may or can be asked."""


@slotted
class Replay:
    """Stands for the model, and approves what the record approved, as long as the turn goes as recorded."""

    turn: Turn
    key: Key
    namespace: Mapping[str, object]
    tell: Callable[[str], str]  # code as the model is to know it
    live: Callable[[str], Model]  # the model that goes on, given why; raises `NotReplayed` where none may
    made_again: Callable[[Step], None] = lambda step: None  # its results came out the same
    answer: str = ""  # what the model said at the end, where that is kept
    steps: tuple[Step, ...] = ()
    departed: str = ""  # why the turn is not as recorded any more; empty: it is
    refused: str = ""  # why the step at hand is not approved by the record
    differs: int = 0  # steps that came out otherwise
    marks: Mapping[str, str | None] | None = None  # of what the step at hand touched; None: not compared
    _next: int = 0
    _as_recorded: bool = True  # the step at hand ran as the record has it
    _model: Model | None = None

    def __post_init__(self) -> None:
        begun = [] if self.turn.ended else [step for step in self.turn.steps[-1:] if not step.done]
        shown = self.turn.steps if self.turn.ended == "plan" else ()
        self.steps = shown or (*(step for step in self.turn.steps if step.done), *begun)

    @property
    def step(self) -> Step | None:
        """The step at hand, as it was recorded."""
        return self.steps[self._next - 1] if self._next and not self._model else None

    @property
    def asked(self) -> bool:
        """Whether the model had to be asked after all."""
        return self._model is not None

    # ------------------------------------------------------------ the model

    @property
    def name(self) -> str:
        """The model whose replies these are."""
        return self._model.name if self._model else self.turn.model

    @property
    def small(self) -> bool:
        """Whether it wants the compact system prompt."""
        return self._model.small if self._model else self.turn.small

    def reply(self, request: ev.Request, max_tokens: int) -> Reply:
        """The next recorded reply, else one of the model."""
        if self._model is None and self._has_more():
            return _Recorded(self._text())
        self.leave()
        assert self._model is not None
        return self._model.reply(request, max_tokens)

    def leave(self) -> None:
        """From here on the model is asked; raises `NotReplayed` where none may be."""
        if self._model is None:
            self._model = self.live(self.departed)

    def goes_on(self) -> bool:
        """Whether the record has all of the turn, as far as is known by now."""
        return self._model is None and self.turn.complete and self._has_more()

    def count_tokens(self, request: ev.Request) -> tuple[int, bool]:
        """Nothing is sent while it is replayed."""
        return self._model.count_tokens(request) if self._model else (0, False)

    def price(self, input: int, cached: int, output: int) -> float | None:
        """Nothing is paid while it is replayed."""
        return self._model.price(input, cached, output) if self._model else 0.0

    def _has_more(self) -> bool:
        if self._next and not self._as_recorded and not self.departed:
            self.departed = f"Step {self._next} was not run as it was recorded."
        recorded = self._next < len(self.steps) or self.turn.ended == "done"
        return not self.departed and recorded

    def _text(self) -> str:
        if self._next == len(self.steps):
            return self.answer if self.answer and not self.differs else self._summary()
        step = self.steps[self._next]
        code, told = self.tell(step.code), "".join(map(_asked_then, step.answers))
        self._next, self._as_recorded = self._next + 1, False
        marks = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", code))])
        return f"{self.tell(told)}{marks}python\n{code}\n{marks}\n"

    def _summary(self) -> str:
        ran = "1 recorded step ran" if len(self.steps) == 1 else f"{len(self.steps)} recorded steps ran"
        if self.differs:
            return f"{ran} again, and {self.differs} of them came out otherwise than recorded."
        known = all(None not in step.marks.values() for step in self.steps)
        return f"{ran} again, with the same results{'' if known else ', as far as they can be compared'}."

    # ------------------------------------------------------------ the person

    def approved(self, code: str, verdict: ev.Verdict) -> Approval | None:
        """The recorded approval, if it covers this code with this verdict; else `refused` says why not."""
        step, self.refused = self.step, ""
        if step is None or code != as_read(step.code) or self.turn.ended == "plan":
            return None
        self.refused = _refusal(step, verdict)
        if self.refused:
            return None
        words = f"approved by {BY.get(step.by, step.by)} on {self.turn.when}"
        return Approval(step.effects, words, step.untold, frozenset(step.marks))

    def take(self, event: ev.Event) -> ev.Event:
        """Follow what happens; the event, with what came out otherwise than recorded."""
        step, self.marks = self.step, None
        if step is None:
            return event
        if isinstance(event, ev.CodeProposed) and event.by == "user":
            self.departed = f"The code of step {self._next} was changed."
        if isinstance(event, ev.Decided) and event.action == "skip":
            self.departed = (
                f"Step {self._next} was not run as it was recorded: {event.note or 'it was skipped'}."
            )
        if not isinstance(event, ev.Ran):
            return event
        if not step.done:  # it ran now, and there is nothing to compare it with
            self._as_recorded = True
            return event
        error = error_in(event.outputs)
        self._as_recorded = error == step.error
        if not self._as_recorded:
            self.departed = f"Step {self._next} ended with {error or 'no error'}, and not as it was recorded."
        touched = [change.name for change in (*event.changes.added, *event.changes.changed)]
        self.marks = marks_of(self.namespace, {*touched, *step.marks}, self.key)
        found = self._differences(step, event, self.marks)
        self.differs += bool(found)
        if not found:
            known = {name: each for name, each in step.results.items() if step.marks.get(name)}
            self.made_again(replace(step, results=known))
        return replace(event, differs=(*event.differs, *found))

    def _differences(self, step: Step, event: ev.Ran, marks: Mapping[str, str | None]) -> tuple[str, ...]:
        return tuple(_differences(step, event, marks, self.key, self.turn.when))


def _asked_then(asked: tuple[str, str]) -> str:
    question, answer = asked
    return f"Asked when this was recorded: {question} {answer or 'It was left open.'}\n\n"


def as_read(code: str) -> str:
    """Code as a reply that holds it is read."""
    return textwrap.dedent(code).strip("\n")


def _refusal(step: Step, verdict: ev.Verdict) -> str:
    """Why the recorded approval does not hold; empty: it does."""
    if not step.done:
        return HALF_DONE
    if step.error == KeyboardInterrupt.__name__:
        return STOPPED
    if verdict.decision == "deny" or STRICTNESS[verdict.decision] > STRICTNESS[step.judgement]:
        return f"The verdict was {step.judgement} when this step was recorded, and is {verdict.decision} now."
    if verdict.decision == "ask":
        found = {(each.capability, each.target) for each in verdict.findings}
        if more := sorted(found - step.findings):
            named = ", ".join(" ".join(each).strip() for each in more)
            return f"The verdict has found more than when this step was recorded: {named}."
    return ""


def _differences(
    step: Step, event: ev.Ran, marks: Mapping[str, str | None], key: Key, when: str
) -> Iterator[str]:
    for name, mark in sorted(step.marks.items()):
        if name not in marks:
            yield f"`{name}` was set when this was recorded ({when}), and is not here."
        elif mark is not None and marks[name] != mark:
            yield f"`{name}` differs from the record of {when}."
    if step.output != mark_of_outputs(event.outputs, key):
        yield f"What it printed or showed differs from the record of {when}."


@slotted
class _Recorded:
    """A reply that is there already."""

    text: str
    cut: bool = False
    spent: Spent = field(default=NOTHING_SPENT)

    def __iter__(self) -> Iterator[str | Loading]:
        yield self.text

    def close(self) -> None:
        """There is nothing to stop."""


def told_of(turn: Turn, names: Sequence[str]) -> str:
    """Tells the model what ran again without it, or was shown again."""
    if turn.ended == "plan":
        return (
            f"Meanwhile the person looked again at what you planned for this request: {turn.request.strip()}"
        )
    made = f" It set or changed: {', '.join(names)}." if names else ""
    return (
        f"Meanwhile the person ran again what you did earlier for this request: {turn.request.strip()}{made}"
    )
