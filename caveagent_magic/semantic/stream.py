"""The conversation of one notebook with the model: history, budget, compaction.

What was sent stays as it was from request to request, so that a server finds the beginning in its cache.
It is shortened in big rare steps only: between two turns when many are kept, or when the context is full.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import field, replace

from caveagent_magic.events import Message, Picture, Request, VariableCard
from caveagent_magic.frozen import slotted
from caveagent_magic.semantic.earlier import Past, Turn, digest

CHARS_PER_TOKEN = 3.5
NO_PAST = Past()
NONE_ATTACHED: tuple[str, tuple[Picture, ...]] = ("", ())
MOST_TURNS = 4  # that ended and are kept word for word; one more, and they are shortened
KEPT_TURNS = 2  # the newest of them then stay
KEPT_OBSERVATIONS = 2
DIGEST_CHARS = 200
LEFT_AFTER = 0.6  # of the context, so that it is not shortened again at the next step
REPLACED = 0.35  # of the tokens that are taken out may come back as their digest and as cards
DIGEST_SHARE, LEAST_DIGEST, LEAST_CARDS = 0.4, 100, 150
LEAST_SCALE, MOST_SCALE = 0.8, 2.0  # a server may leave tokens out that it had cached
SETTLED = 0.5  # of the context, beyond which a new turn begins with a shorter history


def rough(text: str) -> int:
    """About how many tokens a text is."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


@slotted
class Stream:
    """What the model has been told and has answered; the person resets it with `%cave reset`."""

    context_tokens: int = 100_000
    messages: tuple[Message, ...] = ()
    cards: dict[str, VariableCard] = field(default_factory=dict)  # as the model knows them
    notes: tuple[str, ...] = ()  # what happened between two turns, for the next request
    estimate: Callable[[str], int] = rough
    scale: float = 1.0  # the model's own count of tokens by the estimate
    turns: tuple[Turn, ...] = ()  # that are in the messages
    past: Past = NO_PAST  # turns that are not any more
    told_in: dict[str, int] = field(default_factory=dict)  # the turn in which each card was told
    attached: tuple[str, tuple[Picture, ...]] = NONE_ATTACHED  # a line, and the pictures that it speaks of
    card_tokens: int | None = None  # that the cards may cost from now on; None: as many as the task says

    def open(self, prompt: str, message: str) -> None:
        """Begin a turn with what the model is to read first."""
        self.tell(message)
        number = self.turns[-1].number + 1 if self.turns else self.past.count + 1
        self.turns = (*self.turns, Turn(number, len(self.messages) - 1, prompt))

    def close(self, names: Collection[str]) -> None:
        """The turn has ended and has touched these names."""
        if self.turns:
            self.turns = (*self.turns[:-1], replace(self.turns[-1], names=tuple(names)))

    def tell(self, text: str) -> None:
        """Add what the model is to read; two in a row become one message."""
        line, pictures = self.attached
        told, self.attached = Message("user", text, pictures if line and line in text else ()), NONE_ATTACHED
        if self.messages and self.messages[-1].role == "user":
            last = self.messages[-1]
            told = Message("user", f"{last.text}\n\n{text}", (*last.pictures, *told.pictures))
            self.messages = self.messages[:-1]
        self.messages = (*self.messages, told)

    def attach(self, line: str, pictures: tuple[Picture, ...]) -> None:
        """What is told next goes with these pictures, if it holds the line that speaks of them."""
        self.attached = (line, pictures)

    def show(self, cards: dict[str, VariableCard]) -> None:
        """These are all the cards that the model knows now."""
        number = self.turns[-1].number if self.turns else self.past.count
        fresh = {name for name, card in cards.items() if self.cards.get(name) != card}
        self.told_in = {name: number if name in fresh else self.told_in.get(name, number) for name in cards}
        self.cards = dict(cards)

    def note(self, text: str) -> None:
        """Keep for the next turn what the person did meanwhile."""
        self.notes = (*self.notes, text)

    def noted(self, text: str) -> str:
        """The message below all that was noted; nothing is left noted."""
        notes, self.notes = self.notes, ()
        return "\n\n".join((*notes, text))

    def answered(self, text: str) -> None:
        """Add what the model replied."""
        self.messages = (*self.messages, Message("assistant", text))

    def count(self, text: str) -> int:
        """About how many tokens a text is, in the model's own measure as far as that is known."""
        return math.ceil(self.estimate(text) * self.scale)

    def measure(self, request: Request, tokens: int) -> None:
        """Learn from the server's own count how far the estimate is off."""
        tokens -= _pictured(request.messages)
        estimated = self.estimate(request.system) + sum(map(self.estimate, _texts(request.messages)))
        if tokens > 0 and estimated > 0:
            self.scale = min(MOST_SCALE, max(LEAST_SCALE, tokens / estimated))

    def spent_on(self) -> int:
        """Tokens of what the model has read since the turn began, its opening not counted."""
        start = self.turns[-1].start if self.turns else 0
        return sum(self.count(each.text) for each in self.messages[start + 1 :] if each.role == "user")

    def settle(self, system: str, keep: Callable[[str], int]) -> str:
        """Between two turns: take old ones out of the conversation; their digest, for the next message.

        `keep` takes their full text and tells the number under which code finds it.
        """
        crowded = self._tokens(system) > SETTLED * self.context_tokens
        if len(self.turns) <= (1 if crowded else MOST_TURNS):
            return ""
        kept = KEPT_TURNS
        while crowded and kept and self._size(len(self.turns) - kept) > SETTLED / 2 * self.context_tokens:
            kept -= 1
        gone = self.turns[: len(self.turns) - kept]
        ends = [turn.start for turn in self.turns[1:]] + [len(self.messages)]
        told = [self.messages[turn.start : end] for turn, end in zip(gone, ends, strict=False)]
        self.past = self.past.with_turns(gone, told, keep)
        room = int(REPLACED * (self._size(0) - (self._size(len(self.turns) - kept) if kept else 0)))
        self._drop(kept)
        self.card_tokens = max(LEAST_CARDS, int(room * (1 - DIGEST_SHARE)))
        return digest(self.past, self.count, max(LEAST_DIGEST, int(room * DIGEST_SHARE)))

    def request(self, system: str) -> Request:
        """The next request; when the context would overflow, the history is shortened first."""
        if self._tokens(system) > self.context_tokens:
            self._shorten(system)
        return Request(system, self.messages)

    def reset(self) -> None:
        """Forget the conversation."""
        self.restore(Stream())

    def copy(self) -> Stream:
        """The conversation as it is now, for `restore`."""
        return replace(self, cards=dict(self.cards), told_in=dict(self.told_in))

    def restore(self, known: Stream) -> None:
        """Go back to a copy."""
        self.messages, self.cards, self.notes = known.messages, dict(known.cards), known.notes
        self.turns, self.past, self.told_in = known.turns, known.past, dict(known.told_in)
        self.card_tokens, self.attached = known.card_tokens, NONE_ATTACHED

    def _shorten(self, system: str) -> None:
        """Observations first, then whole turns, then steps of this turn; never what the turn is about."""
        room = int(LEFT_AFTER * self.context_tokens)
        self._shorten_observations()
        kept = len(self.turns)
        while kept > 1 and self._tokens(system) > room:
            kept -= 1
            self._drop(kept)
        start = self.turns[-1].start + 1 if self.turns else 0
        while len(self.messages) - start > 2 and self._tokens(system) > room:
            self.messages = self.messages[:start] + self.messages[start + 2 :]

    def _shorten_observations(self) -> None:
        openings = {turn.start for turn in self.turns}
        told = [index for index, each in enumerate(self.messages) if each.role == "user"]
        old = {index for index in told if index not in openings and index not in told[-KEPT_OBSERVATIONS:]}
        self.messages = tuple(
            Message(each.role, shortened(each.text)) if index in old else each
            for index, each in enumerate(self.messages)
        )

    def _drop(self, kept: int) -> None:
        """Leave only the newest turns, and forget the cards that were told before them."""
        turns = self.turns[len(self.turns) - kept :]
        start = turns[0].start if turns else len(self.messages)
        self.messages = self.messages[start:]
        first = turns[0].number if turns else self.turns[-1].number + 1
        self.cards = {name: card for name, card in self.cards.items() if self.told_in.get(name, 0) >= first}
        self.told_in = {name: self.told_in[name] for name in self.cards}
        self.turns = tuple(replace(turn, start=turn.start - start) for turn in turns)

    def _tokens(self, system: str) -> int:
        return self.count(system) + self._size(0)

    def _size(self, turn: int) -> int:
        """Tokens of the messages from this turn on."""
        start = self.turns[turn].start if turn < len(self.turns) else 0
        messages = self.messages[start:]
        return sum(self.count(text) for text in _texts(messages)) + _pictured(messages)


def _texts(messages: tuple[Message, ...]) -> list[str]:
    return [message.text for message in messages]


def _pictured(messages: tuple[Message, ...]) -> int:
    return sum(picture.tokens for message in messages for picture in message.pictures)


def shortened(text: str) -> str:
    """The first lines of an observation, and how much is missing."""
    head = text[:DIGEST_CHARS]
    left_out = len(text) - len(head)
    return f"{head}\n… {left_out:,} characters of this earlier message left out" if left_out > 60 else text
