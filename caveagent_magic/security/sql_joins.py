"""Whether a query puts every row of tables beside every row of others, so often that it never ends."""

from __future__ import annotations

import re
from collections import Counter

from caveagent_magic.pattern import pattern

LONGEST = 20_000  # characters
MANY = 4  # tables beside one another
ALL = 6  # also where they are different ones
OFTEN = 3  # the same table
_FROM = pattern(
    r"\bfrom\s+((?:(?!\b(?:where|group|order|limit|having|union|select)\b)[^();])+)", re.IGNORECASE
)
_BETWEEN = pattern(r",|\b(?:natural\s+)?(?:cross|inner|left|right|full|outer|\s)*join\b", re.IGNORECASE)
_TABLE = pattern(r"\s*([\w.]+)(?:\s+(?:as\s+)?(?!on\b|using\b)(\w+))?", re.IGNORECASE)
_SAME = pattern(r"\b(\w+)\.\w+\s*=\s*(\w+)\.\w+")


def crosses(text: str) -> bool:
    """Whether it joins a table with itself, or many, and nothing says which rows belong together."""
    if len(text) > LONGEST or not re.match(r"\s*(?:select|with)\b", text, re.IGNORECASE):
        return False
    return any(_apart(part, text) for part in _FROM.findall(text))


def _apart(tables: str, text: str) -> bool:
    names: dict[str, str] = {}  # by what they are called in the query
    group: dict[str, str] = {}
    before = ""
    for piece in _BETWEEN.split(tables):
        found = _TABLE.match(piece)
        if found is None:
            return False
        name = (found[2] or found[1]).lower()
        names[name] = found[1].lower()
        group[name] = group.get(before, name) if re.search(r"\busing\b", piece, re.IGNORECASE) else name
        before = name
    for left, right in _SAME.findall(text.lower()):
        if left in group and right in group and group[left] != group[right]:
            old, new = group[left], group[right]
            group = {name: new if each == old else each for name, each in group.items()}
    apart = Counter(names[name] for name in set(group.values()))
    return apart.total() >= ALL or (apart.total() >= MANY and max(apart.values()) >= OFTEN)
