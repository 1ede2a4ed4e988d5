"""Whether the machine, or the container that holds this process, runs short of memory."""

from __future__ import annotations

import contextlib
from pathlib import Path

_SHARE = 0.15  # of all memory: below it old checkpoints are let go
_LIMIT, _USED, _STAT = (
    Path("/sys/fs/cgroup", name) for name in ("memory.max", "memory.current", "memory.stat")
)


def memory_is_short(meminfo: Path = Path("/proc/meminfo")) -> bool:
    """Whether less than a small share is left; False where the system does not tell."""
    return _of_machine(meminfo) < _SHARE or _of_container() < _SHARE


def _of_machine(meminfo: Path) -> float:
    with contextlib.suppress(OSError, KeyError, ValueError):
        lines = (line.split() for line in meminfo.read_text().splitlines())
        sizes = {words[0]: int(words[1]) for words in lines}
        return sizes["MemAvailable:"] / sizes["MemTotal:"]
    return 1.0


def _of_container() -> float:
    with contextlib.suppress(OSError, KeyError, ValueError):
        limit = int(_LIMIT.read_text())
        stat = dict(line.split() for line in _STAT.read_text().splitlines())
        used = int(_USED.read_text()) - int(stat["inactive_file"])  # that much is given up when asked for
        return 1 - used / limit
    return 1.0
