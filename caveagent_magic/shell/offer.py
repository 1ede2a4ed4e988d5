"""Undo, redo and cells below a finished turn, for pages where no JupyterLab extension offers them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from IPython.display import DisplayHandle, display

from caveagent_magic.errors import CaveError

if TYPE_CHECKING:
    from caveagent_magic.shell.drive import Driver
    from caveagent_magic.shell.panel import UndoPanel

VERBS = ("undo_step", "undo_turn", "redo", "cells")
IN_WORDS = "`%cave undo` takes back what this turn did to your variables; `%cave redo` does it again."
Json = dict[str, Any]


class Offer:
    """One panel, below the last turn that ran something; what it asks for is done between two cells."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._panel: UndoPanel | None = None
        self._handle: DisplayHandle | None = None

    def put(self, turn: str) -> None:
        """Show it below this turn, and nowhere else: a kept notebook has at most one that is of no use.

        After a turn that changed nothing it stays where it is.
        """
        from caveagent_magic.shell.panel import UndoPanel

        offered = self._driver.history.offer()
        if self._panel and self._panel.turn == offered["turn"]:
            return self.update()
        self.withdraw()
        self._panel = UndoPanel(turn=turn, undo=offered)
        self._panel.on_msg(lambda _widget, content, _buffers: self._asked(content))
        data, metadata = self._panel._repr_mimebundle_()
        shown = {**data, "text/plain": IN_WORDS}
        self._handle = display(shown, metadata=metadata, raw=True, display_id=True)
        return None

    def update(self) -> None:
        """What can be undone is another now."""
        if self._panel:
            self._panel.undo = self._driver.history.offer()

    def withdraw(self) -> None:
        """Take it away."""
        if self._panel and self._handle:
            self._handle.update({"text/plain": ""}, raw=True)
            self._panel.close()
        self._panel = self._handle = None

    def _asked(self, content: Mapping[str, Any]) -> None:
        """Widget messages may come on a thread of their own; the person's objects are the main thread's."""
        if threading.current_thread() is threading.main_thread():
            self._answer(content)
        else:
            self._driver.runtime.shell.kernel.io_loop.add_callback(self._answer, content)

    def _answer(self, content: Mapping[str, Any]) -> None:
        request = content.get("request")
        verb = request.get("verb") if isinstance(request, dict) else None
        if verb == "leave":
            return self.withdraw()
        reply = _unknown(verb) if verb not in VERBS else self._reply(verb)
        if self._panel:
            self._panel.send({"kind": "reply", "id": content.get("id"), "reply": reply})
        return None

    def _reply(self, verb: str) -> Json:
        from caveagent_magic.shell import cells, undo

        driver, offered = self._driver, self._driver.history.offer()
        mine = self._panel.turn if self._panel else ""
        try:
            if verb == "cells":
                return {"status": "ok", **cells.answer(driver)}
            if mine != offered["redo_turn" if verb == "redo" else "turn"]:
                return {"status": "stale", "message": "What this turn did is undone, or was not the last."}
            if verb == "redo":
                log = undo.do_again(driver, in_a_cell=False)
            else:
                count = 1 if verb == "undo_step" else offered["of_last_turn"]
                log = undo.take_back(driver, offered["idle"] + count, in_a_cell=False)
            return {"status": "ok", "events": log.events}
        except CaveError as error:
            return {"status": "error", "message": str(error)}


def _unknown(verb: object) -> Json:
    return {"status": "error", "message": f"There is no verb {verb!r}: {', '.join(VERBS)}, leave."}
