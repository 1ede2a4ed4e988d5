"""The in-cell panel: the shared renderer inside an anywidget."""

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
