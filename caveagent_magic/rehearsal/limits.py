"""What a rehearsal may use up."""

from __future__ import annotations

import contextlib
import os
import sys

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal import linux

with contextlib.suppress(ImportError):  # Windows has none, and no fork either
    import resource

_THREADS = 4  # for each process that may be started: the system counts threads, too
_NUMBERS_GIVEN_ONCE = 300  # Linux begins there when it gives out the numbers of ended processes again


@frozen
class Limits:
    """Bounds of one rehearsal; the processor time counts for each process of it."""

    seconds: float = 10.0
    cpu_seconds: int = 20
    memory: int = 4 << 30  # bytes of address space above what the kernel has already
    output_bytes: int = 2 << 20
    processes: int = 256
    scratch_bytes: int = 1 << 30  # room for files that the code writes
    adopt_seconds: float | None = None  # from here on results are kept for taking over; None: never
    adopt_bytes: int = 2 << 30


def impose(limits: Limits) -> None:
    """Bind this process, and all that it starts, to the limits."""
    # 1, not 0: Linux hands even an empty core dump to a crash reporter, and reads 1 as "none at all".
    _lower(resource.RLIMIT_CORE, 1 if sys.platform == "linux" else 0)
    _lower(resource.RLIMIT_CPU, limits.cpu_seconds, spare=1)  # a signal with a name first, then the kill
    _lower(resource.RLIMIT_FSIZE, limits.memory)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, _address_space() + limits.memory)
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")  # when memory runs out this process goes, not the kernel


def cap_processes(limits: Limits) -> None:
    """Let no more processes and threads begin in this process table, which has to be a new one.

    Where tables have no bounds (before Linux 6.14) those of the user are counted, unless that is root.
    """
    most = _THREADS * limits.processes
    if linux.has_process_tables_with_bounds():
        with contextlib.suppress(OSError), open("/proc/sys/kernel/pid_max", "w") as bound:
            bound.write(str(_NUMBERS_GIVEN_ONCE + most))
    elif os.getuid():
        _lower(resource.RLIMIT_NPROC, linux.count_of_own_threads() + most)


def _lower(kind: int, wanted: int, spare: int = 0) -> None:
    _, ceiling = resource.getrlimit(kind)
    hard = wanted + spare if ceiling == resource.RLIM_INFINITY else min(wanted + spare, ceiling)
    resource.setrlimit(kind, (min(wanted, hard), hard))


def _address_space() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
