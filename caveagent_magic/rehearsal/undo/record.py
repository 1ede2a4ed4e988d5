"""What one step changed, as it was before: restoring it gives the record that leads back again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import field, replace
from typing import Any

from caveagent_magic.events import Change
from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal.changes import SECONDS
from caveagent_magic.rehearsal.fingerprint import Fingerprint, fingerprint
from caveagent_magic.rehearsal.undo.arrays import address_of
from caveagent_magic.rehearsal.undo.attributes import POSITION
from caveagent_magic.rehearsal.undo.kept import CannotRestore, Kept
from caveagent_magic.rehearsal.undo.memory import Patch


class _Absent:
    """Stands for a name that is not bound."""


ABSENT = _Absent()
# What the types themselves raise when they cannot be given a state back.
_REFUSALS = (TypeError, ValueError, AttributeError, BufferError, OSError, RuntimeError, MemoryError)


@frozen
class Holder:
    """An array that memory to be restored belongs to; it keeps the memory where it is."""

    array: Any
    address: int
    name: str

    @property
    def in_place(self) -> bool:
        """Whether its memory is still where it was."""
        return address_of(self.array) == self.address


@frozen
class Restored:
    """What came of restoring a record."""

    names: tuple[str, ...]  # as they were
    not_undone: tuple[Change, ...]
    back: Record  # leads to where we came from


@frozen
class Record:
    """Bindings, states of objects and pieces of memory."""

    bindings: Mapping[str, object] = field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    patches: tuple[Patch, ...] = ()
    holders: tuple[Holder, ...] = ()
    names: tuple[str, ...] = ()  # all that the step touched
    said: Mapping[str, str] = field(default_factory=dict)  # what is not covered, and why
    lasting: Mapping[str, str] = field(default_factory=dict)  # what no undo takes back
    marks: Mapping[str, Fingerprint] = field(default_factory=dict)  # to check the result by

    @property
    def in_place(self) -> tuple[str, ...]:
        """The names whose objects are the same and hold something else."""
        return tuple(name for name in self.names if name not in self.bindings)

    def restore(self, namespace: MutableMapping[str, object]) -> Restored:
        """Make everything as it was; what does not come out right is told with its reason."""
        back, problems = self._now(namespace), dict(self.said)
        for kept in sorted(self.kept, key=lambda kept: kept.kind is not POSITION):
            if not kept.kind.last:
                _try(kept, problems)
        moved = [holder for holder in self.holders if not holder.in_place]
        problems |= {holder.name: "its memory was given up for another since" for holder in moved}
        if not moved:
            for patch in self.patches:
                patch.restore()
        for kept in self.kept:
            if kept.kind.last:
                _try(kept, problems)
        self._try_again(problems)
        _bind(self.bindings, namespace)
        self._verify(namespace, problems)
        names = tuple(name for name in self.names if name not in problems)
        problems |= self.lasting
        return Restored(names, tuple(Change(*problem) for problem in problems.items()), back)

    def _now(self, namespace: Mapping[str, object]) -> Record:
        """The same places as they are now."""
        return replace(
            self,
            bindings={name: namespace.get(name, ABSENT) for name in self.bindings},
            kept=tuple(kept.now() for kept in self.kept),
            patches=tuple(patch.now() for patch in self.patches),
            lasting={},
            marks={},
        )

    def _try_again(self, problems: dict[str, str]) -> None:
        """An iterator goes no further than its list reaches, which may have been too short or too long."""
        for kept in self.kept:
            if kept.kind is POSITION and kept.changed:
                _try(kept, problems)

    def _verify(self, namespace: Mapping[str, object], problems: dict[str, str]) -> None:
        for kept in self.kept:
            if kept.name not in problems and kept.changed:
                problems[kept.name] = f"a {type(kept.thing).__name__} in it did not take its state back"
        deadline = time.thread_time() + SECONDS
        for name, mark in self.marks.items():
            if name in problems or name not in namespace or time.thread_time() > deadline:
                continue
            if not _alike(mark, fingerprint(namespace[name])):
                problems[name] = "it is not all as it was before the step: it was changed otherwise since"


def _try(kept: Kept, problems: dict[str, str]) -> None:
    try:
        kept.restore()
    except CannotRestore as reason:
        problems.setdefault(kept.name, str(reason))
    except _REFUSALS as error:
        problems.setdefault(kept.name, f"a {type(kept.thing).__name__} in it refused: {error}")


def _bind(bindings: Mapping[str, object], namespace: MutableMapping[str, object]) -> None:
    for name, thing in bindings.items():
        if thing is ABSENT:
            namespace.pop(name, None)
        else:
            namespace[name] = thing


def _alike(first: Fingerprint, second: Fingerprint) -> bool:
    """Whether the content looks the same; who wrote to its memory meanwhile does not matter."""
    if first.cut or second.cut:  # there was no time to look at the rest
        return True
    return first.digest == second.digest and _sums(first) == _sums(second)


def _sums(mark: Fingerprint) -> Iterable[tuple[int, int]]:
    return [(buffer.size, buffer.checksum) for buffer in mark.buffers]
