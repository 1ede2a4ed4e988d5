"""The checks of this session, in the order in which they were set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from caveagent_magic.errors import UsageError
from caveagent_magic.events import Change, Changes
from caveagent_magic.frozen import slotted

if TYPE_CHECKING:
    from caveagent_magic.checks.check import Check


@slotted
class Checks:
    """What shall stay true, by the variable that it was set for."""

    of: dict[str, list[Check]] = field(default_factory=dict)
    lapsed: set[Check] = field(default_factory=set)  # that did not hold when the turn began

    def add(self, subject: str, text: str, namespace: Mapping[str, object]) -> list[Check]:
        """Set checks, separated by semicolons; all of them or, with a `UsageError`, none."""
        from caveagent_magic.checks.check import check  # many notebooks guard nothing

        if subject not in namespace:
            raise UsageError(f"There is no variable {subject!r} to guard.")
        parts = [part for part in text.split(";") if part.strip()]
        if not parts:
            raise UsageError(f"Say what shall stay true of {subject}, such as `{subject}: rows unchanged`.")
        found = [check(_spelt_out(part, subject), subject, namespace) for part in parts]
        known = {each.text for each in found}
        self.of[subject] = [each for each in self.of.get(subject, []) if each.text not in known] + found
        return found

    def drop(self, subject: str = "") -> int:
        """Let go of the checks of a variable, or of all; returns how many there were."""
        gone = [self.of.pop(name, []) for name in ([subject] if subject else list(self.of))]
        return sum(map(len, gone))

    def all(self) -> list[Check]:
        """Every check."""
        return [each for some in self.of.values() for each in some]

    def texts(self) -> list[str]:
        """What is to be kept true in this turn."""
        return [each.text for each in self.all() if each not in self.lapsed]

    def begin(self, namespace: Mapping[str, object]) -> str:
        """Before a turn: what no longer holds is not held against its steps; in words, for the person."""
        found = [(each, each.complaint(namespace)) for each in self.all()]
        self.lapsed = {each for each, complaint in found if complaint}
        return "\n".join(
            f"Not guarded in this turn: {each.text} does not hold already: {complaint}."
            for each, complaint in found
            if complaint
        )

    def broken(self, changes: Changes, namespace: Mapping[str, object]) -> tuple[Change, ...]:
        """The checks that no longer hold after these changes; only what may have been touched is measured."""
        touched = _touched(changes)
        concerned = (each for each in self.all() if changes.note or each.names & touched)
        concerned = (each for each in concerned if each not in self.lapsed)
        found = ((each, each.complaint(namespace)) for each in concerned)
        return tuple(
            Change(each.text, "no longer holds", complaint) for each, complaint in found if complaint
        )


def _touched(changes: Changes) -> set[str]:
    return {change.name for change in (*changes.added, *changes.changed, *changes.removed)}


def _spelt_out(text: str, subject: str) -> str:
    """`rows unchanged` and `columns unchanged` are about the subject itself."""
    words = " ".join(text.split())
    return {
        "unchanged": f"{subject} unchanged",
        "rows unchanged": f"len({subject}) unchanged",
        "columns unchanged": f"{subject}.columns unchanged",
    }.get(words, words)
