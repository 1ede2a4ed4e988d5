"""The few Linux system calls that Python does not offer."""

from __future__ import annotations

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


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    size, pointer, integer = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
    libc.mmap.restype = pointer
    libc.mmap.argtypes = [pointer, size, integer, integer, integer, ctypes.c_long]
    libc.mprotect.argtypes = [pointer, size, integer]
    return libc


def _checked(result: int) -> int:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this signal here when the parent ends."""
    _checked(_libc().prctl(_SET_PDEATHSIG, signal_number, 0, 0, 0))


def unshare(flags: int) -> None:
    """Leave the namespaces named by flags for new ones; raises `OSError` where that is refused."""
    _checked(_libc().unshare(flags))


def mount_private_tmpfs(path: str) -> None:
    """Put an empty folder in memory over path, seen by this mount namespace alone."""
    recursive_private, nosuid_nodev = 0x4000 | 0x40000, 0x2 | 0x4
    _checked(_libc().mount(None, b"/", None, ctypes.c_ulong(recursive_private), None))
    arguments = (b"tmpfs", os.fsencode(path), b"tmpfs", ctypes.c_ulong(nosuid_nodev), b"mode=1777")
    _checked(_libc().mount(*arguments))


def drop_capabilities() -> None:
    """Give up every capability but reading files of others, here and in every program started."""
    libc = _libc()
    for capability in range(64):
        if capability != _CAP_DAC_READ_SEARCH:
            libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)  # fails without privilege: nothing to drop then
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    held = ctypes.create_string_buffer(24)
    _checked(libc.capget(header, held))
    kept = struct.unpack("=6I", held.raw)[1] & (1 << _CAP_DAC_READ_SEARCH)
    _checked(libc.capset(header, struct.pack("=6I", kept, kept, 0, 0, 0, 0)))


def landlock_version() -> int:
    """Version of the kernel's Landlock interface; 0: there is none."""
    version: int = _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1))
    return max(0, version)


def landlock_writes(allowed: tuple[str, ...], version: int) -> None:
    """Refuse from now on every write outside the allowed paths; what is newer is refused where it exists.

    That is: TCP (version 4), abstract sockets of and signals to processes outside (6).
    """
    file_rights = 1 << 1 | (1 << 14 if version >= 3 else 0)
    rights = sum(1 << bit for bit in range(4, 13)) | file_rights | (1 << 13 if version >= 2 else 0)
    attributes = struct.pack("=QQQ", rights, 0b11, 0b11)[: 8 if version < 4 else 16 if version < 6 else 24]
    libc = _libc()
    size = ctypes.c_size_t(len(attributes))
    ruleset = _checked(libc.syscall(_CREATE_RULESET, attributes, size, ctypes.c_uint(0)))
    for path in allowed:
        folder = os.open(path, os.O_PATH)
        rule = struct.pack("=Qi", rights if os.path.isdir(path) else file_rights, folder)
        _checked(libc.syscall(_ADD_RULE, ruleset, 1, rule, 0))
        os.close(folder)
    _checked(libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def map_file_privately(start: int, size: int, descriptor: int, offset: int) -> None:
    """Replace the mapping at start by a copy-on-write one of the same file."""
    fixed_private = _MAP_PRIVATE | _MAP_FIXED
    if _libc().mmap(start, size, _READ | _WRITE, fixed_private, descriptor, offset) != start:
        raise OSError(ctypes.get_errno(), "mmap")


def copy_privately(start: int, size: int) -> None:
    """Replace the mapping at start by memory of this process alone with the same content."""
    content = ctypes.string_at(start, size)
    if _libc().mmap(start, size, _READ | _WRITE, _MAP_PRIVATE | _MAP_FIXED | _MAP_ANONYMOUS, -1, 0) != start:
        raise OSError(ctypes.get_errno(), "mmap")
    ctypes.memmove(start, content, size)


def make_unwritable(start: int, size: int) -> None:
    """Turn writes to the mapping at start into a crash of this process."""
    _checked(_libc().mprotect(start, size, _READ))
