"""The embedded model: llama.cpp in a process of its own, reached like any other server."""

from __future__ import annotations

import importlib.util
from collections.abc import Generator, Iterator
from pathlib import Path

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.events import Request
from caveagent_magic.models import launch, weights
from caveagent_magic.models.anthropic import AnthropicModel
from caveagent_magic.models.base import Loading, Reply, Spent
from caveagent_magic.models.cache import INSTALL
from caveagent_magic.models.launch import Address, Plan
from caveagent_magic.models.tokens import estimate_request

DEFAULT = "1.5b"


def installed() -> bool:
    """Whether llama.cpp is here."""
    return importlib.util.find_spec("xllamacpp") is not None


class LocalModel:
    """Weights by name ("1.5b", "0.5b") or by path; fetched and loaded when a reply is first iterated."""

    small = True

    def __init__(self, weights: str = DEFAULT, threads: int = 0, idle: float = 900.0) -> None:
        self.name = "local" if weights == DEFAULT else f"local:{weights}"
        self._weights, self._threads, self._idle = weights, threads, idle

    def __repr__(self) -> str:
        return f"LocalModel({self.name!r})"

    def reply(self, request: Request, max_tokens: int) -> LocalReply:
        """Start answering; nothing is fetched, loaded or sent before the reply is iterated."""
        return LocalReply(self, request, max_tokens)

    def count_tokens(self, request: Request) -> tuple[int, bool]:
        """By the model itself when it is loaded, else an estimate."""
        if address := self.loaded():
            return self.at(address).count_tokens(request)
        return estimate_request(request), True

    def price(self, input: int, cached: int, output: int) -> float | None:
        """Nothing."""
        return 0.0

    def start(self) -> Generator[Loading, None, Address]:
        """Fetch and load what is not yet here; raises `ModelError` where that fails."""
        if not installed():
            raise NoModel(f"The local model is not installed: {INSTALL}")
        path = yield from weights.find(self._weights)
        return (yield from launch.ensure(self.plan(path)))

    def loaded(self) -> Address | None:
        """The running server; never starts one."""
        path = weights.cached(self._weights)
        return launch.running(self.plan(path)) if path else None

    def plan(self, path: Path) -> Plan:
        """The server that answers for this model."""
        return Plan(path, self._threads, self._idle)

    def at(self, address: Address) -> AnthropicModel:
        """The client of a running server."""
        free = {self.name: (0.0, 0.0, 0.0)}
        return _Embedded(self.name, api_key=address.key, base_url=address.url, small=True, prices=free)


class _Embedded(AnthropicModel):
    """Its errors name the model, not a port."""

    @property
    def host(self) -> str:
        return "The local model"


class LocalReply:
    """A reply of the embedded model, which may first have to be fetched and loaded."""

    def __init__(self, model: LocalModel, request: Request, max_tokens: int) -> None:
        self._model, self._request, self._max_tokens = model, request, max_tokens
        self._reply: Reply | None = None
        self._closed = False

    @property
    def cut(self) -> bool:
        """Whether the reply ended at the token limit and not by itself."""
        return self._reply is not None and self._reply.cut

    @property
    def spent(self) -> Spent:
        """Tokens so far, at no cost."""
        return self._reply.spent if self._reply else Spent(0, 0, 0, 0.0, estimated=True)

    def close(self) -> None:
        """Hang up, so that the server stops writing."""
        self._closed = True
        if self._reply is not None:
            self._reply.close()

    def __iter__(self) -> Iterator[str | Loading]:
        address = yield from self._model.start()
        try:
            yield from self._ask(address)
        except ModelError:
            if self.spent.output or self._closed or self._model.loaded():
                raise
            yield from self._ask((yield from self._model.start()))  # it ended just before it was asked

    def _ask(self, address: Address) -> Iterator[str | Loading]:
        if not self._closed:
            self._reply = self._model.at(address).reply(self._request, self._max_tokens)
            yield from self._reply
