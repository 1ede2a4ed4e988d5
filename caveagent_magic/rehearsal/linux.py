"""The few Linux system calls that Python does not offer."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import struct

NEW_MOUNTS, NEW_IPC, NEW_USERS, NEW_PROCESSES, NEW_NETWORK = (
    0x20000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)

_SET_PDEATHSIG, _CAPBSET_DROP, _SET_NO_NEW_PRIVS = 1, 24, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_READ, _WRITE, _MAP_PRIVATE, _MAP_FIXED, _MAP_ANONYMOUS = 1, 2, 0x02, 0x10, 0x20
_CAP_DAC_READ_SEARCH, _CAPABILITY_VERSION = 2, 0x20080522
_MUCH = 256 << 20  # bytes that this process holds more than when it held the least
_least = 0  # of what it held since the last trim; 0: it was never asked


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    library = ctypes.CDLL(None, use_errno=True)
    size, pointer, integer = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
    library.mmap.restype = pointer
    library.mmap.argtypes = [pointer, size, integer, integer, integer, ctypes.c_long]
    library.mprotect.argtypes = [pointer, size, integer]
    return library


def checked(result: int) -> int:
    """The result of a system call; raises `OSError` where it failed."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def give_back_freed_memory() -> None:
    """Let the C library (glibc) return to the system what was freed, once that may be much.

    It takes some milliseconds, and what is returned has to be had again, page by page, by the next step.
    """
    global _least
    if not hasattr(libc(), "malloc_trim"):
        return
    with contextlib.suppress(OSError):  # the system does not tell what this process holds
        now = _resident()
        _least = min(_least or now, now)
        if now - _least > _MUCH:
            libc().malloc_trim(0)
            _least = _resident()


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this signal here when the parent ends."""
    checked(libc().prctl(_SET_PDEATHSIG, signal_number, 0, 0, 0))


def unshare(flags: int) -> None:
    """Leave the namespaces named by flags for new ones; raises `OSError` where that is refused."""
    checked(libc().unshare(flags))


def has_process_tables_with_bounds() -> bool:
    """Whether `pid_max` is of each process table alone; before Linux 6.14 it is of the whole machine."""
    numbers = os.uname().release.split("-")[0].split(".")
    return tuple(int(number) for number in numbers[:2] if number.isdecimal()) >= (6, 14)


def count_of_own_threads() -> int:
    """The threads of all processes of this user."""
    total = 0
    for process in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):  # it has ended by now
            if os.stat(f"/proc/{process}").st_uid == os.getuid():
                total += len(os.listdir(f"/proc/{process}/task"))
    return total


def drop_capabilities() -> None:
    """Give up every capability but reading files of others, here and in every program started."""
    system = libc()
    for capability in range(64):
        if capability != _CAP_DAC_READ_SEARCH and system.prctl(_CAPBSET_DROP, capability, 0, 0, 0):
            break  # there are no more, or none of them is held
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    held = ctypes.create_string_buffer(24)
    checked(system.capget(header, held))
    kept = struct.unpack("=6I", held.raw)[1] & (1 << _CAP_DAC_READ_SEARCH)
    checked(system.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0)))


def forbid_new_privileges() -> None:
    """Let no program started from here have more rights than this process."""
    checked(libc().prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def landlock_version() -> int:
    """Version of the kernel's Landlock interface; 0: there is none."""
    version: int = libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    return max(0, version)


def landlock_writes(allowed: tuple[str, ...], version: int) -> None:
    """Refuse from now on every write outside the allowed paths; what is newer is refused where it exists.

    That is: TCP (version 4), abstract sockets of and signals to processes outside (6).
    """
    file_rights = 1 << 1 | (1 << 14 if version >= 3 else 0)
    rights = sum(1 << bit for bit in range(4, 13)) | file_rights | (1 << 13 if version >= 2 else 0)
    attributes = struct.pack("=QQQ", rights, 0b11, 0b11)[: 8 if version < 4 else 16 if version < 6 else 24]
    system = libc()
    size = ctypes.c_size_t(len(attributes))
    ruleset = checked(system.syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint(0)))
    for path in allowed:
        folder = os.open(path, os.O_PATH)
        rule = struct.pack("=Qi", rights if os.path.isdir(path) else file_rights, folder)
        checked(system.syscall(_ADD_RULE, ruleset, 1, rule, 0))
        os.close(folder)
    forbid_new_privileges()
    checked(system.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def map_file_privately(start: int, size: int, descriptor: int, offset: int) -> None:
    """Replace the mapping at start by a copy-on-write one of the same file."""
    fixed_private = _MAP_PRIVATE | _MAP_FIXED
    if libc().mmap(start, size, _READ | _WRITE, fixed_private, descriptor, offset) != start:
        raise OSError(ctypes.get_errno(), "mmap")


def copy_privately(start: int, size: int) -> None:
    """Replace the mapping at start by memory of this process alone with the same content."""
    content = ctypes.string_at(start, size)
    if libc().mmap(start, size, _READ | _WRITE, _MAP_PRIVATE | _MAP_FIXED | _MAP_ANONYMOUS, -1, 0) != start:
        raise OSError(ctypes.get_errno(), "mmap")
    ctypes.memmove(start, content, size)


def make_unwritable(start: int, size: int) -> None:
    """Turn writes to the mapping at start into a crash of this process."""
    checked(libc().mprotect(start, size, _READ))
