"""A ceiling for the memory of running code: what asks for more than there is fails, and the kernel lives."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from threading import Lock

with contextlib.suppress(ImportError):  # Windows has none
    import resource

_GROUPS = (
    ("memory.max", "memory.current", "memory.stat", "inactive_file "),
    (
        "memory/memory.limit_in_bytes",
        "memory/memory.usage_in_bytes",
        "memory/memory.stat",
        "total_inactive_file ",
    ),
)
"""Of a container, in both versions of Linux's control groups: limit, use, and what of it are only caches."""
_ROOT = "/sys/fs/cgroup"
_lock = Lock()
_before: list[tuple[int, int]] = []  # the limits that each guard that is on has found


@contextlib.contextmanager
def memory_ceiling() -> Iterator[None]:
    """Hold this process to the memory that it has and that is free now; Linux only."""
    _begin()
    try:
        yield
    finally:
        _end()


def _begin() -> None:
    if sys.platform != "linux":
        return
    with _lock:
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        _before.append((soft, hard))
        with contextlib.suppress(OSError, ValueError, LookupError):  # nothing is known of the memory
            wanted = _in_use() + min(_free(), *_free_in_groups())
            bounds = (bound for bound in (soft, hard) if bound != resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_DATA, (min((wanted, *bounds)), hard))


def _end() -> None:
    if sys.platform != "linux":
        return
    with _lock:
        first = _before[0]
        _before.pop()
        if not _before:  # the last guard is off, in whatever order they ended
            resource.setrlimit(resource.RLIMIT_DATA, first)


def _in_use() -> int:
    """Bytes that this process may write to without sharing them, touched or not."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")


def _free() -> int:
    """Bytes that this machine can still give."""
    with open("/proc/meminfo") as file:
        found = dict(line.split(":") for line in file)
    return sum(int(found[name].split()[0]) << 10 for name in ("MemAvailable", "SwapFree"))


def _free_in_groups() -> Iterator[int]:
    yield sys.maxsize
    for limit, use, statistics, caches in _GROUPS:
        with contextlib.suppress(OSError, ValueError):  # there is no such group, or it has no limit
            left = _number(limit) - _number(use)
            with open(f"{_ROOT}/{statistics}") as file:
                kept = next((line for line in file if line.startswith(caches)), f"{caches}0")
            yield max(left, 0) + int(kept.split()[1])


def _number(name: str) -> int:
    with open(f"{_ROOT}/{name}") as file:
        return int(file.read())
