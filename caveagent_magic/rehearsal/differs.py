"""Where a run came out otherwise than its rehearsal, in sentences for the person."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from caveagent_magic.events import Change, Changes, Output
from caveagent_magic.frozen import frozen
from caveagent_magic.pattern import pattern

_MOST_SENTENCES = 8
_SHOWN = 80  # characters of a text that is quoted
_ANSI = pattern(r"\x1b\[[0-9;?]*[A-Za-z]")
# What is another at every run and means nothing: addresses, durations, files of cells, ids in HTML.
_PASSING = (
    (pattern(r"\b0x[0-9a-fA-F]{6,}"), "0x…"),
    (pattern(r"(?m)^.*\b(?:Wall time|CPU times|it/s|s/it|per loop)\b.*$"), "…"),
    (pattern(r"\b\d+(?:\.\d+)?(?:e-?\d+)? ?(?:seconds|secs?|ms|µs|us|ns|s)\b"), "… s"),
    (pattern(r"(?<!\S)\S*ipykernel_\d+/\d+\.py"), "….py"),
    (pattern(r"<ipython-input-[^>]{0,99}>"), "<…>"),
    (pattern(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b"), "…"),
    (pattern(r"\b(?:T_|sk-[a-z-]{0,40}-id-)[0-9a-f]+"), "id"),
)


@frozen
class Result:
    """What a rehearsal, or a run, came to."""

    outputs: tuple[Output, ...]
    changes: Changes
    marks: Mapping[str, int]  # of the content of the names that were touched, where it could be had
    has_plain_text: bool = False  # whether programs or C code printed, which comes in no sure order


def differences(rehearsed: Result, ran: Result) -> tuple[str, ...]:
    """One sentence for each name and kind of output that is not as it was in the rehearsal."""
    found = [*_of_names(rehearsed, ran), *_of_outputs(rehearsed, ran)]
    if len(found) > _MOST_SENTENCES:
        found[_MOST_SENTENCES:] = [f"{len(found) - _MOST_SENTENCES:,} more things differ from the rehearsal."]
    return tuple(found)


def _of_names(rehearsed: Result, ran: Result) -> Iterator[str]:
    before, now = _touched(rehearsed.changes), _touched(ran.changes)
    for name in sorted(before.keys() | now.keys()):
        kind, summary = before.get(name, ("", ""))
        kind_now, summary_now = now.get(name, ("", ""))
        marks = (rehearsed.marks.get(name), ran.marks.get(name))
        if not kind_now:
            if name not in ran.changes.note:  # else it was not looked at
                yield f"`{name}` was {kind} in the rehearsal, and not here."
        elif not kind:
            if name not in rehearsed.changes.note:
                yield f"`{name}` was {kind_now} here, and not in the rehearsal."
        elif kind != kind_now:
            yield f"`{name}` was {kind} in the rehearsal, and {kind_now} here."
        elif None not in marks and marks[0] == marks[1]:
            continue
        elif lasting(summary) != lasting(summary_now):
            yield f"`{name}` differs from the rehearsal: {summary_now} here, {summary} there."
        elif None not in marks:
            yield f"`{name}` differs from the rehearsal: other values."


def _touched(changes: Changes) -> dict[str, tuple[str, str]]:
    def each(items: Iterable[Change], kind: str) -> dict[str, tuple[str, str]]:
        return {change.name: (kind, change.summary) for change in items}

    kinds = ((changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed"))
    return {name: told for items, kind in kinds for name, told in each(items, kind).items()}


def _of_outputs(rehearsed: Result, ran: Result) -> Iterator[str]:
    for name, words in (("stdout", "printed text"), ("stderr", "text on standard error")):
        if not rehearsed.has_plain_text:
            yield from _of_text(words, _stream(rehearsed.outputs, name), _stream(ran.outputs, name))
    yield from _of_text("error", _error(rehearsed.outputs), _error(ran.outputs))
    shown, shown_now = _shown(rehearsed.outputs), _shown(ran.outputs)
    if len(shown) < len(shown_now):  # a rehearsal shows the last state of what was updated once more
        counts = f"{len(shown_now)} results or displays, {len(shown)} there"
        yield f"The output differs from the rehearsal: {counts}."
        return
    for data, data_now in zip(shown, shown_now, strict=False):
        yield from _of_display(data, data_now)


def _of_text(words: str, before: str, now: str) -> Iterator[str]:
    if lasting(before) != lasting(now):
        first, second = _parting(before, now)
        yield f"The {words} differs from the rehearsal: it was {first}, and is {second}."


def _of_display(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if before.keys() != now.keys():
        yield f"A display differs from the rehearsal: {', '.join(now)} here, {', '.join(before)} there."
    elif (kind := "image/png") in now:
        if before[kind] != now[kind]:
            sizes = _png_size(before[kind]), _png_size(now[kind])
            yield "A figure differs from the rehearsal: " + (
                "other pixels." if sizes[0] == sizes[1] else f"{sizes[1]} pixels here, {sizes[0]} there."
            )
    else:
        for kind in ("text/plain", "text/html"):
            if lasting(_joined(before.get(kind))) != lasting(_joined(now.get(kind))):
                text = "text/plain" if "text/plain" in now else kind
                yield from _of_result(_joined(before.get(text)), _joined(now.get(text)))
                return


def _of_result(before: str, now: str) -> Iterator[str]:
    first, second = _parting(before, now)
    yield f"The result differs from the rehearsal: it was {first}, and is {second}."


def _stream(outputs: Sequence[Output], name: str) -> str:
    return "".join(
        _joined(output["text"])
        for output in outputs
        if output["output_type"] == "stream" and output["name"] == name
    )


def _error(outputs: Sequence[Output]) -> str:
    errors = (output for output in outputs if output["output_type"] == "error")
    return "\n".join(f"{output['ename']}: {output['evalue']}" for output in errors)


def _shown(outputs: Sequence[Output]) -> list[Mapping[str, Any]]:
    return [
        output["data"] for output in outputs if output["output_type"] in ("display_data", "execute_result")
    ]


def _joined(text: Any) -> str:
    return "".join(text) if isinstance(text, list) else str(text or "")


def lasting(text: str) -> str:
    """The text without what is another at every run."""
    text = _ANSI.sub("", text)
    for passing, instead in _PASSING:
        text = passing.sub(instead, text)
    return text.rstrip()


def _parting(before: str, now: str) -> tuple[str, str]:
    """The lines where two texts part."""
    lines, lines_now = before.splitlines(), now.splitlines()
    for line, line_now in zip(lines, lines_now, strict=False):
        if lasting(line) != lasting(line_now):
            return _quoted(line), _quoted(line_now)
    if not lines or not lines_now:
        return _quoted(lines[0]) if lines else "empty", _quoted(lines_now[0]) if lines_now else "empty"
    return f"{len(lines):,} lines", f"{len(lines_now):,} lines"


def _quoted(line: str) -> str:
    line = _ANSI.sub("", line).strip()
    return f"“{line[:_SHOWN]}…”" if len(line) > _SHOWN else f"“{line}”"


def _png_size(encoded: str) -> str:
    head = base64.b64decode(encoded[:32])
    return f"{int.from_bytes(head[16:20], 'big')} × {int.from_bytes(head[20:24], 'big')}"
