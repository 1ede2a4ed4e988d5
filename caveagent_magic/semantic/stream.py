"""The conversation of one notebook with the model: history, budget, compaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from caveagent_magic.events import Message, Request, VariableCard

CHARS_PER_TOKEN = 3.5
KEPT_OBSERVATIONS = 2
DIGEST_CHARS = 200


@dataclass(slots=True)
class Stream:
    """What the model has been told and has answered; the person resets it with `%cave reset`."""

    context_tokens: int = 100_000
    messages: tuple[Message, ...] = ()
    cards: dict[str, VariableCard] = field(default_factory=dict)  # as the model knows them

    def tell(self, text: str) -> None:
        """Add what the model is to read; two in a row become one message."""
        if self.messages and self.messages[-1].role == "user":
            self.messages = (*self.messages[:-1], Message("user", f"{self.messages[-1].text}\n\n{text}"))
        else:
            self.messages = (*self.messages, Message("user", text))

    def answered(self, text: str) -> None:
        """Add what the model replied."""
        self.messages = (*self.messages, Message("assistant", text))

    def request(self, system: str) -> Request:
        """The next request; when the context would overflow, old observations are shortened first."""
        if _tokens(system, self.messages) > self.context_tokens:
            self.messages = _compacted(self.messages)
        while _tokens(system, self.messages) > self.context_tokens and len(self.messages) > 2:
            self.messages = self.messages[2:]
            self.cards = {}
        return Request(system, self.messages)

    def reset(self) -> None:
        """Forget the conversation."""
        self.messages, self.cards = (), {}

    def copy(self) -> Stream:
        """The conversation as it is now, for `restore`."""
        return Stream(self.context_tokens, self.messages, dict(self.cards))

    def restore(self, known: Stream) -> None:
        """Go back to a copy."""
        self.messages, self.cards = known.messages, dict(known.cards)


def _tokens(system: str, messages: Sequence[Message]) -> int:
    return int((len(system) + sum(len(message.text) for message in messages)) / CHARS_PER_TOKEN)


def _compacted(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """All but the last observations cut to a digest, in one go so that the prefix changes seldom."""
    told = [index for index, message in enumerate(messages) if message.role == "user"]
    old = set(told[1:-KEPT_OBSERVATIONS])
    return tuple(
        replace(message, text=_digest(message.text)) if index in old else message
        for index, message in enumerate(messages)
    )


def _digest(text: str) -> str:
    if len(text) <= 2 * DIGEST_CHARS:
        return text
    left_out = len(text) - DIGEST_CHARS
    return f"{text[:DIGEST_CHARS]}\n… {left_out:,} characters of this earlier message left out"
