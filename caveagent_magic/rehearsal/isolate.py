"""Cutting a forked child loose from everything that it still shares with its parent."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import signal
import socket
import stat
import sys
from collections.abc import Mapping

from caveagent_magic.rehearsal import linux

with contextlib.suppress(ImportError):  # Windows has none, and no fork either
    import fcntl

_LARGEST_COPY = 256 << 20
_MOST_COPIED = 64 << 20  # bytes of files in all that are opened for writing in a scratch layer
_HARMLESS_DEVICES = frozenset({"null", "zero", "full", "random", "urandom"})
_kept: list[object] = []  # the parent's event loop: closing it would reach the parent


def cut_loose(output: int, keep: frozenset[int]) -> None:
    """Make every descriptor, shared mapping, signal handler and event loop of the parent harmless.

    Standard output and error become `output`, standard input is empty; `keep` stays as it is.
    """
    faulthandler.disable()  # it would write of a crash to the parent's own stream
    signal.set_wakeup_fd(-1)  # it is one end of the parent's event loop
    _deaden_descriptors(keep | {output})
    null = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, null), (1, output), (2, output)):
        os.dup2(source, target, inheritable=True)
    os.close(null)
    if sys.platform == "linux":
        _make_mappings_private()
    _reset_signals()
    _renew_event_loop()


def ways_of_writing() -> dict[int, int]:
    """The files that this process has open for writing, with the flags by which they were opened."""
    found: dict[int, int] = {}
    for descriptor in _open_descriptors():
        with contextlib.suppress(OSError):  # the listing's own descriptor is closed by now
            status = os.fstat(descriptor)
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFL) & (os.O_ACCMODE | os.O_APPEND | os.O_NONBLOCK)
            if stat.S_ISREG(status.st_mode) and flags & os.O_ACCMODE != os.O_RDONLY:
                found[descriptor] = flags
    return found


def open_anew(keep: frozenset[int], ways: Mapping[int, int]) -> dict[str, tuple[int, int]]:
    """Open the parent's files and folders by name, where a sandbox has put others in their place.

    A descriptor from before leads past the sandbox; where there is no such name any more, it goes dead.
    Files that were open for writing are so again, in these ways; they are copied for it, while there is room.

    Returns the size in bytes and the time of the last change in ns of each copied file, by its path.
    """
    room, copied = _MOST_COPIED, {}
    dead, peer = socket.socketpair()
    peer.close()
    for descriptor in _open_descriptors():
        with contextlib.suppress(OSError):  # the listing's own descriptor is closed by now
            status = os.fstat(descriptor)
            has_a_name = stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_nlink)
            if has_a_name and descriptor not in keep:
                flags = ways.get(descriptor, os.O_RDONLY) if status.st_size <= room else os.O_RDONLY
                room -= status.st_size if flags else 0
                _open_by_name(descriptor, status, dead.fileno(), flags)
                if flags:
                    now = os.fstat(descriptor)
                    copied[os.readlink(f"/proc/self/fd/{descriptor}")] = (now.st_size, now.st_mtime_ns)
    dead.close()
    return copied


def _deaden_descriptors(keep: frozenset[int]) -> None:
    dead, peer = socket.socketpair()
    peer.close()
    spare = dead.detach()
    for descriptor in _open_descriptors():
        if descriptor not in keep and descriptor != spare:
            with contextlib.suppress(OSError):  # the listing's own descriptor is closed by now
                _deaden(descriptor, os.fstat(descriptor), spare)
    os.close(spare)


def _open_descriptors() -> list[int]:
    folder = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"
    return sorted(int(name) for name in os.listdir(folder))


def _deaden(descriptor: int, status: os.stat_result, dead: int) -> None:
    inheritable = os.get_inheritable(descriptor)
    if stat.S_ISREG(status.st_mode):
        try:
            return _copy(descriptor, status) if not status.st_nlink else _reopen(descriptor, inheritable)
        except OSError:  # it may not be read, or has no name any more: dead is all it can be
            pass
    elif stat.S_ISDIR(status.st_mode) or _is_harmless_device(status):
        return None
    os.dup2(dead, descriptor, inheritable=inheritable)
    return None


def _open_by_name(descriptor: int, status: os.stat_result, dead: int, flags: int) -> None:
    inheritable, path = os.get_inheritable(descriptor), os.readlink(f"/proc/self/fd/{descriptor}")
    try:
        copy = os.open(path, os.O_RDONLY)
    except OSError:
        os.dup2(dead, descriptor, inheritable=inheritable)
        return
    now = os.fstat(copy)
    same = stat.S_IFMT(now.st_mode) == stat.S_IFMT(status.st_mode)
    if same and stat.S_ISREG(status.st_mode):
        same = (now.st_ino, now.st_size) == (status.st_ino, status.st_size)
        if same and flags != os.O_RDONLY:
            with contextlib.suppress(OSError):  # no scratch layer covers it: it can only be read
                writable = os.open(path, flags)
                os.close(copy)
                copy = writable
        os.lseek(copy, os.lseek(descriptor, 0, os.SEEK_CUR), os.SEEK_SET)
    os.dup2(copy if same else dead, descriptor, inheritable=inheritable)
    os.close(copy)


def _is_harmless_device(status: os.stat_result) -> bool:
    if not stat.S_ISCHR(status.st_mode):
        return False
    for name in _HARMLESS_DEVICES:
        with contextlib.suppress(OSError):
            if os.stat(f"/dev/{name}").st_rdev == status.st_rdev:
                return True
    return False


def _reopen(descriptor: int, inheritable: bool) -> None:
    """Read-only, and with an offset of its own: a duplicate would move the parent's."""
    offset = os.lseek(descriptor, 0, os.SEEK_CUR)
    copy = os.open(_path_of(descriptor), os.O_RDONLY)
    os.lseek(copy, offset, os.SEEK_SET)
    os.dup2(copy, descriptor, inheritable=inheritable)
    os.close(copy)


def _copy(descriptor: int, status: os.stat_result) -> None:
    """A file without a name could be opened for writing again: the child gets its own."""
    if status.st_size > _LARGEST_COPY:
        raise OSError(errno.EFBIG, "too large to be copied")
    offset = os.lseek(descriptor, 0, os.SEEK_CUR)
    copy = os.memfd_create("rehearsal")
    done = 0
    while sent := os.sendfile(copy, descriptor, done, 1 << 30):
        done += sent
    os.lseek(copy, offset, os.SEEK_SET)
    os.dup2(copy, descriptor, inheritable=os.get_inheritable(descriptor))
    os.close(copy)


def _path_of(descriptor: int) -> str | bytes:
    if sys.platform == "linux":
        return f"/proc/self/fd/{descriptor}"
    get_path = getattr(fcntl, "F_GETPATH", 50)  # macOS, where /dev/fd gives the shared offset
    return fcntl.fcntl(descriptor, get_path, bytes(1024)).rstrip(b"\0")


def _make_mappings_private() -> None:
    with open("/proc/self/maps") as maps:
        lines = maps.read().splitlines()
    for line in lines:
        addresses, flags, offset, _, inode, *path = line.split(None, 5)
        if flags[3] == "s" and (flags[1] == "w" or (path and not path[0].startswith("/dev/"))):
            start, end = (int(part, 16) for part in addresses.split("-"))  # read-only may be made writable
            _make_private(start, end - start, int(offset, 16), int(inode), path[0] if path else "")


def _make_private(start: int, size: int, offset: int, inode: int, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            if os.fstat(descriptor).st_ino != inode:
                raise FileNotFoundError(path)
            return linux.map_file_privately(start, size, descriptor, offset)
        finally:
            os.close(descriptor)
    except OSError:  # shared memory without a name, or a file that is gone
        device = path.startswith("/dev/") and not path.startswith(("/dev/shm/", "/dev/zero"))
        if device or size > _LARGEST_COPY:
            return linux.make_unwritable(start, size)
        return linux.copy_privately(start, size)


def _reset_signals() -> None:
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):  # Python's own; faulthandler's stay, they tell of a crash
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _renew_event_loop() -> None:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return
    policy = getattr(asyncio.events, "_event_loop_policy", None)
    _kept.append(getattr(getattr(policy, "_local", None), "_loop", None))
    _kept.append(asyncio.events._get_running_loop())
    asyncio.events._set_running_loop(None)
    asyncio.set_event_loop(asyncio.new_event_loop())
