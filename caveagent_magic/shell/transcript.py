"""A turn as plain text, for every tool that draws no panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from caveagent_magic.pattern import pattern

Json = Mapping[str, Any]
SHOWN_EFFECTS = 20
ANSI = pattern(r"\x1b\[[0-9;?]*[A-Za-z]")
VERDICTS = {
    "allow": "nothing found that needs asking",
    "ask": "found, please look",
    "deny": "cannot be run",
}
ENDINGS = {
    "done": "",
    "plan": "Planned only: nothing was run.",
    "stopped": "Stopped.",
    "failed": "Failed.",
    "nobody": "Nobody could answer: nothing was run.",
    "max_steps": "Ended at the limit of steps.",
    "budget": "Ended at the token budget.",
    "broken": "Ended: a guard on your data is broken.",
}


def as_text(events: Sequence[Json]) -> str:
    """The turn as text that reads well anywhere."""
    return "\n\n".join(part for event in events for part in lines(event)).strip()


def lines(event: Json) -> Iterator[str]:
    """The paragraphs of one event."""
    match event["type"]:
        case "turn_started":
            yield f"{started(event)}\n{event['prompt'].strip()}"
            yield from filter(None, (event.get("record"),))
        case "prose":
            yield event["text"].strip()
        case "code_proposed":
            whose = " (edited)" if event["by"] == "user" else ""
            yield f"── step {event['step']}{whose}\n{indented(event['code'])}"
        case "usage" if replies(event):
            yield usage(event)
        case "judged":
            yield "\n".join((f"verdict: {verdict_words(event['verdict'])}", *findings(event["verdict"])))
        case "rehearsed":
            yield "\n".join(filter(None, (f"rehearsed in {event['seconds']:.2f} s", event["stopped"])))
            yield from outputs_as_text(event["outputs"])
            yield from changes_as_text(event["changes"], "would change")
            yield from not_adoptable(event)
        case "rehearsal_skipped":
            yield f"not rehearsed: {event['reason']}"
        case "decided" if event["by"] == "record":
            yield f"runs again: {event['note']}"
        case "decided":
            note = f": {event['note']}" if event["note"] else ""
            kept = ", its output is kept from the model" if event.get("untold") else ""
            yield f"decision: {event['action']} (by {event['by']}){note}{kept}"
        case "ran":
            yield ran(event)
            yield from outputs_as_text(event["outputs"])
            yield from changes_as_text(event["changes"], "changed")
            yield from effects_as_text(event["effects"])
            yield from event["differs"]
        case "question_answered":
            yield answered(event)
        case "undone":
            yield "\n".join(undone(event))
        case "failed":
            yield f"failed: {event['message']}"
        case "turn_ended":
            yield ENDINGS[event["reason"]]
            yield figures(event)


def answered(event: Json) -> str:
    """What the model's question was answered; it stands at the end of its prose."""
    if event["answer"]:
        return f"answer: {event['answer']}"
    return "answer: none, nobody was there" if event["by"] == "nobody" else "answer: left to the model"


def figures(event: Json) -> str:
    """Where each figure of the answer was found; empty: there is none."""
    told = " · ".join(f"{each['text']} {each['note']}" for each in event.get("figures", ()))
    return f"figures: {told}" if told else ""


def started(event: Json) -> str:
    """Who is asked, and what asking costs, before it is sent."""
    if event.get("replayed"):
        return f"%%cave → {event['model']}, from the record"
    about = "about " if event["tokens_estimated"] else ""
    dollars = f", ${event['cost']:.4f}" if event["cost"] else ""
    return f"%%cave → {event['model']} ({about}{event['tokens']:,} tokens{dollars})"


def ran(event: Json) -> str:
    """How the results came into the kernel."""
    if event["adopted"]:
        return "took over the results of the rehearsal"
    return f"ran in {event['seconds']:.2f} s"


def not_adoptable(event: Json) -> Iterator[str]:
    """Why the results of a long rehearsal could not be taken over."""
    if reason := event["not_adoptable"]:
        yield f"its results cannot be taken over: {reason}"


def replies(event: Json) -> bool:
    """Whether a model replied; a recorded reply takes nothing."""
    return bool(event["input"] + event["cached"] + event["output"])


def usage(event: Json) -> str:
    """What a reply took."""
    about = "about " if event["estimated"] else ""
    cached = f" ({event['cached']:,} of them cached)" if event["cached"] else ""
    dollars = f", ${event['cost']:.4f}" if event["cost"] else ""
    read = event["input"] + event["cached"]
    return (
        f"{read:,} tokens read{cached}, {about}{event['output']:,} written{dollars}, {event['seconds']:.1f} s"
    )


def undone(event: Json) -> Iterator[str]:
    """What is as before, or as after the steps again, and what is not."""
    done = "done again" if event["redo"] else "undone"
    if event["names"]:
        yield f"{done}: {', '.join(event['names'])}"
    elif not event["not_undone"]:
        yield f"{done}: the steps had changed nothing"
    for change in event["not_undone"]:
        yield f"not {done}: {change['name']}: {change['summary']}"


def verdict_words(verdict: Json) -> str:
    """The verdict in honest words."""
    return f"{verdict['decision']} – {VERDICTS[verdict['decision']]}"


def findings(verdict: Json) -> Iterator[str]:
    """One line for each finding."""
    for finding in verdict["findings"]:
        yield f"  line {finding['line']}: {finding['message']} ({finding['capability']}, {finding['code']})"


def outputs_as_text(outputs: Sequence[Json]) -> Iterator[str]:
    """The text of nbformat outputs."""
    if text := "\n".join(output_text(output).rstrip() for output in outputs):
        yield indented(text)


def output_text(output: Json) -> str:
    """The text of one nbformat output, without colours."""
    match output["output_type"]:
        case "stream":
            text = output["text"]
        case "error":
            text = "\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}"
        case _:
            text = output["data"].get("text/plain") or f"[{', '.join(output['data']) or 'shown in the cell'}]"
    return ANSI.sub("", text)


def changes_as_text(changes: Json, word: str) -> Iterator[str]:
    """One line for each name that was touched."""
    touched = [
        f"  {sign} {change['name']}: {change['summary']}"
        for kind, sign in (("added", "+"), ("changed", "~"), ("removed", "-"))
        for change in changes[kind]
    ]
    if touched:
        yield "\n".join((f"{word}:", *touched))


def effects_as_text(effects: Sequence[Json]) -> Iterator[str]:
    """One line for each thing done outside the kernel or refused."""
    if effects:
        shown = effects[:SHOWN_EFFECTS]
        rows = [f"  {'done' if e['allowed'] else 'refused'}: {e['capability']} {e['target']}" for e in shown]
        more = len(effects) - len(shown)
        yield "\n".join(("outside the kernel:", *rows, *([f"  … and {more} more"] if more else [])))


def indented(text: str) -> str:
    """The text moved in, as code and outputs are shown."""
    return "\n".join(f"    {line}" for line in text.splitlines())
