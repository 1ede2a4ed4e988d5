"""The steps that can be taken back, and the undos that can be."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import field
from typing import Any

from caveagent_magic.events import Change
from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.rehearsal.checkpoint import Checkpoint
from caveagent_magic.rehearsal.undo.pressure import memory_is_short
from caveagent_magic.rehearsal.undo.record import Record


@frozen
class Taken:
    """One step that was taken."""

    turn: str
    step: int
    record: Record

    @property
    def group(self) -> tuple[str, int]:
        """The step of the turn; binding the result of a turn is a part of its last step."""
        return self.turn, self.step

    @property
    def cannot(self) -> dict[str, str]:
        """What no undo takes back, and why."""
        return {**self.record.said, **self.record.lasting}

    @property
    def undoable(self) -> list[str]:
        """The names that it touched and that can be given back."""
        return [name for name in self.record.names if name not in self.cannot]


@frozen
class Back:
    """What came of going back, or forth again, by some steps."""

    names: tuple[str, ...]  # as they were
    not_undone: tuple[Change, ...]
    steps: tuple[Taken, ...]  # with what leads back again


@slotted
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
        groups = [step.turn if count is None else step.group for step in self.steps]
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
        """What an undo from here takes back: the last steps, down to one that changed something.

        `steps` and `of_last_turn` count from that one back, `idle` counts those after it, which come along.
        """
        groups = list(dict.fromkeys(step.group for step in self.steps))
        changing = {step.group for step in self.steps if step.undoable}
        idle = next((n for n, group in enumerate(reversed(groups)) if group in changing), len(groups))
        kept = groups[: len(groups) - idle]
        turn = kept[-1][0] if kept else ""
        back = [step for step in self.steps if step.group in (*kept[-1:], *groups[len(kept) :])]
        cannot = {name: why for step in back for name, why in step.cannot.items()}
        return {
            "steps": len(kept),
            "of_last_turn": sum(group[0] == turn for group in kept),
            "turn": turn,
            "idle": idle,
            "last_turn": groups[-1][0] if groups else "",
            "redo": len(self.undone),
            "redo_turn": self.undone[-1][-1].turn if self.undone else "",
            "names": list(dict.fromkeys(name for step in back for name in step.undoable)),
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
