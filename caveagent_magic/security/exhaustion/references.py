"""Texts in which names stand for lists of names: a few lines of them are written out to millions."""

from __future__ import annotations

import re

from caveagent_magic.pattern import pattern

LONGEST = 20_000  # characters
MOST = 10**8  # those that are written out
_ANCHOR = pattern(r"&(\w+)\s*\[([^\]]*)\]")
_ALIAS = pattern(r"\*(\w+)")
_ENTITY = pattern(r"<!ENTITY\s+(\w+)\s+[\"']([^\"']*)[\"']", re.IGNORECASE)
_USED = pattern(r"&(\w+);")


def refers_on(text: str) -> bool:
    """Whether what is read from YAML or XML is far larger than the text."""
    if "&" not in text or len(text) > LONGEST:
        return False
    return any(
        _size(defined.findall(text), used) > MOST for defined, used in ((_ANCHOR, _ALIAS), (_ENTITY, _USED))
    )


def _size(defined: list[tuple[str, str]], used: re.Pattern[str]) -> int:
    """The characters of the largest of them, each made of those before it."""
    sizes: dict[str, int] = {}
    for name, inside in defined:
        sizes[name] = len(inside) + sum(sizes.get(each, 1) for each in used.findall(inside))
        if sizes[name] > MOST:
            return sizes[name]
    return max(sizes.values(), default=0)
