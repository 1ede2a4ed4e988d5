"""Long tables with their first and last rows only."""

from __future__ import annotations

MOST_ROWS = 30  # lines of a table that are all shown
HEAD, TAIL = 16, 6


def shorten_rows(text: str) -> str:
    """The table with the number of rows that are missing in the middle."""
    lines = text.split("\n")
    more = len(lines) - HEAD - TAIL
    if len(lines) <= MOST_ROWS:
        return text
    return "\n".join((*lines[:HEAD], f"… {more:,} more rows …", *lines[-TAIL:]))
