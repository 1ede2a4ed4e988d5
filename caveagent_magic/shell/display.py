"""Where a turn is shown: the live panel, the bundle that the notebook keeps, or a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from IPython.display import display

from caveagent_magic.events import MIME_TYPE, VERSION, CodeProposed, Event, Prose, TurnEnded
from caveagent_magic.pattern import pattern
from caveagent_magic.shell.log import Log
from caveagent_magic.shell.transcript import as_text, lines, started
from caveagent_magic.shell.transcript_html import as_html

CONTROL = pattern(r"[\x00-\x08\x0b-\x1f\x7f]")  # a terminal would obey them
STREAM_PAUSE = 0.05  # seconds between streamed pieces; more often than this no eye can read


def bundle(log: Log) -> dict[str, Any]:
    """The turn as the notebook keeps it: complete without a kernel."""
    events = log.kept()
    return {
        MIME_TYPE: {"version": VERSION, "events": events},
        "text/html": as_html(events),
        "text/plain": as_text(events),
    }


class View(Protocol):
    """Something that shows a turn while it happens."""

    def show(self, event: Event, log: Log) -> None: ...

    def close(self, log: Log) -> None: ...


class PanelView:
    """The live panel; the static bundle takes its place when the turn is over."""

    def __init__(self, turn: str, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        from caveagent_magic.shell.panel import Panel

        self.panel = Panel(turn=turn)
        self.panel.on_msg(lambda _widget, content, _buffers: answer(content.get("request", {})))
        data, metadata = self.panel._repr_mimebundle_()
        live = {**data, "text/plain": "The turn is running; its transcript appears here when it ends."}
        self.handle = display(live, metadata=metadata, raw=True, display_id=True)
        self._last_streamed = 0.0

    def show(self, event: Event, log: Log) -> None:
        """Streamed pieces travel alone and may be lost; every other event brings the whole list along."""
        streamed = isinstance(event, Prose) or (isinstance(event, CodeProposed) and not event.complete)
        if not streamed:
            self.panel.events = log.snapshot()
        elif time.monotonic() - self._last_streamed > STREAM_PAUSE:
            self._last_streamed = time.monotonic()
            seq = len(log.events) - 1
            self.panel.send({"kind": "event", "seq": seq, "event": log.events[seq]})

    def close(self, log: Log) -> None:
        """Replace the panel by what stays."""
        self.handle.update(bundle(log), raw=True)
        self.panel.running = False
        self.panel.close()


class StaticView:
    """For kernels that nobody watches: one output, filled when the turn is over."""

    def __init__(self) -> None:
        self.handle = display({"text/plain": "The turn is running."}, raw=True, display_id=True)

    def show(self, event: Event, log: Log) -> None:
        """Nobody watches."""

    def close(self, log: Log) -> None:
        """Show the whole turn."""
        self.handle.update(bundle(log), raw=True)


class TextView:
    """For a terminal: each event as text when it happens."""

    def __init__(self) -> None:
        self._shown = 0

    def show(self, event: Event, log: Log) -> None:
        """Print what is complete."""
        complete = len(log.events) if isinstance(event, TurnEnded) else len(log.events) - 1
        if not isinstance(event, Prose | CodeProposed):
            complete = len(log.events)
        for data in log.events[self._shown : complete]:
            for part in _parts(data):
                print(CONTROL.sub("", part))
        self._shown = max(self._shown, complete)

    def close(self, log: Log) -> None:
        """All is on the screen already."""


def _parts(data: Mapping[str, Any]) -> Iterable[str]:
    """What a terminal does not show already: the prompt was typed there, and the outputs are there."""
    if data["type"] == "turn_started":
        return (started(data),)
    return () if data["type"] == "ran" else lines(data)
