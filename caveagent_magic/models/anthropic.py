"""Any server that speaks the Messages API, through Anthropic's own client."""

from __future__ import annotations

import functools
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.events import Picture, Request
from caveagent_magic.models import credentials, failures
from caveagent_magic.models.apart import Apart
from caveagent_magic.models.prices import Price, cost
from caveagent_magic.models.streamed import StreamedReply
from caveagent_magic.models.tokens import estimate_request

if TYPE_CHECKING:
    import anthropic

COUNT_SECONDS = 5.0
SEES = "claude-"  # how the names of models begin that take pictures
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PLACEHOLDER_KEY = "none"  # servers of one's own mostly want no key, but the client does
NO_KEY = (
    "No API key was found. Set ANTHROPIC_API_KEY, or run `%cave model local` for the embedded model "
    "(it downloads 1.1 GB once)."
)


class AnthropicModel:
    """A model behind the Messages API; `base_url` names another server than Anthropic's.

    `small` asks for the compact system prompt and for replies without chance (temperature 0).
    `prices` holds US dollars per million tokens (input, cached, output) and wins over the published ones.
    """

    def __init__(
        self,
        name: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        small: bool = False,
        prices: Mapping[str, Price] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.small = small
        self.base_url = (base_url or "").rstrip("/").removesuffix("/v1") or None
        self.prices = prices
        self._api_key = api_key
        self._connections: deque[socket.socket] = deque(maxlen=8)

    def __repr__(self) -> str:
        return f"AnthropicModel({self.name!r})"

    @property
    def host(self) -> str:
        """The server, as errors name it."""
        return urlsplit(self.base_url).netloc if self.base_url else "api.anthropic.com"

    @property
    def pictures(self) -> bool:
        """Whether it can be sent pictures; of models behind other servers that is not known."""
        return self.name.startswith(SEES)

    def reply(self, request: Request, max_tokens: int) -> StreamedReply:
        """Start answering; nothing is sent before the reply is iterated."""
        return StreamedReply(self, request, max_tokens)

    def count_tokens(self, request: Request) -> tuple[int, bool]:
        """Tokens of the request, and whether that is an estimate; never raises."""
        (counted,) = Apart(lambda: (self._count(request),))
        return (counted, False) if isinstance(counted, int) else (estimate_request(request), True)

    def _count(self, request: Request) -> object:
        """What the server says; None where it does not."""
        import anthropic

        try:
            client = self.client.with_options(timeout=COUNT_SECONDS, max_retries=0)
            return client.messages.count_tokens(model=self.name, **_body(request)).input_tokens
        except (anthropic.AnthropicError, ModelError, ValueError, AttributeError):
            return None

    def price(self, input: int, cached: int, output: int) -> float | None:
        """US dollars for these tokens; None where the price is not known."""
        return self.cost(input=input, written=0, cached=cached, output=output)

    def cost(self, *, input: int, written: int, cached: int, output: int) -> float | None:
        """US dollars for a reply that also wrote tokens to the server's cache."""
        return cost(self.name, self.prices, input=input, written=written, cached=cached, output=output)

    def open(self, request: Request, max_tokens: int) -> anthropic.Stream[Any]:
        """Send the request; the SDK retries until a stream begins. Raises `ModelError`."""
        import anthropic

        options: dict[str, Any] = {"extra_body": {"temperature": 0}} if self.small else {}
        try:
            stream: anthropic.Stream[Any] = self.client.messages.create(
                model=self.name, max_tokens=max_tokens, stream=True, **_body(request), **options
            )
        except anthropic.APIStatusError as error:
            raise failures.refused(error.status_code, error.body, name=self.name, host=self.host) from None
        except anthropic.APIConnectionError as error:
            raise failures.unreachable(error, host=self.host) from None
        return stream

    @functools.cached_property
    def client(self) -> anthropic.Anthropic:
        """The client, made at the first request; raises `NoModel` without a key."""
        import anthropic

        options: dict[str, Any] = {"api_key": (key := self._key())}
        if self.base_url:  # newer SDKs send a bearer token alone, and not every server reads that
            options |= {"base_url": self.base_url, "default_headers": {"X-Api-Key": key}}
        http: dict[str, Any] = {"event_hooks": {"request": [self._watch]}}
        if urlsplit(self.base_url or "").hostname in LOOPBACK:  # no proxy stands before this machine
            http["mounts"] = {f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")}
        return anthropic.Anthropic(http_client=anthropic.DefaultHttpxClient(**http), **options)

    def hang_up(self) -> None:
        """End the connections; closing them would not wake a thread that waits for an answer."""
        for connection in self._connections:
            with suppress(OSError):  # it has ended already
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        self._connections.clear()

    def disconnect(self) -> None:
        """End whatever is under way, retries too; the next request makes a new client."""
        client = self.__dict__.pop("client", None)
        self.hang_up()
        if client is not None:
            client.close()

    def _watch(self, request: Any) -> None:
        """Have the HTTP library tell of each connection that it opens for this request."""
        request.extensions["trace"] = self._remember

    def _remember(self, event: str, info: Mapping[str, Any]) -> None:
        opened: Any = info.get("return_value")
        connection = opened.get_extra_info("socket") if hasattr(opened, "get_extra_info") else None
        if isinstance(connection, socket.socket):
            self._connections.append(connection)

    def _key(self) -> str:
        """The key; that of the keyring is Anthropic's and goes to nobody else."""
        if self.base_url:
            key = self._api_key or credentials.environment_key() or PLACEHOLDER_KEY
        else:
            key = self._api_key or credentials.api_key() or ""
        if not key:
            raise NoModel(NO_KEY)
        if not key.isascii():
            raise NoModel("ANTHROPIC_API_KEY holds a character that no key has. Copy it again.")
        return key


def _body(request: Request) -> dict[str, Any]:
    """The request as the API wants it: the system prompt and all up to now are worth caching."""
    texts = [message.text for message in request.messages]
    blocks = [_block(text) for text in texts[:-1]] + [_cached(text) for text in texts[-1:]]
    messages = [
        {"role": message.role, "content": [*map(_picture, message.pictures), block]}
        for message, block in zip(request.messages, blocks, strict=True)
    ]
    return {"messages": messages} | ({"system": [_cached(request.system)]} if request.system else {})


def _block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _picture(picture: Picture) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": picture.base64}
    return {"type": "image", "source": source}


def _cached(text: str) -> dict[str, Any]:
    return {**_block(text), "cache_control": {"type": "ephemeral"}}
