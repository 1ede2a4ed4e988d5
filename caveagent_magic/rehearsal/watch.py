"""Watching a rehearsal from outside, through /proc: how much it takes, and whether it can still get anywhere.

Limits of the child's own bind each process for itself, and count addresses, not memory: many small processes,
or pages of the kernel that are copied because the code writes to them, are only seen from here.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import field

from caveagent_magic.frozen import slotted
from caveagent_magic.rehearsal.limits import Limits

_APART = 0.25  # seconds between two looks that cost something
_STILL = 1.5  # seconds without a move after which a rehearsal that waits for itself is given up

# Numbers of: futex; wait4, waitid, pause, rt_sigsuspend.
_CALLS = {"x86_64": ("202", {"61", "247", "34", "130"}), "aarch64": ("98", {"260", "95", "133"})}
_FUTEX_WAITS = frozenset({0, 6, 9, 13})  # wait, lock_pi, wait_bitset, lock_pi2
_FUTEX_COMMAND = 0x7F
_OWN = ("Private_Clean:", "Private_Dirty:", "Swap:")

STUCK = "hung: it waits for a lock, or for a thread that only the kernel itself has"
STOPPED = "stopped itself with a signal"
TOO_MUCH_MEMORY = "asked for more memory than a rehearsal may use"


@slotted
class Watch:
    """What is seen of the processes of one session; where /proc is missing, nothing is."""

    limits: Limits
    _session: int = 0
    _others: int = field(default_factory=lambda: _count_processes())
    _next: float = 0.0
    _seen: tuple[str, ...] = ()
    _since: float = 0.0

    def begin(self, session: int) -> None:
        """Watch this session, which has just begun."""
        self._session, self._next = session, time.monotonic() + _APART

    def complaint(self) -> str:
        """Why the rehearsal has to be ended now; empty: it may go on."""
        now = time.monotonic()
        if sys.platform != "linux" or (now < self._next and not self._many()):
            return ""
        self._next = now + _APART
        ours = [pid for pid in _processes() if _session_of(pid) == self._session]
        if len(ours) > self.limits.processes:
            return f"started more than {self.limits.processes} processes"
        if self._memory_of(ours) > self.limits.memory:
            return TOO_MUCH_MEMORY
        return self._stillness(ours, now)

    def _memory_of(self, ours: list[int]) -> int:
        """Bytes of all of them; ends early when they become too many meanwhile: each look takes long then."""
        total = 0
        for pid in ours:
            if self._many():
                break
            total += _own_memory(pid)
        return total

    def _many(self) -> bool:
        return _count_processes() - self._others > self.limits.processes

    def _stillness(self, ours: list[int], now: float) -> str:
        """Every thread waits for another one of the same session, and has for a while: none will go on."""
        calls = tuple(call for pid in ours for call in _calls_of(pid))
        if calls != self._seen:
            self._seen, self._since = calls, now
        if not calls or now - self._since < _STILL:
            return ""
        if any(map(_is_stopped, ours)):
            return STOPPED
        waits = [_waits_inside(call) for call in calls]
        return STUCK if all(waits) and "lock" in waits else ""


def _waits_inside(call: str) -> str:
    """What a thread waits for that only its own session can bring about; empty: it does not."""
    futex, waits_for_children = _CALLS.get(os.uname().machine, ("", frozenset()))
    number, *arguments = call.split()
    if number in waits_for_children:
        return "child"
    if number != futex or int(arguments[1], 16) & _FUTEX_COMMAND not in _FUTEX_WAITS:
        return ""
    return "lock" if int(arguments[3], 16) == 0 else ""  # with a time-out it goes on by itself


def _calls_of(pid: int) -> list[str]:
    """The system call that each thread is in, with its arguments; empty where that may not be read."""
    calls = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/syscall") as call:
                calls.append(call.read().strip() or "running")
    except OSError:  # gone by now, or not ours to look at
        return ["running"]
    return calls


def _is_stopped(pid: int) -> bool:
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] == ["T"]


def _own_memory(pid: int) -> int:
    """Bytes that no other process shares: what it has allocated, and what it has copied by writing to it."""
    lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
    own = (line.split()[1] for line in lines if line.startswith(_OWN))
    return sum(map(int, own)) << 10


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _count_processes() -> int:
    return len(_processes()) if sys.platform == "linux" else 0


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:  # gone by now, or not ours to look at
        return ""
