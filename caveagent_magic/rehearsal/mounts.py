"""Mounting inside a mount namespace of our own: seen by nobody outside, and gone when the namespace ends."""

from __future__ import annotations

import ctypes
import os
import re
import struct
from collections.abc import Iterator

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal.linux import checked, libc

_RECURSIVE, _PRIVATE, _BIND = 0x4000, 0x40000, 0x1000
_NO_SETUID, _NO_DEVICES, _NO_PROGRAMS = 0x2, 0x4, 0x8
_MOUNT_SETATTR, _HERE, _AT_RECURSIVE, _READ_ONLY = 442, -100, 0x8000, 0x1


@frozen
class MountPoint:
    """One line of the mount table."""

    path: str
    kind: str  # of the file system: "ext4", "proc"
    writable: bool


def mount_points() -> Iterator[MountPoint]:
    """All mounts of this process, in the order in which they cover one another."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        for line in table:
            fields, _, rest = line.partition(" - ")
            path, options = fields.split()[4:6]
            kind, _, super_options = rest.split(" ", 2)
            flags = (options.split(","), super_options.strip().split(","))
            yield MountPoint(_unescaped(path), kind, all("rw" in flag for flag in flags))


def keep_to_ourselves() -> None:
    """Let no mount made from now on be seen in another namespace."""
    _mount("", "/", "", _RECURSIVE | _PRIVATE)


def make_read_only(path: str, recursive: bool = False) -> None:
    """Refuse every write, also of permissions, times and attributes, through this path (Linux 5.12)."""
    attributes = struct.pack("=QQQQ", _READ_ONLY, 0, 0, 0)
    flags, size = _AT_RECURSIVE if recursive else 0, ctypes.c_size_t(len(attributes))
    checked(libc().syscall(_MOUNT_SETATTR, _HERE, os.fsencode(path), flags, attributes, size))


def mount_memory(path: str, options: str) -> None:
    """Put an empty folder in memory over path."""
    _mount("tmpfs", path, "tmpfs", _NO_SETUID | _NO_DEVICES, options)


def mount_overlay(path: str, lower: int, upper: str, work: str, options: str = "") -> None:
    """Cover path by the folder `lower`, a descriptor, with whatever is written kept in `upper`."""
    layers = f"lowerdir=/proc/self/fd/{lower},upperdir={upper},workdir={work}{options}"
    _mount("overlay", path, "overlay", _NO_SETUID | _NO_DEVICES, layers)


def mount_processes(path: str) -> None:
    """Show this process table, and no other, at path."""
    _mount("proc", path, "proc", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS)


def bind(source: int, path: str) -> None:
    """Show what the descriptor stands for at path as well."""
    _mount(f"/proc/self/fd/{source}", path, "", _BIND | _RECURSIVE)


def _mount(source: str, path: str, kind: str, flags: int, options: str = "") -> None:
    texts = (os.fsencode(text) if text else None for text in (source, path, kind))
    checked(libc().mount(*texts, ctypes.c_ulong(flags), os.fsencode(options) if options else None))


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)
