"""A model whose every request is written down before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from caveagent_magic.errors import CaveError
from caveagent_magic.events import Request
from caveagent_magic.models.base import Loading, Model, Reply, Spent, takes_pictures
from caveagent_magic.models.tokens import estimate_request

Record = Callable[[Literal["reply", "count"], str, str, int, Request], None]


class Accountable:
    """Passes requests on to a model once they are written down."""

    def __init__(self, model: Model, record: Record) -> None:
        self._model, self._record = model, record

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def small(self) -> bool:
        """Whether it wants the compact system prompt."""
        return self._model.small

    @property
    def host(self) -> str:
        """Where requests go; empty: nowhere, the model is part of this process."""
        return str(getattr(self._model, "host", ""))

    @property
    def pictures(self) -> bool:
        """Whether it can be sent pictures."""
        return takes_pictures(self._model)

    def reply(self, request: Request, max_tokens: int) -> Reply:
        """Start answering; nothing is written or sent before the reply is iterated."""
        return _Recorded(self, self._model.reply(request, max_tokens), request)

    def count_tokens(self, request: Request) -> tuple[int, bool]:
        """Tokens of the request; an estimate where the question could not be written down."""
        try:
            self.write("count", request)
        except CaveError:
            return estimate_request(request), True
        return self._model.count_tokens(request)

    def price(self, input: int, cached: int, output: int) -> float | None:
        """US dollars for these tokens."""
        return self._model.price(input, cached, output)

    def write(self, kind: Literal["reply", "count"], request: Request) -> None:
        """Write down what is about to be sent; a question about tokens only where it is sent."""
        if kind == "reply" or self.host:
            self._record(kind, self.name, self.host, estimate_request(request), request)


class _Recorded:
    def __init__(self, model: Accountable, reply: Reply, request: Request) -> None:
        self._model, self._reply, self._request = model, reply, request

    @property
    def spent(self) -> Spent:
        """Tokens so far."""
        return self._reply.spent

    @property
    def cut(self) -> bool:
        """Whether the reply ended at the token limit."""
        return self._reply.cut

    def __iter__(self) -> Iterator[str | Loading]:
        self._model.write("reply", self._request)
        yield from self._reply

    def close(self) -> None:
        """Stop."""
        self._reply.close()
