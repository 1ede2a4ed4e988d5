"""The events of one turn as JSON, kept short: streamed pieces are merged as they come."""

from __future__ import annotations

from typing import Any

from caveagent_magic.events import CodeProposed, Event, Progress, Prose, to_json
from caveagent_magic.shell.plain import plain

SHOWN, KEPT = 50_000, 8_000  # characters of one output: in the live panel, in the saved notebook
IMAGES = ("image/png", "image/jpeg", "image/gif")
IMAGE_SHOWN = 1_500_000  # characters of an encoded image in the live panel


class Log:
    """What front ends are shown; `seq` of an event is its index here."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add(self, event: Event) -> None:
        """Add an event, or grow the last one."""
        last = self.events[-1] if self.events else {}
        data = shortened(plain(to_json(event)), SHOWN, images=True)
        same = (last.get("type"), last.get("step")) == (data["type"], event.step)
        if same and isinstance(event, Prose):
            data["text"] = last["text"] + data["text"]
        replaces = isinstance(event, Prose | Progress) or (
            isinstance(event, CodeProposed) and not last.get("complete", True)
        )
        if same and replaces:
            self.events[-1] = data
        else:
            self.events.append(data)

    def snapshot(self) -> list[dict[str, Any]]:
        """The events so far."""
        return list(self.events)

    def kept(self) -> list[dict[str, Any]]:
        """The events as the notebook keeps them: text and short tables; images are in the cell's output."""
        return [shortened(event, KEPT, images=False) for event in self.events if event["type"] != "progress"]


def shortened(event: dict[str, Any], limit: int, *, images: bool) -> dict[str, Any]:
    """The event with no output longer than the limit."""
    if "outputs" not in event:
        return event
    return {**event, "outputs": [_output(output, limit, images) for output in event["outputs"]]}


def _output(output: dict[str, Any], limit: int, images: bool) -> dict[str, Any]:
    if "data" in output:
        return {**output, "metadata": {}, "data": _data(output["data"], limit, images)}
    if "traceback" in output:
        return {**output, "traceback": [cut("\n".join(output["traceback"]), limit)]}
    return {**output, "text": cut(output.get("text", ""), limit)}


def _data(data: dict[str, Any], limit: int, images: bool) -> dict[str, Any]:
    shown = {"text/plain": cut(data["text/plain"], limit)} if "text/plain" in data else {}
    if len(str(data.get("text/html", ""))) in range(1, limit + 1):
        shown["text/html"] = str(data["text/html"])
    if images:
        shown |= {kind: data[kind] for kind in IMAGES if kind in data and len(str(data[kind])) < IMAGE_SHOWN}
    return shown or {"text/plain": f"[{', '.join(data)}]"}


def cut(text: Any, limit: int) -> str:
    """The text, or its beginning and how much is missing."""
    text = text if isinstance(text, str) else str(text)
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n… {len(text) - limit:,} more characters are not shown here"
