"""How much looking one check may take: beyond it, the code is asked about.

The clock is the time that this thread computed, so that a verdict does not depend on what else the machine
does; where something blocks the thread, the time that a person waits ends the look.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

MOST_STEPS = 150_000  # visits of expressions and values
BETWEEN_LOOKS = 16  # steps; a look at the clock takes as long as several of them
CLOCK: Callable[[], float] = getattr(time, "thread_time", time.perf_counter)  # not every system has it
READING = 0.4  # seconds after the start of the check until which code is read
RULES = 0.5  # and until which rules look at what was read; the rest is for the parser and for tidying up
WAITED = 0.8  # seconds after which a look ends that hardly computed anything in them
SHARE = 8  # what part of the time that is waited a thread computes that is not blocked
LONGEST = 3.0  # seconds after which any look ends


class TooMuch(Exception):
    """The code is larger than what can be followed in bearable time."""


class Budget:
    """Counts steps and watches the clock; `spend` raises `TooMuch` when either runs out."""

    __slots__ = ("began", "clock", "most", "started", "steps", "until")

    def __init__(self, clock: Callable[[], float] = CLOCK, most: int = MOST_STEPS) -> None:
        self.clock, self.most = clock, most
        self.started, self.began = clock(), time.perf_counter()
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
        """Only watch the clocks."""
        computed, waited = self.clock() - self.started, time.perf_counter() - self.began
        blocked = waited > WAITED and computed < waited / SHARE
        if computed > self.until or blocked or waited > LONGEST:
            raise TooMuch

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """What is done in there takes as long as the kernel is large, whatever the code is."""
        before, began = self.clock(), time.perf_counter()
        yield
        self.started += self.clock() - before
        self.began += time.perf_counter() - began

    @property
    def left(self) -> float:
        """Seconds until reading has to end."""
        return max(self.until - (self.clock() - self.started), 0.0)
