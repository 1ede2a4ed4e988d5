"""What the record answers of a cell, and what the cell adds to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.errors import CaveError, NoModel, UsageError
from caveagent_magic.events import Event, TurnEnded, TurnStarted
from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.models.base import Model
from caveagent_magic.ports import Task
from caveagent_magic.record.answers import keep, kept
from caveagent_magic.record.journal import Journal
from caveagent_magic.record.key import data_folder, default_path, key_at
from caveagent_magic.record.match import Match, match
from caveagent_magic.record.recorder import Recorder, Writer
from caveagent_magic.record.replay import NotReplayed, Replay
from caveagent_magic.record.schema import Schema, digest_of, options_of
from caveagent_magic.record.turns import Contents, Step, Turn, read
from caveagent_magic.rehearsal.process import interrupts_held
from caveagent_magic.rehearsal.undo.history import History
from caveagent_magic.security.policies.clauses import Clause, Layer
from caveagent_magic.shell.place import OFF, record_path

UNNAMED = (
    "The name of this notebook is not known here, so what you approve is not recorded: "
    "`%cave record NAME` does it."
)
NOT_IN_RECORD = "This cell, as it is written here, is not in the record {}."


@slotted
class Recording:
    """What goes on with the record in one turn."""

    replay: Replay | None = None  # None: the model is asked
    recorder: Recorder | None = None  # None: nothing is recorded
    words: str = ""
    missed: str = ""  # why the record does not answer this cell; empty: it does, or holds nothing
    answers: Path = field(default_factory=lambda: data_folder() / "answers")

    def unanswered(self, error: NoModel) -> CaveError:
        """There is no model, and the record has no answer either."""
        return NotReplayed(f"{self.missed} {error}") if self.missed else error

    def answered_by(self, model: Model) -> None:
        """This model is asked, or was."""
        if self.recorder:
            self.recorder.begun.update(model=model.name, small=model.small)

    def take(self, event: Event) -> Event:
        """Record what happened before it is told; the event, with what the record says of it."""
        with interrupts_held():
            if self.replay:
                event = self.replay.take(event)
            if self.recorder:
                replay = self.replay
                self.recorder.take(event, *((replay.step, replay.marks) if replay else ()))
        if isinstance(event, TurnEnded) and self.recorder and self.recorder.recorded:
            keep(self.answers, self.recorder.turn, event.answer)
        if isinstance(event, TurnStarted):
            departed = self.replay.departed if self.replay else ""
            return replace(event, replayed=bool(self.replay and not departed), record=departed or self.words)
        return event

    @property
    def replayed(self) -> Turn | None:
        """The turn that ran again as it was recorded; None: the model was asked, or there is none."""
        return self.replay.turn if self.replay and not self.replay.asked else None


@frozen
class Wanted:
    """What one cell asks of the record."""

    model: str = ""  # that the cell names
    fresh: bool = False  # ask anew, whatever is recorded
    only: bool = False  # nothing that is not recorded
    resumed: Turn | None = None  # the turn to go on with


@slotted
class Record:
    """The record of the notebook, from turn to turn."""

    variables: Callable[[], Mapping[str, object]]
    namespace: Mapping[str, object]
    plain: Callable[[str], str]
    disclosure: Disclosure = field(default_factory=Disclosure)
    setting: Callable[[], str] = str
    named: str = ""  # by the person, in this session
    paths: dict[str, Path | None] = field(default_factory=dict)  # a relative one keeps its folder
    told: bool = False  # that the name of the notebook is not known
    writer: Writer | None = None
    lines: tuple[bytes, ...] = ()
    contents: Contents | None = None  # of these lines
    undone: dict[str, bool] = field(default_factory=dict)  # turns of the record, and whether they are undone
    ran_as: dict[str, str] = field(default_factory=dict)  # turns of this session to turns of the record

    def journal(self) -> Journal | None:
        """The file; None: there is none."""
        named = self.named or self.setting() or os.environ.get("CAVEAGENT_RECORD", "")
        if not self.paths.get(named):
            self.paths[named] = record_path(named, self.namespace)
        path = self.paths[named]
        return None if path is None else Journal(path)

    @property
    def is_off(self) -> bool:
        """Whether the person wants nothing recorded."""
        return OFF in (self.named, self.setting(), os.environ.get("CAVEAGENT_RECORD"))

    def name(self, path: str) -> None:
        """Record there from now on."""
        self.named, self.writer = path, None

    def opened(self) -> tuple[Writer, Contents]:
        """The record and what is in it; raises `CaveError`."""
        journal = self.journal()
        if journal is None:
            raise UsageError(UNNAMED)
        key = key_at(default_path())
        if self.writer is None or (self.writer.journal, self.writer.key) != (journal, key):
            self.writer = Writer(key, journal, lambda text: print(text, file=sys.stderr))
            self.contents = None
        if self.writer.waiting:  # for room on the disk
            self.writer.write()
        lines = journal.lines()
        if self.contents is None or lines != self.lines:
            self.lines, self.contents = lines, read(lines, key, journal.notebook)
        return self.writer, self.contents

    def begin(self, task: Task, wanted: Wanted, live: Callable[[], Model]) -> Recording:
        """What the record does in the turn that begins; raises `NotReplayed`."""
        only = wanted.only or os.environ.get("CAVEAGENT_REPLAY") == "only"
        try:
            writer, contents = self.opened()
        except CaveError as error:
            if only:
                raise NotReplayed(f"Nothing can be replayed: {error}") from None
            return Recording(words=self._once(error))
        if contents.locked and wanted.fresh:
            raise UsageError("This notebook is locked to its record. `%cave lock off` opens it.")
        return self._begun(task, wanted, only or contents.locked, live, writer, contents)

    def _begun(
        self,
        task: Task,
        wanted: Wanted,
        only: bool,
        live: Callable[[], Model],
        writer: Writer,
        contents: Contents,
    ) -> Recording:
        schema, options = Schema(self.variables), options_of(task, wanted.model)
        asked = digest_of(task.prompt, options)
        found = match(contents, asked, schema)
        if found.turn and self.undone.get(found.turn.id):  # in this session, and the cell is run once more
            found = Match(None, f"What was recorded on {found.turn.when} was undone.")
        turn = wanted.resumed or (None if wanted.fresh else found.turn)
        reason = found.reason or NOT_IN_RECORD.format(writer.journal.path.name)
        if turn is None and only:
            raise NotReplayed(f"{reason} Only what is recorded may run here.")
        replayed = () if turn is None or wanted.resumed else turn.steps
        schema.settle((name for step in replayed for name in step.marks) if replayed else schema)
        begun = {"request": task.prompt, "options": options, "asked": asked}
        recorder = Recorder(
            writer, task.turn, begun, schema, self.namespace, self.plain, self._made,
            resumes=wanted.resumed, replaying=turn is not None,
        )  # fmt: skip
        self.ran_as[task.turn] = turn.id if turn else task.turn
        if turn is None:
            words = f"Asked anew: {found.reason}" if found.reason and not wanted.fresh else ""
            missed = "" if wanted.fresh or not (contents.turns or contents.faults) else reason
            return Recording(recorder=recorder, words=words, missed=missed)
        answer = kept(data_folder() / "answers", turn.id)
        replay = Replay(
            turn, writer.key, self.namespace, self.disclosure.told, _if_allowed(live, only),
            self._made_again, answer,
        )  # fmt: skip
        what = f"Going on with the turn of {turn.when}" if wanted.resumed else "Replayed"
        again = (
            f"approved on {turn.when} runs" if turn.ended != "plan" else f"planned on {turn.when} is shown"
        )
        words = f"{what}: what was {again} again, and no model is asked for it."
        return Recording(replay, recorder, words)

    def follow(self, history: History, *, in_a_cell: bool) -> None:
        """After an undo or a redo: what the person undid is not replayed, until they do it again.

        What was undone in a cell is undone again when all cells are run, so in the record it still stands.
        """
        undone = {step.turn for group in history.undone for step in group}
        now = {self.ran_as[turn]: turn in undone for turn in self.ran_as}
        changed = {turn: state for turn, state in now.items() if state != self.undone.get(turn, False)}
        if in_a_cell:
            self.undone |= changed
        if in_a_cell or not changed or self.journal() is None:
            return
        try:
            writer, contents = self.opened()
        except CaveError as error:
            print(error, file=sys.stderr)
            return
        for turn, state in changed.items():
            if known := contents.turns.get(turn):
                number, after = len(known.signatures), known.signatures[-1]
                writer.write(
                    writer.sealed("withdrawn", turn=turn, number=number, after=after, withdrawn=state)[0]
                )
        self.undone |= changed

    def _made(self, names: Sequence[str]) -> Mapping[str, Any]:
        return self.disclosure.made(names, self.namespace)

    def _made_again(self, step: Step) -> None:
        self.disclosure.made_again(step.results, step.privacy, self.namespace)

    def protected(self) -> Layer:
        """No step reads the key or changes what is recorded."""
        journal, key = self.journal(), str(default_path().absolute())
        clauses = [Clause("read_file", "deny", key)]
        for path in (key, *([str(journal.path)] if journal else [])):
            clauses += [Clause("write_file", "deny", path), Clause("delete_file", "deny", path)]
        return Layer("built in", "built in", tuple(clauses))

    def _once(self, error: CaveError) -> str:
        """Why nothing is recorded; that the name is not known is said only once."""
        if not isinstance(error, UsageError):
            return str(error)
        told, self.told = self.told or self.is_off, True
        return "" if told else UNNAMED


def _if_allowed(live: Callable[[], Model], only: bool) -> Callable[[str], Model]:
    """The model that goes on where the record ends; raises `NotReplayed` where none may."""

    def model(departed: str) -> Model:
        if only:
            raise NotReplayed(f"{departed} Only what is recorded may run here.".strip())
        try:
            return live()
        except NoModel as error:
            raise NotReplayed(f"{departed} {error}".strip()) from None

    return model
