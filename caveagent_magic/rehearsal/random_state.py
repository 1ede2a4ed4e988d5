"""The state of the interpreter's own generators of random numbers: a rehearsal and its run start from one.

A fork keeps them all but Python's, which gives itself a new seed in every child.
"""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any

from caveagent_magic.frozen import frozen


@frozen
class RandomState:
    """What the generators that nobody has a name for would draw next."""

    python: tuple[Any, ...]
    numpy: dict[str, Any] | None  # None: not loaded
    torch: Any = None

    @classmethod
    def take(cls) -> RandomState:
        """The state now."""
        numpy, torch = _of_numpy(), sys.modules.get("torch")
        return cls(
            random.getstate(),
            None if numpy is None else numpy.get_state(legacy=False),
            None if torch is None else torch.random.get_rng_state(),
        )

    def restore(self) -> None:
        """Draw from here on what would have been drawn then."""
        random.setstate(self.python)
        numpy, torch = _of_numpy(), sys.modules.get("torch")
        if self.numpy is not None and numpy is not None:
            numpy.set_state(self.numpy)
        if self.torch is not None and torch is not None:
            torch.random.set_rng_state(self.torch)

    def same_as(self, other: RandomState) -> bool:
        """Whether both draw the same; a library that was loaded in between has drawn nothing."""
        return (
            self.python == other.python
            and (self.numpy is None or other.numpy is None or plain(self.numpy) == plain(other.numpy))
            and (self.torch is None or other.torch is None or bool((self.torch == other.torch).all()))
        )


def state_of(thing: object, kind: type) -> Any:
    """What a generator that has a name would draw next; None: it is none."""
    if issubclass(kind, random.Random) and not issubclass(kind, random.SystemRandom):
        return random.Random.getstate(thing)  # type: ignore[arg-type]
    numpy: Any = sys.modules.get("numpy.random")
    if numpy is None:
        return None
    if issubclass(kind, numpy.Generator):
        return plain(numpy.Generator.bit_generator.__get__(thing).state)
    if issubclass(kind, numpy.RandomState):
        return plain(numpy.RandomState.get_state(thing, legacy=False))
    if issubclass(kind, numpy.BitGenerator):
        return plain(kind.state.__get__(thing))  # type: ignore[attr-defined]
    return None


def plain(state: Any) -> Any:
    """A generator's state as plain data that can be compared."""
    if isinstance(state, dict):
        return tuple((name, plain(value)) for name, value in state.items())
    return state.tobytes() if hasattr(state, "tobytes") else state


def _of_numpy() -> Any:
    if "numpy" not in sys.modules:
        return None
    importlib.import_module("numpy.random")  # numpy loads it late, and seeds it anew in every process
    return getattr(sys.modules.get("numpy.random.mtrand"), "_rand", None)
