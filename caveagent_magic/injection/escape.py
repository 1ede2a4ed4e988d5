"""Names and doc lines from the data as harmless, bounded text.

Whoever made the data may have written them for the model to obey, so none can hold what ends a line, a
fence or a tag; what is cut says how much.
"""

from __future__ import annotations

import re

from caveagent_magic.injection import static
from caveagent_magic.pattern import pattern

LABEL_LIMIT = 60
LABEL_PARTS = 8
LINE_LIMIT = 120
# Tags and fences are drawn from ASCII; beyond it only what cannot be seen is a danger.
_SUSPECT = pattern(r"[<`]|\[(?=/?[A-Z_]+\])|[^\x20-\x7e]")


def harmless(text: str) -> str:
    """The text on one line, with Python's escapes for line breaks, `<`, backticks and what is invisible."""
    return _SUSPECT.sub(_escaped, text)


def bounded(text: str, limit: int = LINE_LIMIT) -> str:
    """The text on one line, harmless, cut at the limit with the number of characters that are missing."""
    more = len(text) - limit
    return harmless(text[:limit]) + (f"… (+{more:,} characters)" if more > 0 else "")


def line(text: str, limit: int = LINE_LIMIT) -> str:
    """The first line that says something, bounded."""
    return bounded(next((stripped for raw in text.split("\n") if (stripped := raw.strip())), ""), limit)


def label(value: object) -> str:
    """A column or field name the way code must spell it: an identifier, a literal, a tuple of these.

    Labels of other types are named by their type, because showing them could run their code.
    """
    kind = type(value)
    if kind is tuple:
        parts: tuple[object, ...] = value  # type: ignore[assignment]
        more = [f"… {len(parts) - LABEL_PARTS} more"] if len(parts) > LABEL_PARTS else []
        return f"({', '.join([*map(_part, parts[:LABEL_PARTS]), *more])})"
    if value is None or kind is int or kind is float or kind is bool:
        return repr(value)
    if static.inherits(kind, str):
        text = static.exact_str(value)
        bare = text.isidentifier() and text.isprintable()
        return text[:LABEL_LIMIT] + _missing(text) if bare else _literal(text)
    return f"({harmless(static.type_name(kind)[:LABEL_LIMIT])})"


def _part(value: object) -> str:
    return _literal(value) if type(value) is str else label(value)


def _literal(text: str) -> str:
    escaped = harmless(text[:LABEL_LIMIT].replace("\\", "\\\\").replace("'", "\\'"))
    return f"'{escaped}'{_missing(text)}"


def _missing(text: str) -> str:
    more = len(text) - LABEL_LIMIT
    return f"… (+{more:,} characters)" if more > 0 else ""


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char in "<`[":
        return f"\\x{ord(char):02x}"
    return char if char.isprintable() else repr(char)[1:-1]
