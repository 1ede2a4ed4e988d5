"""The person's own names, and in which order they were last assigned; loaded with the extension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Names:
    """Watches the namespace of a shell from cell to cell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._order: dict[str, int] = {}  # names to the ids of their objects, oldest assignment first

    def variables(self) -> Mapping[str, object]:
        """The person's own names, without IPython's."""
        hidden = self.shell.user_ns_hidden
        return {
            name: value
            for name, value in self.shell.user_ns.items()
            if not name.startswith("_") and not (name in hidden and hidden[name] is value)
        }

    def note_assignments(self, *_: object) -> None:
        """Called after every cell: what has another object than before was assigned."""
        now = {name: id(value) for name, value in self.variables().items()}
        for name in [name for name in self._order if self._order[name] != now.get(name)]:
            del self._order[name]
        self._order.update({name: identity for name, identity in now.items() if name not in self._order})

    def recent(self) -> Sequence[str]:
        """Names by their last assignment, newest first."""
        self.note_assignments()
        return list(reversed(self._order))
