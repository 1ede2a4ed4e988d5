"""Where a step stands, and how its parts tell what happens."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypedDict

from caveagent_magic import events as ev
from caveagent_magic.frozen import frozen

Telling: TypeAlias = Generator[ev.Event, None, str]
"""The events of a part of a step; returns what the model is told."""


class Fields(TypedDict):
    """The fields that every event has."""

    turn: str
    step: int


@frozen
class At:
    """Where in the notebook's story an event belongs."""

    turn: str
    step: int

    @property
    def fields(self) -> Fields:
        """As keyword arguments of an event."""
        return {"turn": self.turn, "step": self.step}


def observe(text: str, at: At, left_out: int = 0) -> Telling:
    """The model is told this."""
    yield ev.Observed(text, left_out, **at.fields)
    return text
