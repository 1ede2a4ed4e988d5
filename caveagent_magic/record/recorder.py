"""Writes a turn down while it happens: each approved step before it runs, and again when it has run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, TypeAlias

from caveagent_magic import events as ev
from caveagent_magic.frozen import slotted
from caveagent_magic.record.fingerprint import mark_of_outputs, marks_of
from caveagent_magic.record.journal import CannotRecord, Journal
from caveagent_magic.record.key import Key
from caveagent_magic.record.line import seal, signature_of
from caveagent_magic.record.schema import address_of, read_and_bound
from caveagent_magic.record.turns import VERSION, Kind, Step, Turn

Marks: TypeAlias = Mapping[str, str | None]
DEAD = ("Z", "X")  # a process that ended, and that its parent has not asked after yet
NOT_JUDGED = ev.Verdict("ask")
RUNNING: frozenset[ev.Action] = frozenset({"run", "adopt"})


@slotted
class Writer:
    """Adds signed lines to the record of a notebook; what cannot be written waits for the next time."""

    key: Key
    journal: Journal
    warn: Callable[[str], None]
    now: Callable[[], datetime] = lambda: datetime.now().astimezone()
    waiting: list[bytes] = field(default_factory=list)

    def sealed(self, kind: Kind, **more: Any) -> tuple[bytes, str]:
        """A line, and its signature."""
        time = self.now().isoformat(timespec="seconds")
        base = {"version": VERSION, "kind": kind, "notebook": self.journal.notebook, "time": time}
        line = seal(self.key, {**base, **more})
        return line, signature_of(line)

    def write(self, *lines: bytes) -> None:
        """On the disk when this returns, or else the person was warned."""
        self.waiting += lines
        try:
            self.journal.append(self.waiting)
        except CannotRecord as error:
            self.warn(str(error))
        else:
            self.waiting.clear()


@slotted
class Recorder:
    """The record of one turn."""

    writer: Writer
    turn: str
    begun: dict[str, Any]  # what the first line tells of the request
    schema: Mapping[str, str]  # of all variables, as they were before the turn
    namespace: Mapping[str, object]
    plain: Callable[[str], str]
    made: Callable[[Sequence[str]], Mapping[str, Any]] = lambda names: {}  # which of them are results
    resumes: Turn | None = None  # a turn that a dead kernel began, and that is in the record already
    replaying: bool = False  # what the record itself approves is held back
    held: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)  # of the lines so far
    _approvals: int = 0  # in this turn so far, replayed ones among them
    _code: str = ""
    _verdict: ev.Verdict = NOT_JUDGED
    _shown: tuple[ev.Effect, ...] = ()
    _used: dict[str, str] = field(default_factory=dict)
    _asked: str = ""
    _answers: list[list[str]] = field(default_factory=list)  # with their questions, until the next step
    _bound: frozenset[str] = frozenset()  # names that steps of this turn have bound

    def __post_init__(self) -> None:
        if self.resumes:
            self.turn = self.resumes.id
            self.signatures += self.resumes.signatures
            self._used.update(self.resumes.schema)

    @property
    def recorded(self) -> bool:
        """Whether this turn is in the record, or is being written there."""
        return bool(self.signatures) and not self.replaying

    def take(self, event: ev.Event, earlier: Step | None = None, marks: Marks | None = None) -> None:
        """Write down what this event tells; `earlier` is the step that the record has approved.

        `marks` are the fingerprints of the results, where they are known already.
        """
        match event:
            case ev.CodeProposed():
                self._code, self._shown = event.code, ()
            case ev.Judged():
                self._verdict = event.verdict
            case ev.Rehearsed():
                self._shown = event.effects
            case ev.QuestionAsked():
                self._asked = event.question.text
            case ev.QuestionAnswered():
                self._answers.append([self._asked, event.answer])
            case ev.Decided() if event.action in RUNNING:
                self._approved(event, earlier if event.by == "record" else None)
            case ev.Ran():
                self._ran(event, marks)
            case ev.TurnEnded():
                self._ended(event)

    def _ended(self, event: ev.TurnEnded) -> None:
        readable = self._verdict is not NOT_JUDGED and self._verdict.decision != "deny"
        if event.reason == "plan" and readable and not self.replaying:
            self._step("planned", event.step, by="")
        if self.signatures:
            self.replaying = self.replaying and self.resumes is None
            address = address_of(self.begun["asked"], self._used)
            self._add("ended", reason=event.reason, address=address)

    def _approved(self, decided: ev.Decided, earlier: Step | None) -> None:
        if self.replaying and earlier is None:  # from here on the turn is another one than the recorded
            self.replaying = False
            self.writer.write(*self.held)
            self.held.clear()
        shown = earlier.effects if earlier else self._shown if decided.by == "user" else ()
        by = earlier.by if earlier else decided.by
        answers = [list(each) for each in earlier.answers] if earlier else self._answers
        self._step("approved", decided.step, by, shown, answers, untold=decided.untold)
        self._approvals += 1

    def _step(
        self,
        kind: Kind,
        number: int,
        by: str,
        shown: Sequence[ev.Effect] = (),
        answers: Sequence[Sequence[str]] | None = None,
        *,
        untold: bool = False,
    ) -> None:
        if not self.signatures:
            self._add("turn", process=process(), **self.begun)
        reads, bound = read_and_bound(self.plain(self._code))
        schema = {name: self.schema[name] for name in sorted((reads - self._bound) & self.schema.keys())}
        self._bound |= bound
        self._used.update(schema)
        self._add(
            kind,
            step=number,
            follows=self._approvals,
            code=self._code,
            judgement=self._verdict.decision,
            findings=sorted([each.capability, each.target] for each in self._verdict.findings),
            by=by,
            effects=[[each.capability, each.target] for each in shown],
            schema=schema,
            untold=untold,
            answers=self._answers if answers is None else answers,
        )
        self._answers = []

    def _ran(self, event: ev.Ran, known: Marks | None) -> None:
        touched = [change.name for change in (*event.changes.added, *event.changes.changed)]
        marks = marks_of(self.namespace, touched, self.writer.key) if known is None else known
        self._add(
            "ran",
            marks={name: marks[name] for name in touched if name in marks},
            output=mark_of_outputs(event.outputs, self.writer.key),
            error=error_in(event.outputs),
            **self.made(touched),
        )

    def _add(self, kind: Kind, **more: Any) -> None:
        if self.replaying and self.resumes:
            return  # it is in the record already
        after = self.signatures[-1] if self.signatures else ""
        line, signature = self.writer.sealed(
            kind, turn=self.turn, number=len(self.signatures), after=after, **more
        )
        self.signatures.append(signature)
        if self.replaying:
            self.held.append(line)
        else:
            self.writer.write(line)


def error_in(outputs: tuple[ev.Output, ...]) -> str:
    """The name of the error that the code ended with; empty: none."""
    errors = [str(output["ename"]) for output in outputs if output["output_type"] == "error"]
    return errors[-1] if errors else ""


def process() -> dict[str, Any]:
    """What tells this process from any other on this machine."""
    return {"pid": os.getpid(), "started": started(os.getpid())}


def started(pid: int) -> str:
    """When a process was started, in the kernel's own ticks; empty: it is gone, or that is not told here."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] in DEAD else fields[19]
    except (OSError, IndexError):
        return ""


def is_alive(process: Mapping[str, Any]) -> bool:
    """Whether the kernel that recorded this still runs."""
    if process["started"]:
        return bool(started(process["pid"]) == process["started"])
    try:
        os.kill(process["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
