"""The one protocol between a turn and whatever answers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from caveagent_magic.events import Request
from caveagent_magic.frozen import frozen


@frozen
class Loading:
    """The model is not ready yet."""

    text: str
    fraction: float | None = None  # None: unknown


@frozen
class Spent:
    """Tokens of one reply; `input` excludes `cached`."""

    input: int
    cached: int
    output: int
    cost: float | None  # US dollars; None: the price is not known
    estimated: bool  # True: reading stopped before the server told


class Reply(Protocol):
    """A reply while it arrives: iterate for its text; close at any time to stop the server."""

    @property
    def spent(self) -> Spent:
        """Tokens so far, final once the iteration has ended or `close` was called."""

    @property
    def cut(self) -> bool:
        """Whether the reply ended at the token limit and not by itself."""

    def __iter__(self) -> Iterator[str | Loading]: ...

    def close(self) -> None: ...


def takes_pictures(model: Model) -> bool:
    """Whether it can be sent pictures; others read the text alone."""
    return getattr(model, "pictures", False) is True


class Model(Protocol):
    """Something that answers requests; raises `ModelError` in one sentence when it cannot."""

    @property
    def name(self) -> str: ...

    @property
    def small(self) -> bool:
        """Whether it wants the compact system prompt."""

    def reply(self, request: Request, max_tokens: int) -> Reply:
        """Start answering; nothing is sent before the reply is iterated."""

    def count_tokens(self, request: Request) -> tuple[int, bool]:
        """Tokens of the request, and whether that is an estimate; never raises, never loads a model."""

    def price(self, input: int, cached: int, output: int) -> float | None:
        """US dollars for these tokens; None where the price is not known."""
