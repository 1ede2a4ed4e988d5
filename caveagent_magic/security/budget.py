"""How much looking one check may take: beyond it, the code is asked about.

The clock is the time that this thread computed: a verdict does not depend on what else the machine does.
"""

from __future__ import annotations

import time
from collections.abc import Callable

MOST_STEPS = 150_000  # visits of expressions and values
BETWEEN_LOOKS = 16  # steps; a look at the clock takes as long as several of them
CLOCK: Callable[[], float] = getattr(time, "thread_time", time.perf_counter)  # not every system has it
READING = 0.4  # seconds after the start of the check until which code is read
RULES = 0.5  # and until which rules look at what was read; the rest is for the parser and for tidying up


class TooMuch(Exception):
    """The code is larger than what can be followed in bearable time."""


class Budget:
    """Counts steps and watches the clock; `spend` raises `TooMuch` when either runs out."""

    __slots__ = ("clock", "most", "started", "steps", "until")

    def __init__(self, clock: Callable[[], float] = CLOCK, most: int = MOST_STEPS) -> None:
        self.clock, self.most = clock, most
        self.started = clock()
        self.steps = 0
        self.until = READING

    def spend(self) -> None:
        """Take one step."""
        self.steps += 1
        if self.steps > self.most:
            raise TooMuch
        if self.steps % BETWEEN_LOOKS == 0:
            self.look()

    def look(self) -> None:
        """Only watch the clock."""
        if self.clock() - self.started > self.until:
            raise TooMuch

    @property
    def left(self) -> float:
        """Seconds until reading has to end."""
        return max(self.until - (self.clock() - self.started), 0.0)
