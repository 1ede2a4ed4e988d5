"""The ledger: one line for each request, on this machine, written before the request is sent.

What cannot be written down is not sent. The file is this user's alone and holds what was sent in full, or,
if so set, its digest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from caveagent_magic.errors import CaveError
from caveagent_magic.events import Picture, Request
from caveagent_magic.frozen import slotted

Keeps = Literal["text", "digest", "off"]
Kind = Literal["reply", "count"]
LIMIT = 10 << 20  # bytes; one older file of this size is kept beside it
PRIVATE = 0o600


class CannotRecord(CaveError):
    """The ledger cannot be written, so nothing was sent."""


@slotted
class Ledger:
    """What left this machine, in the order it left."""

    path: Path
    keeps: Keeps = "text"
    limit: int = LIMIT
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _last: str = field(default="")  # the digest of the text that was last written in full

    def record(
        self, kind: Literal["reply", "count"], model: str, host: str, tokens: int, request: Request
    ) -> None:
        """Write down a request that is about to be sent; raises `CannotRecord`."""
        if self.keeps == "off":
            return
        text = text_of(request)
        line: dict[str, Any] = {
            "time": self.now().isoformat(timespec="milliseconds"),
            "kind": kind,
            "model": model,
            "host": host,
            "tokens": tokens,
            "characters": len(text),
            "pictures": [one.sha256 for message in request.messages for one in message.pictures],
            "sha256": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        }
        if self.keeps == "text" and line["sha256"] != self._last:  # counted and then sent: once is enough
            line |= {"text": text}
        try:
            self._append(json.dumps(line) + "\n")
        except OSError as error:
            raise CannotRecord(
                f"What leaves is written down in {self.path} first, and that cannot be written "
                f"({error.strerror}), so nothing was sent. Mend it, or set CaveMagics.ledger = 'off'."
            ) from None
        if "text" in line:
            self._last = line["sha256"]

    def lines(self) -> Iterator[dict[str, Any]]:
        """What was written, oldest first; a line that is damaged is left out."""
        for path in (self._older, self.path):
            try:
                text = path.read_text("utf-8")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise CannotRecord(f"The ledger {path} cannot be read: {error.strerror}.") from None
            for line in text.splitlines():
                try:
                    yield json.loads(line)
                except ValueError:
                    continue

    @property
    def _older(self) -> Path:
        return self.path.with_suffix(".old.jsonl")

    def _append(self, line: str) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size + len(line) > self.limit:
            os.replace(self.path, self._older)
            self._last = ""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            os.fchmod(descriptor, PRIVATE)
            data = line.encode()
            if os.write(descriptor, data) != len(data):
                raise OSError(0, "the disk is full")
        finally:
            os.close(descriptor)


def text_of(request: Request) -> str:
    """All text of a request, as the ledger keeps it; pictures by their digests."""
    told = (
        "\n".join((f"[{each.role}]", *map(_picture, each.pictures), each.text)) for each in request.messages
    )
    return "\n\n".join((f"[system]\n{request.system}", *told))


def _picture(picture: Picture) -> str:
    return f"[picture {picture.width}×{picture.height}, {picture.size:,} bytes, sha256 {picture.sha256}]"


def default_path() -> Path:
    """`caveagent_magic/egress.jsonl` where this user's data belong."""
    home = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return Path(home) / "caveagent_magic" / "egress.jsonl"
