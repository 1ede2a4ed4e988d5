"""The model's last words of a recorded turn: they may hold values, so only this user can read them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from caveagent_magic.record.key import PRIVATE

LONGEST = 20_000  # characters
_OPEN = os.O_NOFOLLOW | os.O_CLOEXEC


def keep(folder: Path, turn: str, answer: str) -> None:
    """Keep an answer; without it a replay tells in its own words how it went."""
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / turn, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _OPEN, PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(answer[:LONGEST])


def kept(folder: Path, turn: str) -> str:
    """The answer; empty: it is not on this machine."""
    try:
        descriptor = os.open(folder / turn, os.O_RDONLY | _OPEN)
    except OSError:
        return ""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as file:
        return file.read(LONGEST)
