"""What the names of a namespace were bound to, so that a step can be taken back as far as bindings go."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping

from caveagent_magic.events import Change, Changes
from caveagent_magic.rehearsal.changes import SECONDS, is_users
from caveagent_magic.rehearsal.fingerprint import Fingerprint, fingerprint

_UNKNOWN = "its binding was taken back, but there was no time to look for changes in place"
_IN_PLACE = "its content was changed in place, and only bindings can be taken back"


class Checkpoint:
    """The bindings of a namespace at one moment; `narrow` lets go of what a step did not touch."""

    def __init__(self, bindings: dict[str, object], marks: dict[str, Fingerprint]) -> None:
        self._bindings = bindings
        self._marks = marks

    @classmethod
    def take(cls, namespace: Mapping[str, object]) -> Checkpoint:
        """Remember what every name of the user's is bound to now."""
        bindings = {name: thing for name, thing in list(namespace.items()) if is_users(name)}
        deadline = time.monotonic() + SECONDS
        marks = {name: fingerprint(thing) for name, thing in bindings.items() if time.monotonic() < deadline}
        return cls(bindings, marks)

    def undo(
        self, namespace: MutableMapping[str, object], changes: Changes
    ) -> tuple[tuple[str, ...], tuple[Change, ...]]:
        """Take the changes back; gives the names that are as before, and the others with the reason."""
        undone: list[str] = []
        not_undone: list[Change] = []
        for change in (*changes.changed, *changes.removed):
            if change.name not in self._bindings:
                not_undone.append(Change(change.name, "it was not there when the checkpoint was taken"))
                continue
            thing = namespace[change.name] = self._bindings[change.name]
            mark = self._marks.get(change.name)
            if mark is not None and mark.same_as(fingerprint(thing)):
                undone.append(change.name)
            else:
                not_undone.append(Change(change.name, _UNKNOWN if mark is None else _IN_PLACE))
        for change in changes.added:
            if change.name not in self._bindings:
                namespace.pop(change.name, None)
                undone.append(change.name)
        return tuple(undone), tuple(not_undone)

    def narrow(self, changes: Changes) -> None:
        """Let go of every object whose name was not touched."""
        touched = {change.name for change in (*changes.changed, *changes.removed)}
        for name in self._bindings.keys() - touched:
            del self._bindings[name]
            self._marks.pop(name, None)
