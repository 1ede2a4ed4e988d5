"""Counting: tokens of each request of a conversation, what of it a provider's prompt cache would hit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from bpe_openai import get_encoding

from caveagent_magic.events import Request
from caveagent_magic.models.base import Spent

TOKENIZER = "o200k_base"
MESSAGE_TOKENS = 4  # what a chat template adds to each message, for every agent alike
_encoding = get_encoding(TOKENIZER)


@lru_cache(maxsize=50_000)
def tokens(text: str) -> int:
    """Tokens of a text."""
    return len(_encoding.encode_ordinary(text))


@dataclass(slots=True)
class Count:
    """What one or many conversations cost; `prompt` includes `cached`."""

    requests: int = 0
    prompt: int = 0
    cached: int = 0  # of the prompt: its common prefix with the request before
    completion: int = 0
    parts: Counter[str] = field(default_factory=Counter)  # of the prompt, and "replies written"
    contexts: list[int] = field(default_factory=list)  # the prompt of each request

    @property
    def total(self) -> int:
        """Prompt and completion, nothing discounted."""
        return self.prompt + self.completion

    @property
    def uncached(self) -> int:
        """What is left when the cached part of the prompts costs nothing."""
        return self.total - self.cached

    def add(self, other: Count) -> None:
        """Count another conversation too."""
        self.requests += other.requests
        self.prompt += other.prompt
        self.cached += other.cached
        self.completion += other.completion
        self.parts.update(other.parts)
        self.contexts += other.contexts


class Metered:
    """A model whose replies come from a function, and which counts every request; parts are told by text."""

    small = False

    def __init__(
        self,
        answer: Callable[[Request], str | Iterable[str]],
        parts: Mapping[str, str] | None = None,
        *,
        small: bool = False,
    ) -> None:
        self.name, self.small, self.count = "metered", small, Count()
        self._answer, self._parts = answer, dict(parts or {})
        self._before: tuple[str, ...] = ()

    def reply(self, request: Request, max_tokens: int) -> MeteredReply:
        """Counted when it is iterated."""
        return MeteredReply(self, request)

    def count_tokens(self, request: Request) -> tuple[int, bool]:
        """By the tokenizer."""
        return sum(tokens(text) + MESSAGE_TOKENS for text in _texts(request)), False

    def price(self, input: int, cached: int, output: int) -> float | None:
        """Not known."""
        return None

    def sent(self, request: Request) -> str | Iterable[str]:
        """Count the request and answer it."""
        texts, count = _texts(request), self.count
        prompt = self.count_tokens(request)[0]
        count.requests += 1
        count.prompt += prompt
        count.contexts.append(prompt)
        count.cached += _common(self._before, texts)
        count.parts["message marks"] += MESSAGE_TOKENS * len(texts)
        roles = ["system prompt", *(message.role for message in request.messages)]
        for place, (role, text) in enumerate(zip(roles, texts, strict=True)):
            self._attribute(place, role, text)
        self._before = texts
        return self._answer(request)

    def _attribute(self, place: int, role: str, text: str) -> None:
        whole = tokens(text)
        for part, fragment in self._parts.items():
            if fragment and fragment in text:
                size = min(whole, tokens(fragment))
                self.count.parts[part] += size
                whole -= size
        kind = {"assistant": "own replies", "system prompt": role}.get(role, "results shown")
        self.count.parts["the task's words" if place == 1 else kind] += whole


class MeteredReply:
    """One reply."""

    cut = False

    def __init__(self, model: Metered, request: Request) -> None:
        self._model, self._request, self._text = model, request, ""

    @property
    def spent(self) -> Spent:
        """Prompt and completion of this request."""
        return Spent(self._model.count_tokens(self._request)[0], 0, tokens(self._text), None, estimated=False)

    def close(self) -> None:
        """What was read has been paid for."""
        self._model.count.completion += tokens(self._text)
        self._text = ""

    def __iter__(self) -> Iterator[str]:
        answer = self._model.sent(self._request)
        for piece in [answer] if isinstance(answer, str) else answer:
            self._text += piece
            yield piece


def scripted(replies: Iterable[str], parts: Mapping[str, str] | None = None) -> Metered:
    """A model that gives these replies, whatever it is asked."""
    written = iter(replies)
    return Metered(lambda request: next(written), parts)


def said(model: Metered, request: Request) -> str:
    """The whole reply of a model."""
    reply = model.reply(request, 4000)
    try:
        return "".join(reply)
    finally:
        reply.close()


def saved(ours: Count, baseline: Count) -> float:
    """By how many per cent ours is below the baseline."""
    return 100 * (1 - ours.total / baseline.total)


def _texts(request: Request) -> tuple[str, ...]:
    return (request.system, *(message.text for message in request.messages))


def _common(before: tuple[str, ...], now: tuple[str, ...]) -> int:
    same = 0
    for old, new in zip(before, now, strict=False):
        if old != new:
            alike = next(
                (at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None
            )
            return same + tokens(new[:alike] if alike is not None else min(old, new, key=len))
        same += tokens(new) + MESSAGE_TOKENS
    return same
