"""The chain from outputs to the one text that the model is shown, which never exceeds its budget."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from caveagent_magic.events import Changes, Output
from caveagent_magic.observation.containers import compact
from caveagent_magic.observation.hints import Around
from caveagent_magic.observation.outputs import full_text, is_table, joined, text_of
from caveagent_magic.observation.shapers import (
    Count,
    Shaped,
    Shaper,
    cut_to,
    disarm,
    fold_repeats,
    fold_warned,
    keep_last_state,
)
from caveagent_magic.observation.tables import shorten_rows

__all__ = ["Shaped", "full_text", "shape", "tidy"]

CHAIN: tuple[Shaper, ...] = (keep_last_state, fold_warned, fold_repeats, disarm)
READ_CHARS = 1_000_000  # of one output; what lies between its ends would be cut anyhow
CHANGES_SHARE = 0.25
OUTPUT_TOKENS = 800  # of one display; what is printed may fill the budget
VALUE_TOKENS = 300  # of one container, beyond which it is shown with fewer items
LEAST_SHARE = 45  # tokens of one output, below which all are cut as one
CHANGE_CHARS = 600
MORE = 12  # tokens of the line that counts the rest


def shape(
    outputs: Sequence[Output],
    changes: Changes,
    *,
    budget: int,
    step: int,
    count: Count,
    around: Around | None = None,
) -> Shaped:
    """The outputs and the changes of the namespace in at most `budget` of what `count` counts."""
    told = _changes_text(changes, int(budget * CHANGES_SHARE), count)
    room = budget - (count(told) + 1 if told else 0)
    parts = [_shaped(output, step, count, around) for output in _merged(outputs)]
    shown = _fit([part for part in parts if part.text.strip()], room, step, count)
    texts = [text for text in (*(part.text.strip("\n") for part in shown), told) if text]
    whole = Shaped("\n".join(texts) or "(no output)", sum(part.left_out for part in shown))
    return cut_to(budget, step, count)(disarm(whole))  # what was harmless apart may not be so side by side


def tidy(outputs: Sequence[Output]) -> tuple[Output, ...]:
    """The outputs with neighbouring pieces of a stream as one, and only its last state."""
    return tuple(
        {**output, "text": keep_last_state(Shaped(output["text"])).text}
        if output.get("output_type") == "stream"
        else output
        for output in _merged(outputs)
    )


def _shaped(output: Output, step: int, count: Count, around: Around | None) -> Shaped:
    shaped = cut_to(READ_CHARS, step)(text_of(output, step, around))
    for shaper in CHAIN:
        shaped = shaper(shaped)
    if output.get("output_type") in ("stream", "error"):
        return shaped
    return cut_to(OUTPUT_TOKENS, step, count)(_fewer(shaped, is_table(output), step, count))


def _fewer(shaped: Shaped, table: bool, step: int, count: Count) -> Shaped:
    """Long tables with fewer rows, long containers with fewer items."""
    text = shaped.text
    if table:
        shorter = shorten_rows(text)
    elif count(text) > VALUE_TOKENS:
        shorter = compact(text, lambda each: count(each) <= VALUE_TOKENS) or text
    else:
        return shaped
    if shorter == text:
        return shaped
    where = f"\n… shortened; `_cave.out[{step}]` holds it in full"
    return disarm(Shaped(shorter + where, shaped.left_out + max(0, len(text) - len(shorter))))


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


def _fit(parts: Sequence[Shaped], room: int, step: int, count: Count) -> list[Shaped]:
    """Short parts whole, long ones cut to equal shares of what is left."""
    room -= len(parts)  # the line breaks between them
    if len(parts) > 1 and room < len(parts) * LEAST_SHARE and sum(count(part.text) for part in parts) > room:
        whole = Shaped("\n".join(part.text for part in parts), sum(part.left_out for part in parts))
        return [cut_to(max(0, room), step, count)(whole)]
    shown: dict[int, Shaped] = {}
    for index in sorted(range(len(parts)), key=lambda index: count(parts[index].text)):
        share = max(0, room) // (len(parts) - len(shown))
        shown[index] = cut_to(share, step, count)(parts[index])
        room -= count(shown[index].text)
    return [shown[index] for index in range(len(parts))]


def _changes_text(changes: Changes, room: int, count: Count) -> str:
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
        if count(text) + 1 > room - MORE:
            break
        room -= count(text) + 1
        shown.append(text)
    more = len(lines) - len(shown)
    return "\n".join([*shown, f"… {more:,} more changes of variables"] if more else shown)


def _one_line(text: str) -> str:
    more = len(text) - CHANGE_CHARS
    return " ".join(text[:CHANGE_CHARS].split()) + (f"… (+{more:,} characters)" if more > 0 else "")
