"""The widgets of a cell: the live turn, and what can be taken back of it when it is over."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

STATIC = Path(__file__).parent.parent / "static"


class Panel(anywidget.AnyWidget):
    """Shows the events of one turn and sends the person's answers."""

    _esm = STATIC / "panel.js"
    _css = STATIC / "panel.css"

    turn = traitlets.Unicode().tag(sync=True)
    events = traitlets.List().tag(sync=True)
    running = traitlets.Bool(True).tag(sync=True)


class UndoPanel(anywidget.AnyWidget):
    """Shows what can be undone of one turn now and sends the person's wish."""

    _esm = STATIC / "undo.js"
    _css = STATIC / "panel.css"

    turn = traitlets.Unicode().tag(sync=True)
    undo = traitlets.Dict().tag(sync=True)
