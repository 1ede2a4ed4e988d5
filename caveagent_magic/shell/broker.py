"""Who decides: one step or question that waits, fed by control requests, widget messages or stdin."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from caveagent_magic import __version__
from caveagent_magic.events import VERSION, Action, Event, Judged, Question
from caveagent_magic.frozen import slotted
from caveagent_magic.ports import Inquiry
from caveagent_magic.shell.asked_back import PendingQuestion
from caveagent_magic.shell.pending import PendingStep
from caveagent_magic.shell.questions import STALE
from caveagent_magic.shell.questions import VERBS as QUESTIONS

SLICE = 0.1  # seconds; short waits let an interrupt through
PRESENT = 60.0  # seconds that a front end counts as being there after its hello
GRACE = 3.0  # seconds that a front end has to announce itself before stdin asks
LAB = "lab"  # how the JupyterLab extension calls itself


T = TypeVar("T")


class Waiting(Protocol[T]):
    """Something that the turn waits for."""

    decision: T | None

    def meanwhile(self) -> None:
        """What the main thread does between two slices."""

    def on_stdin(self, ask: Callable[[str], str]) -> T:
        """The answer, asked for in words."""

    def given_up(self) -> T:
        """What counts when stdin was closed."""

    def close(self) -> None:
        """It waits no longer."""


class Broker:
    """Thread-safe: requests come from any thread, `wait` runs on the main thread."""

    def __init__(self, may_ask: Callable[[], bool], ask: Callable[[str], str], grace: float = GRACE) -> None:
        self._may_ask, self._ask, self._grace = may_ask, ask, grace
        self._changed = threading.Condition()
        self._pending: PendingStep | PendingQuestion | None = None
        self._rehearsing: Rehearsing | None = None
        self.clients: dict[str, float] = {}  # front ends, and when they were last heard
        self._heard_in_turn = False
        self._in_stdin = False
        self._turn_running = False
        self._to_stop = False  # a stop was asked for in this turn and is not obeyed yet
        self.log: Callable[[], list[dict[str, Any]]] = list
        self.undoable: Callable[[], dict[str, Any]] = dict  # what can be undone between two turns

    # ------------------------------------------------------------ the turn's side, main thread

    def attended(self) -> bool:
        """Whether a front end has announced itself or a person can be asked on stdin."""
        now = time.monotonic()
        return (
            self._heard_in_turn or self._may_ask() or any(now - at < PRESENT for at in self.clients.values())
        )

    def begin(self, log: Callable[[], list[dict[str, Any]]]) -> None:
        """A turn begins; `log` gives its events so far."""
        with self._changed:
            self._turn_running, self._heard_in_turn, self._to_stop, self.log = True, False, False, log

    def obey(self) -> None:
        """Raise `KeyboardInterrupt` where a stop was asked for and its interrupt came to nothing.

        Python drops an interrupt that falls into a finaliser, and the code of a step may catch it.
        """
        if self._to_stop:
            raise KeyboardInterrupt

    def obeyed(self) -> None:
        """The turn takes notice of the stop."""
        self._to_stop = False

    def end(self) -> None:
        """The turn is over: later answers are stale."""
        with self._changed:
            self._turn_running, self._pending = False, None

    def open(
        self,
        judged: Judged,
        code: str,
        rehearsal: Event,
        actions: tuple[Action, ...],
        rules: tuple[str, ...] = (),
        inquiry: Inquiry | None = None,
    ) -> PendingStep:
        """Make a step answerable."""
        pending = PendingStep(self, judged, code, rehearsal, actions, rules, inquiry)
        with self._changed:
            self._pending = pending
        return pending

    def ask(self, question: Question, turn: str, step: int) -> PendingQuestion:
        """Make a question of the model answerable."""
        pending = PendingQuestion(self, question, turn, step)
        with self._changed:
            self._pending = pending
        return pending

    @contextmanager
    def rehearsing(self, turn: str, step: int) -> Iterator[Callable[[], bool]]:
        """A rehearsal is under way; gives what tells whether the person does not want to wait for it."""
        rehearsing = Rehearsing(turn, step)
        with self._changed:
            self._rehearsing = rehearsing
        try:
            yield lambda: rehearsing.cut or self._to_stop
        finally:
            with self._changed:
                self._rehearsing = None

    def wait(self, pending: Waiting[T]) -> T:
        """The answer; asks on stdin when no front end is heard of."""
        asked_at = time.monotonic()
        try:
            while True:
                with self._changed:
                    if pending.decision is None:
                        self._changed.wait(SLICE)
                    if pending.decision is not None:
                        return pending.decision
                self.obey()
                pending.meanwhile()
                if self._stdin_is_due(asked_at):
                    self._ask_on_stdin(pending)
        finally:
            pending.close()
            with self._changed:
                self._pending = None

    def wake(self) -> None:
        """Something was asked: the main thread need not wait for the end of its slice."""
        with self._changed:
            self._changed.notify_all()

    def _stdin_is_due(self, asked_at: float) -> bool:
        if self._heard_in_turn or not self._may_ask():
            return False
        return time.monotonic() - asked_at >= self._grace

    def _ask_on_stdin(self, pending: Waiting[T]) -> None:
        """Ask in words; a decision that comes in meanwhile by another way ends the question."""
        try:
            with self._changed:
                if pending.decision is not None:
                    return
                self._in_stdin = True
            decision = pending.on_stdin(self._ask)
            with self._changed:
                if self._in_stdin and pending.decision is None:
                    pending.decision = decision
                interrupted, self._in_stdin = not self._in_stdin, False
            if interrupted:
                time.sleep(1)  # the interrupt that withdrew the question is on its way
        except EOFError:
            with self._changed:
                self._in_stdin = False
                if pending.decision is None:
                    pending.decision = pending.given_up()
        except KeyboardInterrupt:
            with self._changed:
                self._in_stdin = False
                if pending.decision is None:
                    raise

    # ------------------------------------------------------------ the front ends' side, any thread

    def question(self, content: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Ask about the step that waits; answered by the main thread."""
        with self._changed:
            pending, self._heard_in_turn = self._pending, True
        if isinstance(pending, PendingStep) and content.get("nonce") == pending.nonce:
            return pending.questions.ask(content)
        stale: Future[dict[str, Any]] = Future()
        stale.set_result(STALE)
        return stale

    def request(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Answer one request of a front end; never raises."""
        verb = content.get("verb")
        answer = {
            "hello": self._hello,
            "state": self._state,
            "decide": self._decide,
            "answer": self._answer,
            "cancel": self._cancel,
            "cut_rehearsal": self._cut_rehearsal,
        }.get(str(verb))
        if answer is None:
            known = "hello, state, decide, answer, cancel, cut_rehearsal"
            return {"status": "error", "message": f"There is no verb {verb!r}: {known}."}
        with self._changed:
            self._heard_in_turn = True
            return answer(content)

    def _hello(self, content: Mapping[str, Any]) -> dict[str, Any]:
        self.clients[str(content.get("client", "unnamed"))] = time.monotonic()
        features = ["state", "decide", "answer", "cancel", "cut_rehearsal", *QUESTIONS]
        return {"status": "ok", "version": __version__, "protocol": VERSION, "features": features}

    def _state(self, content: Mapping[str, Any]) -> dict[str, Any]:
        waits = self._pending if self._pending and self._pending.decision is None else None
        return {
            "status": "ok",
            "running": self._turn_running,
            "pending": [waits.to_json()] if isinstance(waits, PendingStep) else [],
            "question": waits.to_json() if isinstance(waits, PendingQuestion) else None,
            "rehearsing": self._rehearsing.to_json() if self._rehearsing else None,
            "events": self.log() if self._turn_running else [],
            "undo": self.undoable(),
        }

    def _decide(self, content: Mapping[str, Any]) -> dict[str, Any]:
        pending = self._pending
        if not isinstance(pending, PendingStep) or pending.decision is not None:
            return {"status": "stale", "message": "No step waits for an answer."}
        return pending.take(content) or self._settled()

    def _answer(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the question that the model asked back; an empty answer leaves it to the model."""
        pending = self._pending
        if not isinstance(pending, PendingQuestion) or pending.decision is not None:
            return {"status": "stale", "message": "No question waits for an answer."}
        return pending.take(content) or self._settled()

    def _settled(self) -> dict[str, Any]:
        """What waited has its answer; a question on stdin is withdrawn."""
        self._changed.notify_all()
        if self._in_stdin:
            self._in_stdin = False
            _interrupt_main_thread()
        return {"status": "ok"}

    def _cut_rehearsal(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """End the rehearsal early; the step is then asked about as always, with what was seen so far."""
        rehearsing = self._rehearsing
        if rehearsing is None:
            return {"status": "stale", "message": "No rehearsal is under way."}
        if {"turn": content.get("turn"), "step": content.get("step")} != rehearsing.to_json():
            return {"status": "stale", "message": "This answer is about another step."}
        rehearsing.cut = True
        return {"status": "ok"}

    def _cancel(self, content: Mapping[str, Any]) -> dict[str, Any]:
        if not self._turn_running:
            return {"status": "stale", "message": "No turn is running."}
        self._to_stop = True
        _interrupt_main_thread()
        return {"status": "ok"}


@slotted
class Rehearsing:
    """A rehearsal that is under way."""

    turn: str
    step: int
    cut: bool = False  # the person does not want to wait for its end

    def to_json(self) -> dict[str, Any]:
        """What a front end repeats to end it."""
        return {"turn": self.turn, "step": self.step}


def may_ask(kernel: Any) -> bool:
    """Whether a person can be asked on stdin: nbclient, papermill and pipes say no."""
    if kernel is None:
        return sys.stdin is not None and sys.stdin.isatty() and "CI" not in os.environ
    parent = kernel.get_parent("shell") or {}
    return bool(parent.get("content", {}).get("allow_stdin", False))


def _interrupt_main_thread() -> None:
    """As the stop button does; a real signal also wakes a blocking system call."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)
