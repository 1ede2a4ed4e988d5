"""Exceptions as a person would report them: the message, and where in the generated code it happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from caveagent_magic.events import Output
from caveagent_magic.observation.hints import Around, hint
from caveagent_magic.pattern import pattern

UNPARSED = ("SyntaxError", "IndentationError", "TabError")  # whose traceback is the message
FRAMES_SHOWN = 5
_CHAINED = pattern(
    r"^(?:The above exception was the direct cause of|During handling of the above exception)", re.MULTILINE
)
_FRAME = pattern(r"^(?:Cell In\[|\s*File\b|Input In\b)", re.MULTILINE)
_GENERATED = pattern(r"Cell In\[|Input In\b|\s*File \"?<")
_ARROW = pattern(r"^-+> ?(\d+) (.*)$", re.MULTILINE)
_PLAIN = pattern(r'File "?<[^>]*>"?, line (\d+)[^\n]*(?:\n +(\S[^\n]*))?')


def error_text(output: Output, traceback: str, step: int, around: Around | None = None) -> str:
    """`KeyError: 'x'`, the lines of notebook code that led to it, and what would help."""
    name = str(output.get("ename", "Error"))
    if name in UNPARSED:
        return traceback.strip("\n")
    message = f"{name}: {output.get('evalue', '')}".removesuffix(": ")
    where = _where(traceback)
    lines = [message, *where]
    foreign = sum(not _GENERATED.match(traceback, start) for start in _starts(traceback))
    if foreign:
        lines.append(f"  … {foreign} calls in libraries: `_cave.out[{step}]`")
    help_ = hint(name, str(output.get("evalue", "")), "\n".join(where), around)
    return "\n".join([*lines, *filter(None, [help_])])


def _where(traceback: str) -> list[str]:
    """The frames of notebook code in the last exception of the chain that has any."""
    for part in reversed(_CHAINED.split(traceback)):
        found = list(_frames(part))
        if found:
            left_out = len(found) - FRAMES_SHOWN
            more = [f"  … {left_out:,} more calls"] if left_out > 0 else []
            return found[:1] + more + found[-(FRAMES_SHOWN - 1) :] if more else found
    return []


def _frames(part: str) -> Iterator[str]:
    for start, end in pairwise([*_starts(part), len(part)]):
        frame = part[start:end]
        if not _GENERATED.match(frame):
            continue
        place = _ARROW.search(frame) or _PLAIN.search(frame)
        if place:
            code = (place[2] or "").strip()
            yield f"  at line {place[1]}{f': {code}' if code else ''}"


def _starts(traceback: str) -> list[int]:
    return [match.start() for match in _FRAME.finditer(traceback)]
