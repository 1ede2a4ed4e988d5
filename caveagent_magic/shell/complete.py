"""Tab completion: options, sub-commands and the names of live variables."""

from __future__ import annotations

import re
from collections.abc import Iterable

from caveagent_magic.pattern import pattern

CELL, LINE = pattern(r"^\s*%%cave\b"), pattern(r"^\s*%cave\s")
TAKES_NAMES = {"--only", "--hide", "--show"}


def completions(
    text: str, options: Iterable[str], commands: Iterable[str], names: Iterable[str]
) -> list[str]:
    """What may follow, for the text of a cell up to the cursor; empty where this is not ours."""
    head, _, body = text.partition("\n")
    if CELL.match(head):
        return _fitting(text, names) if body or "\n" in text else _on_line(head, options, names)
    last = text.rpartition("\n")[2]
    if LINE.match(last):
        words = last.split()
        first = len(words) < 2 or (len(words) == 2 and not last.endswith(" "))
        return _fitting(last, commands if first else names)
    return []


def _on_line(line: str, options: Iterable[str], names: Iterable[str]) -> list[str]:
    words = line.split()
    before = words[-1] if line.endswith(" ") else words[-2]
    return _fitting(line, names if before in TAKES_NAMES else options)


def _fitting(text: str, candidates: Iterable[str]) -> list[str]:
    begun = fragment(text)
    return sorted(candidate for candidate in candidates if candidate.startswith(begun))


def fragment(text: str) -> str:
    """The word that is being typed."""
    match = re.search(r"[\w-]*$", text)
    return match[0] if match else ""
