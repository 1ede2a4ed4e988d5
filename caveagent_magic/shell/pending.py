"""A step that waits for its decision."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from caveagent_magic.events import Action, Decision, Event, Judged, to_json
from caveagent_magic.frozen import slotted
from caveagent_magic.ports import Inquiry
from caveagent_magic.shell.in_words import decision_from
from caveagent_magic.shell.questions import Questions

if TYPE_CHECKING:
    from caveagent_magic.shell.broker import Broker

RUNNING: frozenset[Action] = frozenset({"run", "adopt"})


def code_hash(code: str) -> str:
    """What an answer must repeat, so that it is about this code and no other."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()


@slotted
class PendingStep:
    """A step that waits; the first valid answer counts."""

    broker: Broker
    event: Judged
    code: str
    rehearsal: Event
    actions: tuple[Action, ...]
    rules: tuple[str, ...] = ()  # what remembering the answer would save
    inquiry: Inquiry | None = None
    questions: Questions = field(init=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    decision: Decision | None = None

    def __post_init__(self) -> None:
        self.questions = Questions(self.inquiry, self.broker.wake)

    @property
    def code_hash(self) -> str:
        """SHA-256 of the code."""
        return code_hash(self.code)

    def wait(self) -> Decision:
        """Block in short slices until somebody has answered."""
        return self.broker.wait(self)

    def take(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take the answer of a front end; gives the reply where it does not count."""
        if content.get("nonce") != self.nonce or content.get("code_hash") != self.code_hash:
            return {"status": "stale", "message": "This answer is about another step."}
        action, remember = content.get("action"), content.get("remember", False)
        code, note, untold = content.get("code", ""), content.get("note", ""), content.get("untold", False)
        if action not in self.actions:
            return _wrong(f"The action must be one of {', '.join(self.actions)}.")
        if not isinstance(code, str) or not isinstance(note, str) or (action == "edit" and not code.strip()):
            return _wrong("Edit needs the new code as text.")
        if not isinstance(untold, bool):
            return _wrong("untold must be true or false.")
        if mistake := _cannot_remember(remember, action, self):
            return _wrong(mistake)
        self.decision = Decision(action, code, note, remember=remember, untold=untold)
        return None

    def meanwhile(self) -> None:
        """Answer what front ends ask about the step; called on the main thread."""
        self.questions.answer()

    def on_stdin(self, ask: Callable[[str], str]) -> Decision:
        """Ask in words until the answer is one of those offered."""
        return decision_from(ask, self.actions, self.rules)

    def given_up(self) -> Decision:
        """The terminal was closed, or Ctrl-D."""
        return Decision("stop")

    def close(self) -> None:
        """Nothing more can be asked about the step."""
        self.questions.close()

    def to_json(self) -> dict[str, Any]:
        """What a front end needs to show the step and to answer it."""
        return {
            "turn": self.event.turn,
            "step": self.event.step,
            "nonce": self.nonce,
            "code": self.code,
            "code_hash": self.code_hash,
            "actions": list(self.actions),
            "rules": list(self.rules),
            "verdict": to_json(self.event)["verdict"],
            "rehearsal": to_json(self.rehearsal),
        }


def _wrong(message: str) -> dict[str, Any]:
    return {"status": "error", "message": message}


def _cannot_remember(remember: object, action: Action, pending: PendingStep) -> str:
    """Why an answer cannot be kept for later steps; empty: it can, or need not be."""
    if not isinstance(remember, bool):
        return "remember must be true or false."
    if remember and action not in RUNNING:
        return "Only an answer that lets the step run can be remembered."
    return "Nothing of this step can be remembered." if remember and not pending.rules else ""
