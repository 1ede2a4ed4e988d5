"""The person's own names and cells, in the order in which they came; loaded with the extension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Ended(NamedTuple):
    """How running code came to its end."""

    error: str = ""  # the name of the error; empty: none
    line: int = 0  # of the code, where it was raised; 0: nothing of it ran, or there was no error


class Cell(NamedTuple):
    """A cell that ran."""

    source: str
    number: int
    ended: Ended = Ended()


class Names:
    """Watches the namespace of a shell from cell to cell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._order: dict[str, int] = {}  # names to the ids of their objects, oldest assignment first
        self.cells = _earlier(shell)  # that ran before this one
        self.ended = Ended()  # how the code that ran last did

    def variables(self) -> Mapping[str, object]:
        """The person's own names, without IPython's."""
        hidden = self.shell.user_ns_hidden
        return {
            name: value
            for name, value in self.shell.user_ns.items()
            if not name.startswith("_") and not (name in hidden and hidden[name] is value)
        }

    def note_cell(self, result: Any) -> None:
        """Called after every cell, and after each step inside one."""
        self.ended = _ended(result, self.shell.user_ns)
        if result.info is not None and result.info.store_history:
            self.cells.append(Cell(result.info.raw_cell, result.execution_count or 0, self.ended))
        self.note_assignments()

    def note_assignments(self) -> None:
        """What has another object than before was assigned."""
        now = {name: id(value) for name, value in self.variables().items()}
        for name in [name for name in self._order if self._order[name] != now.get(name)]:
            del self._order[name]
        self._order.update({name: identity for name, identity in now.items() if name not in self._order})

    def recent(self) -> Sequence[str]:
        """Names by their last assignment, newest first."""
        self.note_assignments()
        return list(reversed(self._order))


def _earlier(shell: Any) -> list[Cell]:
    """The cells of this session before the one that runs now; how they ended is not known."""
    history = getattr(shell.history_manager, "input_hist_raw", [])[1 : shell.execution_count]
    return [Cell(source, number) for number, source in enumerate(history, 1)]


def _ended(result: Any, namespace: Mapping[str, object]) -> Ended:
    if result.error_before_exec is not None:
        return Ended(type(result.error_before_exec).__name__)
    if result.error_in_exec is None:
        return Ended()
    at = result.error_in_exec.__traceback__
    while at is not None and at.tb_frame.f_globals is not namespace:
        at = at.tb_next
    return Ended(type(result.error_in_exec).__name__, at.tb_lineno if at is not None else 0)
