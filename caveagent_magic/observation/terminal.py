"""What a terminal would show of text that moves the cursor, as progress bars do."""

from __future__ import annotations

from caveagent_magic.pattern import pattern

MOST_LINES = 200  # that a cursor may go up
_MOVES = pattern(r"\x1b\[(?P<count>\d*)(?P<move>[AFBEKGJ])|(?P<back>\x08+|\r)|(?P<end>\n)")
_BAR = pattern(r"\|[ \u2580-\u259f#=>.-]{4,}\| ?|[\u2501\u2578\u257a\u2500-\u257f]{8,} ?")
_RATE = pattern(r" ?\[(?P<spent>[\d:?]+)<[\d:?]+, +[^\]\n]*\]")


def screen(text: str) -> str:
    """The lines as they stood at last: what was overwritten is gone."""
    text = text.replace("\r\n", "\n")
    if "\r" not in text and "\x08" not in text and not _MOVES.search(text.replace("\n", "")):
        return text
    lines, row, fresh, start = [""], 0, False, 0
    for match in _MOVES.finditer(text):
        lines[row], fresh = _written(lines[row], text[start : match.start()], fresh)
        start = match.end()
        if match["end"]:
            row, fresh = row + 1, True
        elif match["move"] in ("A", "F"):
            row = max(0, len(lines) - MOST_LINES, row - int(match["count"] or 1))
        elif match["move"] in ("B", "E"):
            row += min(MOST_LINES, int(match["count"] or 1))
        fresh = fresh or match["back"] is not None or match["move"] in ("F", "E", "G")
        lines += [""] * (row + 1 - len(lines))
    lines[row], _ = _written(lines[row], text[start:], fresh)
    return "\n".join(lines)


def plain_bars(text: str) -> str:
    """Progress bars by their figures: `fit: 100% 200/200 [00:03]`."""
    return _RATE.sub(lambda match: f" [{match['spent']}]", _BAR.sub(" ", text)) if "%" in text else text


def _written(line: str, text: str, fresh: bool) -> tuple[str, bool]:
    """The line after this text, which begins it anew or goes on; blanks alone change nothing."""
    if not text:
        return line, fresh
    if fresh:
        return (text if text.strip() else line), not text.strip()
    return line + text, False
