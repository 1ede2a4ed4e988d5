"""Whether another process shares this one's memory: one that was forked from it and is no other program."""

from __future__ import annotations

import os


def started() -> int:
    """The time now, in the clock ticks since boot that processes are dated by."""
    with open("/proc/uptime") as uptime:
        return int(float(uptime.read().split()[0]) * os.sysconf("SC_CLK_TCK"))


def has_relatives(since: int) -> bool:
    """Whether a fork of this process, or of one of its forks, was started since then and lives.

    Who its parent is does not matter: a fork may have left it.
    """
    own, origin = os.getpid(), _origin("self")
    forks = [
        name
        for name in os.listdir("/proc")
        if name.isdecimal() and int(name) != own and _born(name) >= since - 1 and _origin(name) == origin
    ]
    return len(forks) > 1  # one is the frozen fork


def _born(name: str) -> int:
    try:
        with open(f"/proc/{name}/stat") as stat:
            return int(stat.read().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return -1


def _origin(name: str) -> bytes:
    """What a program is told at its start, random addresses among it: forks have it in common."""
    try:
        with open(f"/proc/{name}/auxv", "rb") as auxv:
            return auxv.read()
    except OSError:  # it has ended, or is somebody else's
        return b""
