"""The chain from outputs to the one text that the model is shown, which never exceeds its budget."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from caveagent_magic.events import Changes, Output
from caveagent_magic.observation.outputs import full_text, joined, text_of
from caveagent_magic.observation.shapers import (
    Shaped,
    Shaper,
    cut_to,
    disarm,
    drop_ansi,
    fold_repeats,
    keep_last_state,
)

__all__ = ["Shaped", "full_text", "shape"]

CHAIN: tuple[Shaper, ...] = (drop_ansi, keep_last_state, fold_repeats, disarm)
READ_CHARS = 1_000_000  # of one output; what lies between its ends would be cut anyhow
CHANGES_SHARE = 0.25
LEAST_SHARE = 160  # characters of one output, below which all are cut as one
CHANGE_CHARS = 300
MORE_CHARS = 40  # the line that counts the rest


def shape(outputs: Sequence[Output], changes: Changes, *, budget: int, step: int, note: str = "") -> Shaped:
    """The note, the outputs and the changes of the namespace in at most `budget` characters."""
    note = cut_to(budget, step)(Shaped(note)).text
    told = _changes_text(changes, int(budget * CHANGES_SHARE))
    room = budget - sum(len(text) + 1 for text in (note, told) if text)
    parts = [_shaped(output, step) for output in _merged(outputs)]
    shown = _fit([part for part in parts if part.text.strip()], room, step)
    texts = [text for text in (note, *(part.text.strip("\n") for part in shown), told) if text]
    whole = Shaped("\n".join(texts) or "(no output)", sum(part.left_out for part in shown))
    return cut_to(budget, step)(disarm(whole))  # what was harmless apart may not be so side by side


def _shaped(output: Output, step: int) -> Shaped:
    shaped = cut_to(READ_CHARS, step)(text_of(output, step))
    for shaper in CHAIN:
        shaped = shaper(shaped)
    return shaped


def _merged(outputs: Sequence[Output]) -> list[Output]:
    """Neighbouring pieces of the same stream as one."""
    merged: list[Output] = []
    for (kind, _), group in groupby(outputs, key=_stream):
        same: list[dict[str, Any]] = list(group)
        if kind == "stream":
            same = [{**same[0], "text": "".join(joined(output.get("text")) for output in same)}]
        merged += same
    return merged


def _stream(output: Output) -> tuple[str, str]:
    return str(output.get("output_type")), str(output.get("name"))


def _fit(parts: Sequence[Shaped], room: int, step: int) -> list[Shaped]:
    """Short parts whole, long ones cut to equal shares of what is left."""
    room -= len(parts)  # the line breaks between them
    if len(parts) > 1 and room < len(parts) * LEAST_SHARE and sum(len(part.text) for part in parts) > room:
        whole = Shaped("\n".join(part.text for part in parts), sum(part.left_out for part in parts))
        return [cut_to(max(0, room), step)(whole)]
    shown: dict[int, Shaped] = {}
    for index in sorted(range(len(parts)), key=lambda index: len(parts[index].text)):
        share = max(0, room) // (len(parts) - len(shown))
        shown[index] = cut_to(share, step)(parts[index])
        room -= len(shown[index].text)
    return [shown[index] for index in range(len(parts))]


def _changes_text(changes: Changes, room: int) -> str:
    """One line for each name that changed, as many as have room; the rest is counted."""
    lines = [
        *(f"new {change.name}: {change.summary}" for change in changes.added),
        *(f"changed {change.name}: {change.summary}" for change in changes.changed),
        *(f"removed {change.name}" for change in changes.removed),
        *([f"not checked: {changes.note}"] if changes.note else []),
    ]
    shown: list[str] = []
    for line in lines:
        text = disarm(Shaped(_one_line(line))).text
        if len(text) + 1 > room - MORE_CHARS:
            break
        room -= len(text) + 1
        shown.append(text)
    more = len(lines) - len(shown)
    return "\n".join([*shown, f"… {more:,} more changes of variables"] if more else shown)


def _one_line(text: str) -> str:
    more = len(text) - CHANGE_CHARS
    return " ".join(text[:CHANGE_CHARS].split()) + (f"… (+{more:,} characters)" if more > 0 else "")
