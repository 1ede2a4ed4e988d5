"""The events of one turn as JSON, kept short: streamed pieces are merged as they come."""

from __future__ import annotations

from typing import Any

from caveagent_magic.events import CodeProposed, Event, Progress, Prose, to_json

TEXT_KEPT = 8_000  # characters of one output in the saved notebook


class Log:
    """What front ends are shown; `seq` of an event is its index here."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, event: Event) -> int:
        """Add an event, or grow the last one; returns the index where it now is."""
        last = self.events[-1] if self.events else {}
        data = to_json(event)
        same = (last.get("type"), last.get("step")) == (data["type"], event.step)
        if same and isinstance(event, Prose):
            data["text"] = last["text"] + event.text
        replaces = isinstance(event, Prose | Progress) or (
            isinstance(event, CodeProposed) and not last.get("complete", True)
        )
        if same and replaces:
            self.events[-1] = data
        else:
            self.events.append(data)
        return len(self.events) - 1

    def snapshot(self) -> list[dict[str, Any]]:
        """The events so far."""
        return list(self.events)

    def kept(self) -> list[dict[str, Any]]:
        """The events as the notebook keeps them: text and short tables, the rest is in the cell's output."""
        return [_shortened(event) for event in self.events if event["type"] != "progress"]


def _shortened(event: dict[str, Any]) -> dict[str, Any]:
    if "outputs" not in event:
        return event
    return {**event, "outputs": [_short(output) for output in event["outputs"]]}


def _short(output: dict[str, Any]) -> dict[str, Any]:
    if "text" in output:
        return {**output, "text": cut(output["text"])}
    if "data" in output:
        return {**output, "data": _short_data(output["data"])}
    if "traceback" in output:
        return {**output, "traceback": [cut("\n".join(output["traceback"]))]}
    return output


def _short_data(data: dict[str, Any]) -> dict[str, Any]:
    """The text of it, and a table that is not too long; all else is in the cell's output."""
    text = {"text/plain": cut(data["text/plain"])} if "text/plain" in data else {}
    table = data.get("text/html", "")
    return {**text, "text/html": table} if table and len(table) <= TEXT_KEPT else text


def cut(text: str) -> str:
    """The text, or its beginning and how much is missing."""
    if len(text) <= TEXT_KEPT:
        return text
    return f"{text[:TEXT_KEPT]}\n… {len(text) - TEXT_KEPT:,} more characters are in the cell's output"
