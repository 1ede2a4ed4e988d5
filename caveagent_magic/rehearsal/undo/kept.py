"""One piece of state that a checkpoint remembers: how it is read, compared and written back."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from caveagent_magic.frozen import frozen


class CannotRestore(Exception):
    """The state cannot be given back; the message is the reason, as the end of a sentence about the name."""


@frozen
class Kind:
    """What is done with the state of one type; nothing here runs code of the person's classes."""

    read: Callable[[Any], Any]  # the state now, holding by reference what the object holds
    write: Callable[[Any, Any], None]  # raises `CannotRestore`, or what the type itself raises
    same: Callable[[Any, Any], bool]  # whether two states hold the very same objects
    inside: Callable[[Any], Iterable[object]] = lambda state: ()  # the objects that a state holds
    last: bool = False  # written after the memory of arrays was


class Kept(NamedTuple):  # made for each object of the person: a dataclass takes four times as long
    """The state of one object at one moment."""

    thing: Any
    kind: Kind
    state: Any
    name: str  # the name that led to it
    quiet: bool = False  # True: inside an object of a library, where caches come and go

    @property
    def changed(self) -> bool:
        """Whether the object holds something else now."""
        return not self.kind.same(self.state, self.kind.read(self.thing))

    def now(self) -> Kept:
        """The same object as it is now."""
        return self._replace(state=self.kind.read(self.thing))

    def restore(self) -> None:
        """Make the object hold again what it held then."""
        self.kind.write(self.thing, self.state)


def each_is(first: Sequence[object], second: Sequence[object]) -> bool:
    """Whether both hold the very same objects in the same order."""
    return len(first) == len(second) and all(map(operator.is_, first, second))
