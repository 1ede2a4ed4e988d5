"""What the operating system holds a rehearsal back with: found out once, and said only as far as it is true.

Two steps, because a new process table begins with the next child: `enter` before that fork, `apply` after it.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import tempfile
from collections.abc import Callable

from caveagent_magic.events import Capability
from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal import linux, mounts, overlay, seccomp
from caveagent_magic.rehearsal.overlay import Overlay

GUARD_ALONE = "the guard alone: effects that Python reports are refused, the system gives no sandbox here"
_ALWAYS_WRITABLE = ("/dev/null", "/dev/zero", "/dev/full")
_SHARED_MEMORY, _PROCESSES = "/dev/shm", "/proc"
_EMPTYING = 3  # the version of Landlock that began to hold it
NO_OVERLAY = Overlay((), 0)
_INNER = linux.NEW_NETWORK | linux.NEW_PROCESSES | linux.NEW_MOUNTS | linux.NEW_IPC


@frozen
class Sandbox:
    """The measures in force; all False: none."""

    namespaces: int = 0  # flags of `unshare`
    shared_memory: bool = False  # /dev/shm is the rehearsal's own
    landlock: int = 0  # version
    overlay: bool = False  # writes go to a scratch layer
    seccomp: bool = False  # system calls are filtered

    @property
    def own_processes(self) -> bool:
        """Whether all processes of the rehearsal end with its first one and see no other."""
        return bool(self.namespaces & linux.NEW_PROCESSES)

    @property
    def own_network(self) -> bool:
        """Whether it has a network that leads nowhere."""
        return bool(self.namespaces & linux.NEW_NETWORK)

    @property
    def contained(self) -> frozenset[Capability]:
        """What may really be done inside, because nothing of it gets out."""
        return frozenset({"write_file", "delete_file"}) if self.overlay else frozenset()

    def __str__(self) -> str:
        """In words for the person, and no more than is true."""
        held = [words for words in (self._network(), self._processes(), self._files()) if words]
        means = {
            "namespaces": self.namespaces,
            "overlay": self.overlay,
            "Landlock": self.landlock,
            "seccomp": self.seccomp,
        }
        names = ", ".join(name for name, there in means.items() if there)
        return f"{', '.join(held)} ({names})" if held else GUARD_ALONE

    def _network(self) -> str:
        if self.seccomp:
            return "no network"
        if self.own_network:  # sockets that are files, and those of virtual machines, belong to no network
            return "no network but local sockets"
        return ""  # Landlock's hold on TCP lets the first packet of a fast open out

    def _processes(self) -> str:
        if self.own_processes:
            return "no reach to other processes"
        if not self.seccomp:
            return ""
        return f"no new processes, no {'reach' if self.landlock else 'signals'} to others"

    def _files(self) -> str:
        if self.overlay:
            return "files are written to a scratch layer and thrown away"
        if not self.landlock:
            return ""
        if self.seccomp:
            return "no changes to files outside a scratch folder"
        emptied = "" if self.landlock >= _EMPTYING else " and files emptied"
        return f"no writes outside a scratch folder, though permissions and times can be changed{emptied}"


def describe() -> str:
    """What holds a rehearsal on this machine, in words."""
    return str(probe())


@functools.cache
def probe() -> Sandbox:
    """The strongest measures that work here: all of them, or each that works when it is tried alone."""
    if sys.platform != "linux":
        return Sandbox()
    found = _all_of_them() or _one_by_one()
    if found.seccomp and found.own_processes:
        seccomp.program_of(_filter_for(found), 0)  # every fork inherits it ready-made
    return found


def _all_of_them() -> Sandbox | None:
    """Everything at once, in one throw-away fork; None: something of it does not work here."""
    version = linux.landlock_version()
    if not version:
        return None
    full = (Sandbox(flags, True, version, True, True) for flags in (_INNER, _INNER | linux.NEW_USERS))
    return next((each for each in full if _works(functools.partial(_try_all, each))), None)


def _one_by_one() -> Sandbox:
    """What works of it, each measure tried in a fork of its own."""
    choices = (_INNER, _INNER | linux.NEW_USERS, linux.NEW_NETWORK | linux.NEW_USERS, linux.NEW_NETWORK, 0)
    namespaces = next(flags for flags in choices if _works(functools.partial(_try_namespaces, flags)))
    own_mounts = bool(namespaces & linux.NEW_MOUNTS)
    covered = own_mounts and _works(functools.partial(_try_overlay, namespaces))
    return Sandbox(
        namespaces,
        shared_memory=covered or (own_mounts and _works(functools.partial(_try_shared_memory, namespaces))),
        landlock=linux.landlock_version() if _works(_try_landlock) else 0,
        overlay=covered,
        seccomp=_works(_try_seccomp),
    )


def enter(available: Sandbox, room: int) -> Overlay:
    """Go into the namespaces; the process table only begins with the next fork.

    Files that are written get `room` bytes in all.
    """
    if not available.namespaces:
        return NO_OVERLAY
    user, group = os.getuid(), os.getgid()
    own_users = bool(available.namespaces & linux.NEW_USERS)
    folders = overlay.writable_folders(own_users) if available.overlay else ()
    linux.unshare(available.namespaces)
    if own_users:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")
    if available.overlay:
        return overlay.cover(folders, room, own_users)
    if available.shared_memory:
        mounts.keep_to_ourselves()
        mounts.mount_memory(_SHARED_MEMORY, f"size={room},mode=1777")
    return NO_OVERLAY


def show_own_processes(available: Sandbox) -> None:
    """Let /proc tell of this process table, in its first process or a later one, where that is allowed."""
    if available.overlay:
        with contextlib.suppress(OSError):  # a container that hides parts of /proc forbids a new one
            mounts.mount_processes(_PROCESSES)


def apply(available: Sandbox, folders: tuple[str, ...]) -> Sandbox:
    """Confine this process, which has entered, for good to writing these folders; gives what is in force."""
    if sys.platform != "linux":
        return Sandbox()
    if available.overlay:
        mounts.make_read_only(_PROCESSES)
    if available.landlock:
        shared = (_SHARED_MEMORY,) * available.shared_memory
        linux.landlock_writes((*folders, *shared, *_ALWAYS_WRITABLE), available.landlock)
    linux.drop_capabilities()
    if available.seccomp:
        seccomp.confine(_filter_for(available))
    return available


def _filter_for(available: Sandbox) -> seccomp.Filter:
    own_messages = bool(available.namespaces & linux.NEW_IPC)
    return seccomp.Filter(available.own_network, available.own_processes, own_messages, available.overlay)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _try_all(full: Sandbox) -> None:
    _try_overlay(full.namespaces)
    _in_new_process_table()
    _try_landlock()
    _try_seccomp()


def _try_namespaces(flags: int) -> None:
    enter(Sandbox(flags), 0)
    if flags & linux.NEW_PROCESSES:
        _in_new_process_table()


def _in_new_process_table() -> None:
    if not _works(_confirm_first_process):
        raise OSError("no process could be started in the new process table")


def _try_overlay(namespaces: int) -> None:
    covered = enter(Sandbox(namespaces, overlay=True), 1 << 20)
    descriptor, path = tempfile.mkstemp(prefix="cave-probe-")
    os.close(descriptor)
    if not any(path.endswith(f"/{name}") for layer in covered.layers for name in _names_below(layer.upper)):
        raise OSError("what is written does not go to the scratch layer")


def _names_below(folder: int) -> list[str]:
    return [name for _, _, files, _ in os.fwalk(".", dir_fd=folder) for name in files]


def _confirm_first_process() -> None:
    if os.getpid() != 1:
        raise OSError("the process table is not new")


def _try_shared_memory(namespaces: int) -> None:
    enter(Sandbox(namespaces, shared_memory=True), 1 << 20)


def _try_landlock() -> None:
    version = linux.landlock_version()
    if not version:
        raise OSError("the kernel has no Landlock")
    linux.landlock_writes(_ALWAYS_WRITABLE[:1], version)


def _try_seccomp() -> None:
    seccomp.confine(seccomp.Filter(False, False, False, False))


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
