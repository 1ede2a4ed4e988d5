"""Replies from a Markdown file, in order: for tests and for notebooks that are documentation."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.events import Request
from caveagent_magic.frozen import frozen
from caveagent_magic.models.base import Loading, Spent
from caveagent_magic.models.tokens import estimate, estimate_request
from caveagent_magic.pattern import pattern

MARK = pattern(r"^<!--\s*reply\b(?P<attributes>.*?)-->[ \t]*$", re.MULTILINE)
CHUNK = 24  # characters
ATTRIBUTE = pattern(r'(\w+)=(?:"([^"]*)"|(\S+))')


@frozen
class Recording:
    """One reply: chunks of so many characters, so many seconds apart; `fail` is the error at its end.

    `to` are words of the request that it answers; without, it comes after the reply before it.
    """

    text: str
    to: str = ""
    delay: float = 0.0
    chunk: int = CHUNK
    fail: str = ""


class RecordedModel:
    """Gives its replies one after the other; keep the instance to keep the position.

    In the file each reply follows a line `<!-- reply -->`, or one with attributes:
    `<!-- reply delay=0.05 chunk=7 fail="No connection." -->`. What stands before the first is not read.
    `<!-- reply to="Which month" -->` is given, and those after it follow, whenever these words are asked; so
    cells can be run again and in any order.
    """

    small = False

    def __init__(
        self, replies: Sequence[str | Recording], *, name: str = "recorded", source: str = "The recording"
    ) -> None:
        self.name, self._source = name, source
        self._replies = [Recording(reply) if isinstance(reply, str) else reply for reply in replies]
        self._position = 0

    @classmethod
    def read(cls, path: str | Path) -> RecordedModel:
        """The replies of a file; raises `NoModel` where there are none."""
        path = Path(path).expanduser()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NoModel(f"The recording {path} cannot be read: {_reason(error)}.") from None
        marks = list(MARK.finditer(text))
        if not marks:
            raise NoModel(f"The recording {path} holds no line `<!-- reply -->`.")
        ends = [mark.start() for mark in marks[1:]] + [len(text)]
        replies = [
            _recording(text[mark.end() : end].strip("\n"), mark["attributes"], path)
            for mark, end in zip(marks, ends, strict=True)
        ]
        return cls(replies, name=f"recorded:{path.name}", source=str(path))

    def reply(self, request: Request, max_tokens: int) -> RecordedReply:
        """The next reply; it counts as used once it is iterated."""
        return RecordedReply(self, request)

    def count_tokens(self, request: Request) -> tuple[int, bool]:
        """An estimate."""
        return estimate_request(request), True

    def price(self, input: int, cached: int, output: int) -> float | None:
        """Nothing."""
        return 0.0

    def take(self, request: Request) -> Recording:
        """The recording that answers the request; raises `ModelError` where there is none."""
        asked = request.messages[-1].text if request.messages else ""
        # the person's words come last in a message, after what it says of earlier turns
        places = [(asked.rfind(each.to), at) for at, each in enumerate(self._replies) if each.to]
        place, at = max(places, default=(-1, 0))
        if place >= 0:
            self._position = at
        elif self._position == len(self._replies):
            raise ModelError(f"{self._source} has no further reply; all {self._position} were given.")
        elif self._replies[self._position].to:
            raise ModelError(f"{self._source} has no reply to this. Name another model: `%cave model NAME`.")
        self._position += 1
        return self._replies[self._position - 1]


class RecordedReply:
    """A recording while it is played."""

    cut = False

    def __init__(self, model: RecordedModel, request: Request) -> None:
        self._model, self._request = model, request
        self._text = ""
        self._sent = self._closed = False

    @property
    def spent(self) -> Spent:
        """Always an estimate; costs nothing."""
        sent = estimate_request(self._request) if self._sent else 0
        return Spent(sent, 0, estimate(self._text), 0.0, estimated=True)

    def close(self) -> None:
        """Stop playing."""
        self._closed = True

    def __iter__(self) -> Iterator[str | Loading]:
        recording, self._sent = self._model.take(self._request), True
        for start in range(0, len(recording.text), recording.chunk):
            if self._closed:
                return
            time.sleep(recording.delay)
            chunk = recording.text[start : start + recording.chunk]
            self._text += chunk
            yield chunk
        if recording.fail:
            raise ModelError(recording.fail)


def _recording(text: str, attributes: str, path: Path) -> Recording:
    given = {name: quoted or plain for name, quoted, plain in ATTRIBUTE.findall(attributes)}
    known = [field.name for field in fields(Recording) if field.name != "text"]
    if unknown := [name for name in given if name not in known]:
        raise NoModel(
            f"The recording {path} has an unknown attribute {unknown[0]!r}; there are {', '.join(known)}."
        )
    try:
        delay, chunk = float(given.get("delay", 0)), max(1, int(given.get("chunk", CHUNK)))
    except ValueError as error:
        raise NoModel(f"The recording {path} has an attribute that is no number: {error}.") from None
    return Recording(text, given.get("to", ""), delay, chunk, given.get("fail", ""))


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or "unreadable" if isinstance(error, OSError) else "it is not UTF-8 text"
