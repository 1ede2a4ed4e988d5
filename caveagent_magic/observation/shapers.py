"""Small shapers of text, applied one after another; each says how many characters it left out.

Outputs are data and may be written to be obeyed: `disarm` sees that none can close the tag or fence
around it, or look like a marker of a chat format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from caveagent_magic.frozen import frozen
from caveagent_magic.observation.terminal import plain_bars, screen
from caveagent_magic.observation.warned import fold_warnings
from caveagent_magic.pattern import pattern

FOLD_FROM = 3  # the same line so many times in a row
HEAD_SHARE = 2 / 3

_ANSI = pattern(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_MARKER = pattern(
    r"<(?=\s*[/|｜])|\[(?=/?(?:INST|[A-Z]+_[A-Z_]+)\])"
    r"|(?i:<(?=(?:variables|changed|earlier|output|system|user|assistant|human|think|invoke|s"
    r"|tool\w*|function_\w+|(?:begin|start|end)_of_\w+)\b))"
)
_FENCE = pattern(r"`{3,}")
_INVISIBLE = pattern(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)


@frozen
class Shaped:
    """Text for the model, and how many characters of the outputs it does not hold."""

    text: str
    left_out: int = 0


Shaper: TypeAlias = Callable[[Shaped], Shaped]
Count: TypeAlias = Callable[[str], int]  # the size of a text, in tokens or characters


def drop_ansi(shaped: Shaped) -> Shaped:
    """Without terminal colours and cursor movements, which say nothing to a model."""
    return Shaped(_ANSI.sub("", shaped.text), shaped.left_out)


def keep_last_state(shaped: Shaped) -> Shaped:
    """Of what was overwritten, as progress bars are, what stood there last."""
    return _changed(shaped, plain_bars(drop_ansi(Shaped(screen(shaped.text))).text))


def fold_warned(shaped: Shaped) -> Shaped:
    """Each warning once, without the file that it arose in."""
    return _changed(shaped, fold_warnings(shaped.text))


def fold_repeats(shaped: Shaped) -> Shaped:
    """Lines that repeat are said once and counted."""
    kept: list[str] = []
    left_out, lines, start = shaped.left_out, shaped.text.split("\n"), 0
    while start < len(lines):
        end = start
        while end < len(lines) and lines[end] == lines[start]:
            end += 1
        if end - start >= FOLD_FROM and lines[start].strip():
            kept += [lines[start], f"… {end - start - 1:,} more lines like this"]
            left_out += (end - start - 1) * (len(lines[start]) + 1)
        else:
            kept += lines[start:end]
        start = end
    return Shaped("\n".join(kept), left_out)


def disarm(shaped: Shaped) -> Shaped:
    r"""Tags, fences and chat markers get a backslash, invisible characters their escapes: `<\/output>`."""
    text = _MARKER.sub(lambda match: f"{match[0]}\\", shaped.text)
    text = _FENCE.sub(lambda match: "\\".join(match[0]), text)
    return Shaped(_INVISIBLE.sub(lambda match: repr(match[0])[1:-1], text), shaped.left_out)


def cut_to(room: int, step: int, count: Count = len) -> Shaper:
    """Head and tail within `room`, saying between them how much is missing and where it is."""

    def cut(shaped: Shaped) -> Shaped:
        size = count(shaped.text)
        if size <= room:
            return shaped
        chars, ends = len(shaped.text) * room // size, Shaped("")
        while chars > 0 and count((ends := _ends(shaped, chars, step)).text) > room:
            chars = chars * 7 // 8  # the ends may be dearer than the whole
        return ends if chars > 0 else Shaped("", shaped.left_out + len(shaped.text))

    return cut


def _ends(shaped: Shaped, room: int, step: int) -> Shaped:
    text = shaped.text
    note = f"\n… {len(text):,} characters left out; `_cave.out[{step}]` holds the full text …\n"
    kept = room - len(note)
    if kept < len(note):  # no room for a sentence about what is missing
        return Shaped(f"{text[: room - 1]}…", shaped.left_out + len(text) - (room - 1))
    head = _up_to_line_end(text[: int(kept * HEAD_SHARE)])
    tail = _from_line_start(text[len(text) - (kept - len(head)) :])
    missing = len(text) - len(head) - len(tail)
    note = note.replace(f"{len(text):,}", f"{missing:,}", 1)
    return Shaped(f"{head}{note}{tail}", shaped.left_out + missing)


def _changed(shaped: Shaped, text: str) -> Shaped:
    return Shaped(text, shaped.left_out + max(0, len(shaped.text) - len(text)))


def _up_to_line_end(text: str) -> str:
    end = text.rfind("\n", len(text) * 3 // 4)
    return text if end < 0 else text[:end]


def _from_line_start(text: str) -> str:
    start = text.find("\n", 0, len(text) // 4)
    return text if start < 0 else text[start + 1 :]
