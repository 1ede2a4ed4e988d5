"""The steps that ran in this session, as they ran."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import field, replace

from caveagent_magic import events as ev
from caveagent_magic.export.compare import mark_of_shown, shows
from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.record.key import Key
from caveagent_magic.rehearsal.undo.history import Taken
from caveagent_magic.shell.names import Names


@frozen
class Step:
    """A step, and where in the session it ran."""

    turn: str
    step: int
    number: int  # among the steps of its turn that ran, from 1
    request: str
    code: str
    after: int  # cells that had run before that of the turn
    error: str
    line: int  # where the error was raised
    touched: frozenset[str]
    effects: tuple[ev.Effect, ...]
    shows: bool
    shown: str  # the mark of what it printed and showed
    out: str = ""  # the name that the last value of the turn was given


@slotted
class Steps:
    """Follows each turn; steps that were undone are known, because they can be done again."""

    names: Names
    all: list[Step] = field(default_factory=list)
    undone: set[tuple[str, int]] = field(default_factory=set)  # turn and number
    key: Key = field(default_factory=lambda: Key(os.urandom(32)))  # of this session's marks
    _request: str = ""
    _code: str = ""

    def take(self, event: ev.Event) -> None:
        """Take an event of a turn as it comes."""
        match event:
            case ev.TurnStarted():
                self._request = event.prompt
            case ev.CodeProposed():
                self._code = event.code
            case ev.Ran():
                self._ran(event)

    def bound(self, turn: str, out: str) -> None:
        """The last value of this turn was given a name."""
        mine = [place for place, step in enumerate(self.all) if step.turn == turn and not step.error]
        if mine:
            self.all[mine[-1]] = replace(self.all[mine[-1]], out=out)

    def follow(self, steps: Iterable[Taken], *, redo: bool) -> None:
        """These steps were undone, or done again."""
        places = {(step.turn, step.step) for step in steps}
        self.undone = self.undone - places if redo else self.undone | places

    def is_undone(self, step: Step) -> bool:
        """Whether it was taken back."""
        return (step.turn, step.number) in self.undone

    def _ran(self, event: ev.Ran) -> None:
        ended = self.names.ended
        errors = [str(output["ename"]) for output in event.outputs if output["output_type"] == "error"]
        changes = (*event.changes.added, *event.changes.changed)
        self.all.append(
            Step(
                turn=event.turn,
                step=event.step,
                number=1 + sum(step.turn == event.turn for step in self.all),
                request=self._request,
                code=self._code,
                after=len(self.names.cells),
                error=errors[-1] if errors else "",
                line=ended.line if errors and ended.error == errors[-1] else 0,
                touched=frozenset(change.name for change in changes),
                effects=event.effects,
                shows=shows(event.outputs),
                shown=mark_of_shown(event.outputs, self.key),
            )
        )
