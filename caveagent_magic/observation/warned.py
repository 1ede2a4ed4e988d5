"""Warnings without where in the libraries they arose, each told once and counted."""

from __future__ import annotations

import re
from collections import Counter

from caveagent_magic.pattern import pattern

# What `warnings.showwarning` writes: the file, the line, the kind and the words, then perhaps the source.
_WARNING = pattern(
    r"^(?P<file>\S[^\n]*?):(?P<line>\d+): (?P<kind>\w*Warning): (?P<words>[^\n]*)\n?(?:  \S[^\n]*(?:\n|$))?",
    re.MULTILINE,
)
_GENERATED = pattern(r"ipykernel_\d+|^<ipython-input|^<[^>]*>$")


def fold_warnings(text: str) -> str:
    """`FutureWarning: … (30 times, line 3)` where the first of them stood."""
    if "Warning: " not in text:
        return text
    times = Counter(map(_told, _WARNING.finditer(text)))
    said: set[str] = set()

    def once(match: re.Match[str]) -> str:
        told = _told(match)
        if told in said:
            return ""
        said.add(told)
        return f"{told} ({times[told]:,} times)\n" if times[told] > 1 else f"{told}\n"

    return _WARNING.sub(once, text)


def _told(match: re.Match[str]) -> str:
    place = f" (line {match['line']})" if _GENERATED.search(match["file"]) else ""
    return f"{match['kind']}: {match['words']}{place}"
