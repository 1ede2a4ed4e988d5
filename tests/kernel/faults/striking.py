"""Inside a kernel: a process is killed at an exact point of a turn."""

import itertools
import os
import signal
import time
from collections.abc import Callable

from caveagent_magic.record import journal
from caveagent_magic.shell.record import Recording
from caveagent_magic.shell.runtime import Runtime

PLACES = {"event": (Recording, "take"), "code": (Runtime, "run"), "line": (journal, "_append")}
ORIGINALS = {place: getattr(*where) for place, where in PLACES.items()}
ARMED: list[int] = []  # the pipe to who kills
PASSED = {}  # how often the last turn came by each place


def strike(pid: int, place: str, at: int, when: str) -> None:
    """Kill -9 the process "before", "half" or "after" the turn comes by this place for the `at`-th time."""
    while ARMED:
        os.close(ARMED.pop())
    kill = _killer(pid)
    for each in PLACES:
        _wrap(each, kill, at if each == place else 0, when)


def _wrap(place: str, kill: Callable[[], None], at: int, when: str) -> None:
    numbers, original = itertools.count(1), ORIGINALS[place]

    def wrapped(*arguments):
        PASSED[place] = number = next(numbers)
        if number == at and when == "half":  # of a line of the record
            descriptor, data = arguments
            os.write(descriptor, data[: len(data) // 2])
        if number == at and when != "after":
            kill()
        result = original(*arguments)
        if number == at and when == "after":
            kill()
        return result

    setattr(*PLACES[place], wrapped)


def _killer(pid: int) -> Callable[[], None]:
    """A process of its own does it: the guard that is around a step would refuse it here."""
    reading, writing = os.pipe()
    if (killer := os.fork()) == 0:
        os.close(writing)
        if os.read(reading, 1):
            os.kill(pid, signal.SIGKILL)
        os._exit(0)
    os.close(reading)
    ARMED.append(writing)

    def kill() -> None:
        os.write(writing, b"x")
        os.waitpid(killer, 0)
        while pid == os.getpid():
            time.sleep(1)

    return kill
