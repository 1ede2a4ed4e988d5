"""One reply of the Messages API while it streams in."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.events import Request
from caveagent_magic.models import failures
from caveagent_magic.models.apart import Apart
from caveagent_magic.models.base import Loading, Spent
from caveagent_magic.models.tokens import estimate, estimate_request

if TYPE_CHECKING:
    import anthropic

    from caveagent_magic.models.anthropic import AnthropicModel

TRIES = 3  # of a stream that broke before its first word; the SDK itself retries only until it begins
PAUSE = 0.5  # seconds before the next try, doubled each time
HANG_UP_SECONDS = 0.3
CUT = frozenset({"max_tokens", "model_context_window_exceeded"})
COUNTED = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


class StreamedReply:
    """A reply that is read as it is written.

    `spent.cached` are tokens read from the server's cache. Those written to it are new to the server and
    cost more than others: they count as input, and the cost says what they really cost.
    """

    def __init__(self, model: AnthropicModel, request: Request, max_tokens: int) -> None:
        self._model, self._request, self._max_tokens = model, request, max_tokens
        self._usage: dict[str, int] = {}
        self._stop_reason: str | None = None
        self._text = self._thought = ""
        self._sent = self._streaming = self._ended = False
        self._closed = threading.Event()
        self._reading: Apart[str] | None = None

    @property
    def cut(self) -> bool:
        """Whether the reply ended at the token limit and not by itself."""
        return self._stop_reason in CUT

    @property
    def spent(self) -> Spent:
        """Tokens so far; estimated until the server has told them all."""
        told = self._usage.get
        written, cached = told("cache_creation_input_tokens", 0), told("cache_read_input_tokens", 0)
        guess = estimate_request(self._request) if self._sent and not (written or cached) else 0
        fresh = told("input_tokens", guess)
        final = self._ended and "output_tokens" in self._usage
        output = self._usage["output_tokens"] if final else estimate(self._text + self._thought)
        cost = self._model.cost(input=fresh, written=written, cached=cached, output=output)
        return Spent(fresh + written, cached, output, cost, estimated=not final)

    def close(self) -> None:
        """Hang up, so that the server stops writing."""
        self._closed.set()
        if self._reading is None or self._reading.finished:
            return
        if self._streaming:
            self._model.hang_up()
        else:
            self._model.disconnect()  # so that the SDK does not try again
        self._reading.wait(HANG_UP_SECONDS)

    def __iter__(self) -> Iterator[str | Loading]:
        self._reading = Apart(self._pieces)
        try:
            for piece in self._reading:
                if self._closed.is_set():
                    return
                yield piece
        finally:
            self.close()

    def _pieces(self) -> Iterator[str]:
        """All text, with another try for a stream that breaks before its first word."""
        for attempt in range(1, TRIES + 1):
            try:
                yield from self._attempt()
                break
            except _Broken as broken:
                if self._closed.is_set():
                    return
                if self._text or attempt == TRIES:
                    raise ModelError(f"{self._model.host} {broken}. {failures.AGAIN}") from broken
            self._closed.wait(PAUSE * 2 ** (attempt - 1))
        self._check()

    def _attempt(self) -> Iterator[str]:
        """The text of one stream; raises `_Broken` where it ends too early."""
        if self._closed.is_set():
            return
        self._usage, self._thought, self._sent = {}, "", True
        stream, self._streaming = self._model.open(self._request, self._max_tokens), True
        try:
            for text in () if self._closed.is_set() else self._read(stream):
                self._text += text
                yield text
        finally:
            self._streaming = False
            stream.close()
        if self._ended:
            return
        if "event-stream" not in stream.response.headers.get("content-type", ""):
            raise NoModel(f"{self._model.host} does not speak the Messages API. Check ANTHROPIC_BASE_URL.")
        raise _Broken("broke off in the middle of the reply")

    def _read(self, stream: anthropic.Stream[Any]) -> Iterator[str]:
        import anthropic

        # The SDK wraps the errors of its HTTP library only until the stream begins.
        http = importlib.import_module(type(stream.response).__module__.partition(".")[0])
        try:
            for event in stream:
                if text := self._take(event):
                    yield text
        except anthropic.APIStatusError as error:
            if failures.passing(error.body):
                raise _Broken("had an error in the middle of the reply") from error
            host, name = self._model.host, self._model.name
            raise failures.refused(error.status_code, error.body, name=name, host=host) from None
        except (http.HTTPError, http.StreamError) as error:
            raise _Broken("broke off in the middle of the reply") from error
        except (ValueError, AttributeError) as error:
            raise _Broken("sent something that cannot be read") from error

    def _take(self, event: Any) -> str:
        """The text that an event brings."""
        if event.type == "message_start":
            self._count(event.message.usage)
        elif event.type == "content_block_delta":
            if event.delta.type == "text_delta":
                return str(event.delta.text)
            if event.delta.type == "thinking_delta":
                self._thought += event.delta.thinking
        elif event.type == "message_delta":
            self._count(event.usage)
            self._stop_reason = event.delta.stop_reason
            self._ended = self._stop_reason is not None
        elif event.type == "message_stop":
            self._ended = True
        return ""

    def _count(self, usage: Any) -> None:
        """Keep what the server tells; a later zero means that it does not repeat an earlier number."""
        for field in COUNTED:
            if value := getattr(usage, field, None):
                self._usage[field] = value

    def _check(self) -> None:
        """Raise `ModelError` where the whole is no usable reply."""
        name = self._model.name
        if self._stop_reason == "refusal":
            raise ModelError(f"{name} declined to answer. Put the question in other words.")
        if self._closed.is_set() or self._text.strip():
            return
        if self.cut:
            used = f"{self._max_tokens:,} tokens before it wrote a word"
            raise ModelError(f"{name} used up its {used}. Ask for less at once.")
        raise ModelError(f"{name} gave an empty reply. {failures.AGAIN}")


class _Broken(Exception):
    """A stream that ended too early; its text is what the server did."""
