"""A scratch layer over every folder that may be written: writes succeed, and none arrives.

All else becomes read-only. To be called in user, mount and process namespaces of our own; when the last
process in them ends, nothing is left of it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal import mounts

DEVICES = ("null", "zero", "full", "random", "urandom")
_OF_THE_KERNEL = frozenset({"proc", "sys", "dev"})
_NOT_FOR_FILES = (
    *("proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "securityfs", "debugfs", "tracefs", "bpf"),
    *("mqueue", "hugetlbfs", "pstore", "configfs", "fusectl", "autofs", "binfmt_misc", "nsfs", "efivarfs"),
)
_LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
_HIDDEN = "/dev"  # holds the scratch layers until the rehearsal's own devices cover it


@frozen
class Layer:
    """A covered folder; `lower` and `upper` are descriptors of what lies under and of what was written."""

    folder: str
    lower: int
    upper: int


@frozen
class Overlay:
    """What `cover` has made."""

    layers: tuple[Layer, ...]
    room: int  # bytes

    @property
    def folders(self) -> tuple[str, ...]:
        """Where writes succeed."""
        return tuple(layer.folder for layer in self.layers)

    @property
    def descriptors(self) -> frozenset[int]:
        """What leads past the overlay, and so must not be there when code of others runs."""
        return frozenset(end for layer in self.layers for end in (layer.lower, layer.upper))

    def is_full(self) -> bool:
        """Whether the room for written files was used up."""
        return bool(self.layers) and os.fstatvfs(self.layers[0].upper).f_bavail == 0


def cover(folders: Collection[str], room: int, own_users: bool) -> Overlay:
    """Make everything read-only except these folders, which get scratch layers with `room` for bytes."""
    working_directory = os.getcwd()
    points = [point for point in mounts.mount_points() if _lies_below(point.path, folders)]
    fixed = {point.path for point in points if not _may_be_written(point)}
    lowers = {folder: os.open(folder, os.O_PATH) for folder in folders}
    for point in points:
        with contextlib.suppress(OSError):  # itself covered by a later mount, or not ours to see
            lowers[point.path] = os.open(point.path, os.O_PATH)
    devices = {name: os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    mounts.keep_to_ourselves()
    mounts.make_read_only("/", recursive=True)
    mounts.mount_memory(_HIDDEN, f"size={room},mode=700")
    layers = tuple(_layers(lowers, fixed, ",userxattr" if own_users else ""))
    _make_devices(devices, room)
    for descriptor in (*devices.values(), *lowers.values()):
        if descriptor not in {layer.lower for layer in layers}:
            os.close(descriptor)
    try:
        os.chdir(working_directory)
    except OSError:  # it was deleted, or lies in shared memory
        os.chdir("/")
    return Overlay(layers, room)


def writable_folders(own_users: bool) -> tuple[str, ...]:
    """The highest folders that this process may write, as far as they lie where people keep files.

    In a user namespace nothing that belongs to another user can be copied into a scratch layer, not even
    the folders on the way to a file: there the person's own ones get layers of their own.
    To be asked outside of it, where owners have their names.
    """
    found: set[str] = set()
    for entry in _folders_in("/"):
        if entry.name in _OF_THE_KERNEL:
            continue
        if os.access(entry.path, os.W_OK):
            found.add(entry.path)
        else:
            found.update(inner.path for inner in _folders_in(entry.path) if os.access(inner.path, os.W_OK))
    for start in (os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir()):
        highest = _highest(os.path.realpath(start), own_users)
        if highest and (own_users or not _lies_below(highest, found)):
            found.add(highest)
    return tuple(sorted(found))


def _folders_in(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _highest(folder: str, own: bool) -> str:
    """The highest folder on the way from here to the top that may be written, or that is our own."""
    start, highest = folder, ""
    while folder != "/" and folder.split("/")[1] not in _OF_THE_KERNEL:
        if own and folder != start and not _is_own(folder):
            break
        if os.access(folder, os.W_OK):
            highest = folder
        folder = os.path.dirname(folder)
    return highest


def _is_own(folder: str) -> bool:
    status = os.stat(folder)
    return (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())


def _lies_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def _may_be_written(point: mounts.MountPoint) -> bool:
    if point.kind in _NOT_FOR_FILES or not point.writable:
        return False
    return os.path.isdir(point.path) and os.access(point.path, os.W_OK)


def _layers(lowers: dict[str, int], fixed: set[str], options: str) -> Iterator[Layer]:
    """Cover each folder; mounts inside it, which the cover hides, are covered themselves or shown again."""
    covered: list[str] = []
    for number, (folder, lower) in enumerate(sorted(lowers.items())):
        if folder not in fixed:
            with contextlib.suppress(OSError):  # this file system cannot be a lower one: it stays read-only
                yield _layer(folder, lower, f"{_HIDDEN}/{number}", options)
                covered.append(folder)
                continue
        if _lies_below(folder, covered):
            with contextlib.suppress(OSError):
                mounts.bind(lower, folder)


def _layer(folder: str, lower: int, scratch: str, options: str) -> Layer:
    status = os.fstat(lower)
    upper, work = f"{scratch}/upper", f"{scratch}/work"
    os.mkdir(scratch)
    os.mkdir(upper)
    os.mkdir(work)
    with contextlib.suppress(OSError):  # of a user that does not exist in this namespace
        os.chown(upper, status.st_uid, status.st_gid)
    os.chmod(upper, stat.S_IMODE(status.st_mode))
    mounts.mount_overlay(folder, lower, upper, work, options)
    return Layer(folder, lower, os.open(upper, os.O_RDONLY | os.O_DIRECTORY))


def _make_devices(devices: dict[str, int], room: int) -> None:
    """Give the rehearsal devices that reach nothing, and shared memory of its own."""
    mounts.mount_memory("/dev", f"size={room},mode=755")
    for name, device in devices.items():
        os.close(os.open(f"/dev/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        mounts.bind(device, f"/dev/{name}")
    for name, target in _LINKS.items():
        os.symlink(target, f"/dev/{name}")
    os.mkdir("/dev/shm")
    os.chmod("/dev/shm", 0o1777)
