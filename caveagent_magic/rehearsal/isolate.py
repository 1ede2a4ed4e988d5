"""Cutting a forked child loose from everything that it still shares with its parent."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import stat
import sys

from caveagent_magic.rehearsal import linux

_LARGEST_COPY = 256 << 20
_HARMLESS_DEVICES = frozenset({"null", "zero", "full", "random", "urandom"})
_kept: list[object] = []  # the parent's event loop: closing it would reach the parent


def cut_loose(output: int, keep: frozenset[int]) -> None:
    """Make every descriptor, shared mapping, signal handler and event loop of the parent harmless.

    Standard output and error become `output`, standard input is empty; `keep` stays as it is.
    """
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


def flush_streams() -> None:
    """Write out what Python's own streams and C's hold back, so that it comes once and in time."""
    import ctypes

    for stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}:
        if type(stream) is io.TextIOWrapper and not stream.closed:
            with contextlib.suppress(OSError):
                stream.flush()
    ctypes.CDLL(None).fflush(None)


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
            return _reopen(descriptor, inheritable)
        except OSError:  # it may not be read, or has no name any more: dead is all it can be
            pass
    elif stat.S_ISDIR(status.st_mode) or _is_harmless_device(status):
        return None
    os.dup2(dead, descriptor, inheritable=inheritable)
    return None


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


def _path_of(descriptor: int) -> str | bytes:
    if sys.platform == "linux":
        return f"/proc/self/fd/{descriptor}"
    import fcntl

    get_path = getattr(fcntl, "F_GETPATH", 50)  # macOS, where /dev/fd gives the shared offset
    return fcntl.fcntl(descriptor, get_path, bytes(1024)).rstrip(b"\0")


def _make_mappings_private() -> None:
    with open("/proc/self/maps") as maps:
        lines = maps.read().splitlines()
    for line in lines:
        addresses, flags, offset, _, inode, *path = line.split(None, 5)
        if flags[1] == "w" and flags[3] == "s":
            start, end = (int(part, 16) for part in addresses.split("-"))
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
