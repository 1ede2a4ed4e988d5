"""What the operating system holds a rehearsal back with: found out once, and said only as far as it is true.

Two steps, because a new process table begins with the next child: `enter` before that fork, `apply` after it.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from caveagent_magic.rehearsal import linux

GUARD_ALONE = "the guard alone: effects are refused, the operating system gives no sandbox here"
_ALWAYS_WRITABLE = ("/dev/null", "/dev/zero", "/dev/full")
_SHARED_MEMORY = "/dev/shm"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The measures in force; all False: none."""

    namespaces: int = 0  # flags of `unshare`
    shared_memory: bool = False  # /dev/shm is the rehearsal's own
    landlock: int = 0  # version

    @property
    def own_processes(self) -> bool:
        """Whether all processes of the rehearsal end with its first one and see no other."""
        return bool(self.namespaces & linux.NEW_PROCESSES)

    def __str__(self) -> str:
        """In words for the person."""
        network = "no network" if self.namespaces & linux.NEW_NETWORK else ""
        if not network and self.landlock >= 4:
            network = "no TCP connections"
        processes = "no reach to other processes" if self.own_processes else ""
        files = "no writes outside a scratch folder" if self.landlock else ""
        refused = [words for words in (network, processes, files) if words]
        means = ["namespaces"] * bool(self.namespaces) + ["Landlock"] * bool(self.landlock)
        return f"{', '.join(refused)} ({', '.join(means)})" if refused else GUARD_ALONE


def describe() -> str:
    """What holds a rehearsal on this machine, in words."""
    return str(probe())


@functools.cache
def probe() -> Sandbox:
    """The strongest measures that work here, each tried in a throw-away fork."""
    if sys.platform != "linux":
        return Sandbox()
    inner = linux.NEW_NETWORK | linux.NEW_PROCESSES | linux.NEW_MOUNTS | linux.NEW_IPC
    choices = (inner, inner | linux.NEW_USERS, linux.NEW_NETWORK | linux.NEW_USERS, linux.NEW_NETWORK, 0)
    namespaces = next(flags for flags in choices if _works(functools.partial(_try_namespaces, flags)))
    own_memory = bool(namespaces & linux.NEW_MOUNTS) and _works(lambda: _try_shared_memory(namespaces))
    return Sandbox(namespaces, own_memory, linux.landlock_version() if _works(_try_landlock) else 0)


def enter(available: Sandbox) -> None:
    """Go into the namespaces; the process table only begins with the next fork."""
    if not available.namespaces:
        return
    user, group = os.getuid(), os.getgid()
    linux.unshare(available.namespaces)
    if available.namespaces & linux.NEW_USERS:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    if available.shared_memory:
        linux.mount_private_tmpfs(_SHARED_MEMORY)


def apply(available: Sandbox, scratch: str) -> Sandbox:
    """Confine this process, which has entered, for good; gives what is really in force."""
    if sys.platform != "linux":
        return Sandbox()
    if available.landlock:
        shared = (_SHARED_MEMORY,) * available.shared_memory
        linux.landlock_writes((scratch, *shared, *_ALWAYS_WRITABLE), available.landlock)
    linux.drop_capabilities()
    return available


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _try_namespaces(flags: int) -> None:
    enter(Sandbox(flags))
    if flags & linux.NEW_PROCESSES and not _works(_confirm_first_process):
        raise OSError("no process could be started in the new process table")


def _confirm_first_process() -> None:
    if os.getpid() != 1:
        raise OSError("the process table is not new")


def _try_shared_memory(namespaces: int) -> None:
    enter(Sandbox(namespaces, shared_memory=True))


def _try_landlock() -> None:
    version = linux.landlock_version()
    if not version:
        raise OSError("the kernel has no Landlock")
    linux.landlock_writes(_ALWAYS_WRITABLE[:1], version)


def _works(attempt: Callable[[], None]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            linux.die_with_parent(signal.SIGKILL)
            attempt()
        except BaseException:  # the child must end here whatever happens: it is a copy of the kernel
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
