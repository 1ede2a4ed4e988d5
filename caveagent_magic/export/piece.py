"""One piece of a session: an ordinary cell of the person, or a step of a turn that ran."""

from __future__ import annotations

from typing import Any

from caveagent_magic.events import Effect
from caveagent_magic.frozen import frozen

LONGEST = 50  # characters of a request


@frozen
class Piece:
    """What ran, in the order in which it ran."""

    source: str  # as it was written
    plain: str  # what is read of it: ordinary Python, without the magic that it stands under
    python: str = ""  # all of it as ordinary Python
    cell: int = 0  # its number in the notebook; a step has that of its `%%cave` cell
    turn: str = ""  # empty: an ordinary cell
    step: int = 0
    request: str = ""  # the words of the turn
    touched: frozenset[str] = frozenset()  # names that a step was seen to add or change
    shows: bool = False  # whether a step printed or showed something
    shown: str = ""  # the mark of that, where it can be compared
    effects: tuple[Effect, ...] = ()
    error: str = ""  # the name of the error that it ended with
    undone: bool = False
    out: str = ""  # the name that the last value was given

    @property
    def is_step(self) -> bool:
        """Whether the agent wrote it."""
        return bool(self.turn)

    @property
    def title(self) -> str:
        """What it is called in sentences."""
        if not self.is_step:
            return f"cell [{self.cell}]"
        return f"step {self.step} of “{self.words}”"

    @property
    def words(self) -> str:
        """The request on one line, cut where it is long."""
        text = " ".join(self.request.split())
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

    @property
    def metadata(self) -> dict[str, Any]:
        """Where it came from, as a cell's metadata."""
        if not self.is_step:
            return {"caveagent": {"cell": self.cell}}
        return {"caveagent": {"turn": self.turn, "step": self.step}}
