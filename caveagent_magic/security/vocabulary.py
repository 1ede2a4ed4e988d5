"""Lists of names, written as running text."""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """The names in a text, separated by blanks and line ends."""
    return frozenset(text.split())
