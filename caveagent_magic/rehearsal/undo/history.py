"""The steps that can be taken back, and the undos that can be."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caveagent_magic.events import Change
from caveagent_magic.rehearsal.checkpoint import Checkpoint
from caveagent_magic.rehearsal.undo.pressure import memory_is_short
from caveagent_magic.rehearsal.undo.record import Record


@dataclass(frozen=True, slots=True)
class Taken:
    """One step that was taken."""

    turn: str
    step: int
    record: Record


@dataclass(frozen=True, slots=True)
class Back:
    """What came of going back, or forth again, by some steps."""

    names: tuple[str, ...]  # as they were
    not_undone: tuple[Change, ...]
    steps: tuple[Taken, ...]  # with what leads back again


@dataclass(slots=True)
class History:
    """Steps, oldest first; only the last ones are kept, and fewer when memory is short."""

    most: int = 20
    steps: list[Taken] = field(default_factory=list)
    undone: list[tuple[Taken, ...]] = field(default_factory=list)  # each is what one redo does again
    dropped: bool = False  # whether older steps were forgotten

    def add(self, steps: Iterable[Taken]) -> None:
        """Steps were taken; what was undone before cannot be redone any more."""
        self.steps += steps
        self.undone.clear()
        while self.steps and (len(self.steps) > self.most or (len(self.steps) > 1 and memory_is_short())):
            del self.steps[0]  # its objects and memory are freed here
            self.dropped = True

    def undo(self, namespace: MutableMapping[str, object], count: int | None = None) -> Back:
        """Take back so many steps, or those of the last turn."""
        kept = len(self.steps)
        groups = [step.turn if count is None else (step.turn, step.step) for step in self.steps]
        for _ in range(1 if count is None else count):
            while kept and groups[kept - 1] == groups[-1]:
                kept -= 1
            del groups[kept:]
        back = _restore(self.steps[kept:][::-1], namespace)
        if back.steps:
            del self.steps[kept:]
            self.undone.append(back.steps)
        return back

    def redo(self, namespace: MutableMapping[str, object]) -> Back:
        """Do again what the last undo took back."""
        back = _restore(tuple(reversed(self.undone.pop())) if self.undone else (), namespace)
        self.steps += back.steps
        return back

    def offer(self) -> dict[str, Any]:
        """How many steps can be undone, how many of them are the last turn's, how many undos done again.

        Of the last step also its turn, the names that it touched, and what no undo can take back.
        """
        steps = self.steps[-1:]
        of_last = sum(step.turn == steps[0].turn for step in self.steps)
        cannot = {
            name: why for step in steps for name, why in {**step.record.said, **step.record.lasting}.items()
        }
        return {
            "steps": len(self.steps),
            "of_last_turn": of_last,
            "turn": steps[0].turn if steps else "",
            "redo": len(self.undone),
            "redo_turn": self.undone[-1][0].turn if self.undone else "",
            "names": [name for step in steps for name in step.record.names if name not in cannot],
            "cannot": cannot,
        }

    def clear(self) -> None:
        """Forget everything."""
        self.steps.clear()
        self.undone.clear()
        self.dropped = False


def taken(turn: str, checkpoints: Iterable[Checkpoint]) -> list[Taken]:
    """The steps of a turn; binding its result belongs to the last of them."""
    steps: list[Taken] = []
    for checkpoint in checkpoints:
        number = len({step.step for step in steps}) + checkpoint.content
        steps.append(Taken(turn, number, checkpoint.record))
    return steps


def _restore(steps: Sequence[Taken], namespace: MutableMapping[str, object]) -> Back:
    names: dict[str, None] = {}
    problems: dict[str, Change] = {}
    turned: list[Taken] = []
    for step in steps:
        restored = step.record.restore(namespace)
        turned.append(Taken(step.turn, step.step, restored.back))
        names |= dict.fromkeys(restored.names)
        problems |= {change.name: change for change in restored.not_undone}
    kept = tuple(name for name in names if name not in problems)
    return Back(kept, tuple(problems.values()), tuple(turned))
