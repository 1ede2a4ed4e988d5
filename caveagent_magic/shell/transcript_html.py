"""A turn as static HTML, for GitHub, nbconvert and every tool that draws no panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from caveagent_magic.pattern import pattern
from caveagent_magic.shell import transcript

Json = Mapping[str, Any]
DECISIONS = {"run": "approved", "adopt": "taken over", "edit": "edited", "skip": "skipped", "stop": "stopped"}
DECIDERS = {"user": "you", "rule": "a rule", "policy": "the policy", "record": "the record"}
SUMMED = ("input", "cached", "output", "seconds")
MARKS = ((pattern(r"`([^`\n]+)`"), r"<code>\1</code>"), (pattern(r"\*\*([^*\n]+)\*\*"), r"<b>\1</b>"))


def as_html(events: Sequence[Json]) -> str:
    """The turn without script or style, so that sanitisers leave it whole; what it says is escaped.

    Of each step the code and the findings are seen at once, the rest is one line that unfolds.
    """
    steps = (list(step) for _, step in groupby(events, key=lambda event: event["step"]))
    blocks = [block for step in steps for block in _step(step)]
    return f'<div class="caveagent">{"".join((*blocks, *_spent(events)))}</div>'


def _step(events: Sequence[Json]) -> Iterator[str]:
    yield from (block for event in events for block in _seen(event))
    if words := [part for event in events for part in _in_short(event)]:
        body = "".join(block for event in events for block in _in_full(event))
        yield _details(f"<b>Step {events[0]['step']}</b> · {' · '.join(map(escape, words))}", body)
    for event in events:
        if event["type"] == "ran" and (
            notes := (*transcript.effects_as_text(event["effects"]), *event["differs"])
        ):
            yield _pre("\n".join(notes))
    yield from (block for event in events for block in _end(event))


def _seen(event: Json) -> Iterator[str]:
    match event["type"]:
        case "turn_started":
            yield from _started(event)
        case "question_answered":
            yield "".join(f"<p><i>{escape(line)}</i></p>" for line in transcript.lines(event))
        case "prose":
            yield _paragraphs(event["text"])
        case "code_proposed":
            yield f"<blockquote>{_pre(event['code'])}</blockquote>"
        case "judged":
            if found := list(transcript.findings(event["verdict"])):
                yield f"<ul>{''.join(f'<li>{escape(line.strip())}</li>' for line in found)}</ul>"


def _started(event: Json) -> Iterator[str]:
    if not event.get("replayed"):
        sent = escape(f"What {event['model']} was sent ({event['tokens']:,} tokens)")
        yield _details(sent, _pre(event["request_text"]))
    if record := event.get("record"):
        yield f"<p><i>{escape(record)}</i></p>"


def _in_short(event: Json) -> Iterator[str]:
    match event["type"]:
        case "code_proposed" if event["by"] == "user":
            yield "edited by you"
        case "judged":
            yield transcript.VERDICTS[event["verdict"]["decision"]]
        case "rehearsed":
            yield f"rehearsed in {event['seconds']:.2f} s"
            yield from filter(None, (event["stopped"],))
        case "rehearsal_skipped":
            yield f"not rehearsed: {event['reason']}"
        case "decided" if event["by"] == "record":
            yield f"run again: {event['note']}"
        case "decided":
            said = f" ({event['note']})" if event["note"] else ""
            yield f"{DECISIONS[event['action']]} by {DECIDERS[event['by']]}{said}"
        case "ran":
            yield transcript.ran(event)


def _in_full(event: Json) -> Iterator[str]:
    match event["type"]:
        case "rehearsed":
            shown = (
                *transcript.outputs_as_text(event["outputs"]),
                *transcript.changes_as_text(event["changes"], "would change"),
                *transcript.not_adoptable(event),
            )
            yield from _titled("In the rehearsal", shown)
        case "ran":
            shown = (
                *transcript.outputs_as_text(event["outputs"]),
                *transcript.changes_as_text(event["changes"], "changed"),
            )
            yield from _titled("In the kernel", shown)
        case "observed":
            yield from _titled("Told to the model", (event["text"],))


def _titled(title: str, shown: Sequence[str]) -> Iterator[str]:
    if shown:
        yield f"<p><i>{title}</i></p>{_pre(chr(10).join(shown))}"


def _end(event: Json) -> Iterator[str]:
    match event["type"]:
        case "failed":
            yield f"<p><b>Failed:</b> {escape(event['message'])}</p>"
        case "undone" | "turn_ended":
            yield "".join(f"<p><i>{escape(line)}</i></p>" for line in transcript.lines(event) if line)


def _spent(events: Sequence[Json]) -> Iterator[str]:
    """What all replies took together; nothing for a turn that cost nothing."""
    replies = [event for event in events if event["type"] == "usage" and transcript.replies(event)]
    if replies:
        costs = [event["cost"] for event in replies]
        total = {
            key: sum(event[key] for event in replies) for key in ("input", "cached", "output", "seconds")
        }
        told = {
            **total,
            "estimated": any(event["estimated"] for event in replies),
            "cost": None if None in costs else sum(costs),
        }
        number = "1 reply" if len(replies) == 1 else f"{len(replies)} replies"
        yield f"<p><i>{number}: {escape(transcript.usage(told))}</i></p>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_marked(part)}</p>" for part in text.strip().split("\n\n") if part)


def _marked(text: str) -> str:
    """The text with what Markdown means by back-ticks and double stars; all else as it is."""
    shown = escape(text)
    for mark, html in MARKS:
        shown = mark.sub(html, shown)
    return shown


def _pre(text: str) -> str:
    return f"<pre><code>{escape(text)}</code></pre>" if text else ""


def _details(summary: str, body: str) -> str:
    """A part that is folded away."""
    if not body:
        return f"<p>{summary}</p>"
    return f"<details><summary>{summary}</summary>{body}</details>"
