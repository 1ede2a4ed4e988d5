"""A question of the model that waits for its answer."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, field
from typing import TYPE_CHECKING, Any

from caveagent_magic.events import Question
from caveagent_magic.frozen import slotted

if TYPE_CHECKING:
    from caveagent_magic.shell.broker import Broker

YOURS = "Your answer (empty: the model decides and says how): "


@slotted
class PendingQuestion:
    """The first answer that fits counts; an empty one leaves it to the model."""

    broker: Broker
    question: Question
    turn: str
    step: int
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    decision: str | None = None

    def wait(self) -> str:
        """Block in short slices until somebody has answered."""
        return self.broker.wait(self)

    def take(self, content: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take the answer of a front end; gives the reply where it does not count."""
        if content.get("nonce") != self.nonce:
            return {"status": "stale", "message": "This answer is about another question."}
        answer = content.get("answer")
        self.decision = accepted(self.question, answer) if isinstance(answer, str) else None
        if self.decision is None:
            return {"status": "error", "message": f"The answer must be {_expected(self.question)}."}
        return None

    def meanwhile(self) -> None:
        """Nothing is asked about a question."""

    def on_stdin(self, ask: Callable[[str], str]) -> str:
        """Ask in words until the answer fits."""
        options = (f"  {number}  {option}" for number, option in enumerate(self.question.options, 1))
        question = "\n".join((self.question.text, *options, YOURS))
        while (answer := accepted(self.question, ask(question), numbered=True)) is None:
            pass
        return answer

    def given_up(self) -> str:
        """The terminal was closed: nobody answers."""
        return ""

    def close(self) -> None:
        """It waits no longer."""

    def to_json(self) -> dict[str, Any]:
        """What a front end needs to ask it and to answer it."""
        question = {**asdict(self.question), "options": list(self.question.options)}
        return {"turn": self.turn, "step": self.step, "nonce": self.nonce, "question": question}


def accepted(question: Question, answer: str, *, numbered: bool = False) -> str | None:
    """The answer in the words of the question; None: it does not fit."""
    answer = answer.strip()
    if not answer:
        return ""
    if question.kind == "number":
        return answer if _is_number(answer) else None
    if numbered and answer.isdecimal() and 1 <= int(answer) <= len(question.options):
        return question.options[int(answer) - 1]
    return answer if answer in question.options else None


def _expected(question: Question) -> str:
    """What an answer has to be, in words."""
    return "a number" if question.kind == "number" else f"one of {', '.join(question.options)}"


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
