"""What the code would have written: the scratch layers of a rehearsal, read as a list of effects."""

from __future__ import annotations

import codecs
import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TypeAlias

from caveagent_magic.events import Capability, Effect
from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal.overlay import Layer

_MOST_SHOWN, _MOST_READ = 200, 20_000
_PREVIEW_LINES, _PREVIEW_CHARACTERS = 20, 600
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")
_WITH_CONTENT = ("new, ", "changed, ", "written again, ")
_CACHE_TAG = "CACHEDIR.TAG"  # https://bford.info/cachedir/


Leave: TypeAlias = Callable[[Capability, str], bool]
"""Whether the code may do something, with a path as the person would write it."""


@frozen
class Entry:
    """One name in a scratch layer."""

    path: str
    now: os.stat_result | None  # None: deleted
    before: os.stat_result | None  # None: it is new
    preview: str = ""
    link: str = ""  # where a symbolic link leads
    is_empty: bool = True  # of a folder

    @property
    def trace(self) -> tuple[int, int]:
        """What a file keeps when it is moved."""
        status = self.now or self.before
        return (status.st_size, status.st_mtime_ns) if status else (0, 0)


@frozen
class Habits:
    """Where this process works, and where libraries write for themselves."""

    working_directory: str
    temporary: str
    home: str
    caches: tuple[str, ...]

    @classmethod
    def of_this_process(cls) -> Habits:
        """As they are now."""
        home = os.path.expanduser("~")
        named = (os.environ.get(name, "") for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR"))
        caches = (f"{home}/.cache", f"{home}/.config/matplotlib", *filter(None, named))
        temporary, here = os.path.realpath(tempfile.gettempdir()), os.path.realpath(os.getcwd())
        return cls(here, temporary, home, tuple(map(os.path.realpath, caches)))

    def of_libraries(self, path: str) -> bool:
        """Whether nobody would want to know: caches, which every run may fill and empty."""
        return "/__pycache__/" in f"{path}/" or _below(path, self.caches)

    def passing(self, path: str) -> bool:
        """Whether it lies among temporary files, where writing needs no leave."""
        own = _below(self.working_directory, (self.temporary,)) and self.working_directory != self.temporary
        return _below(path, (self.temporary,)) and not (own and _below(path, (self.working_directory,)))

    def shown(self, path: str) -> str:
        """The path as the person would write it."""
        inside = _below(path, (self.working_directory,))
        return os.path.relpath(path, self.working_directory) if inside else path


def effects(
    layers: Collection[Layer], leave: Leave, habits: Habits, copied: Mapping[str, tuple[int, int]]
) -> list[Effect]:
    """Everything that differs from before, at most 200 of it, in the order of the paths.

    `copied` gives the traces of files that lie in a scratch layer because the kernel had them open for
    writing: others may write to them meanwhile, such as the log that a server's kernels print to.
    """
    changed = (entry for entry in _entries(layers, habits) if copied.get(entry.path) != entry.trace)
    entries = sorted(changed, key=lambda entry: entry.path)
    gone = {entry.trace: entry for entry in entries if entry.now is None and entry.trace[0]}
    moves = {
        entry.path: gone[entry.trace].path
        for entry in entries
        if entry.now is not None
        and entry.before is None
        and entry.trace in gone
        and not _is_folder(entry.now)
    }
    found = [
        _effect(entry, detail, leave, habits)
        for entry in entries
        if entry.path not in moves.values() and (detail := _detail(entry, moves, habits))
    ]
    if len(found) <= _MOST_SHOWN:
        return found
    rest = found[_MOST_SHOWN:]
    last = Effect("write_file", f"{len(rest):,} more files", all(effect.allowed for effect in rest))
    return [*found[:_MOST_SHOWN], last]


def _effect(entry: Entry, detail: str, leave: Leave, habits: Habits) -> Effect:
    capability: Capability = "write_file" if entry.now else "delete_file"
    target = habits.shown(entry.path)
    allowed = habits.passing(entry.path) or leave(capability, target)
    preview = entry.preview if detail.startswith(_WITH_CONTENT) else ""
    return Effect(capability, target, allowed, detail, preview)


def _detail(entry: Entry, moves: dict[str, str], habits: Habits) -> str:
    """What happened to it; empty: nothing worth telling."""
    now, before = entry.now, entry.before
    if now is None:
        return "folder deleted" if before is not None and _is_folder(before) else "deleted"
    if entry.path in moves:
        return f"moved from {habits.shown(moves[entry.path])}, {_size(now.st_size)}"
    if before is None or stat.S_IFMT(now.st_mode) != stat.S_IFMT(before.st_mode):
        return _new(entry, now, habits)
    parts = []
    if stat.S_ISREG(now.st_mode) and now.st_size != before.st_size:
        parts.append(f"changed, {_size(before.st_size)} → {_size(now.st_size)}")
    elif not _is_folder(now) and now.st_mtime_ns != before.st_mtime_ns:
        parts.append(f"written again, {_size(now.st_size)}")
    if stat.S_IMODE(now.st_mode) != stat.S_IMODE(before.st_mode):
        parts.append(f"permissions {stat.S_IMODE(before.st_mode):o} → {stat.S_IMODE(now.st_mode):o}")
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        parts.append(f"owner {before.st_uid}:{before.st_gid} → {now.st_uid}:{now.st_gid}")
    return ", ".join(parts)


def _new(entry: Entry, now: os.stat_result, habits: Habits) -> str:
    if _is_folder(now):
        settings = entry.path.startswith(
            f"{habits.home}/."
        )  # libraries make room for what they may keep there
        return "" if settings or not entry.is_empty else "new folder"
    if stat.S_ISLNK(now.st_mode):
        return f"new link to {entry.link}"
    return f"new, {_size(now.st_size)}"


def _entries(layers: Collection[Layer], habits: Habits) -> Iterator[Entry]:
    room = _MOST_READ
    for layer in layers:
        for entry in _walk(layer, layer.upper, "", habits):
            yield entry
            room -= 1
            if not room:
                return


def _walk(layer: Layer, folder: int, inside: str, habits: Habits) -> Iterator[Entry]:
    """All that lies in a folder of the scratch layer; `inside` is the way to it from the layer's root."""
    names = sorted(os.listdir(folder))
    if _CACHE_TAG in names:
        return
    if inside and _is_opaque(folder):
        yield from _hidden(layer, inside, set(names))
    for name in names:
        way = f"{inside}/{name}" if inside else name
        path = f"{layer.folder}/{way}"
        if habits.of_libraries(path):
            continue
        now, before = os.stat(name, dir_fd=folder, follow_symlinks=False), _lower(layer, way)
        if stat.S_ISCHR(now.st_mode) and now.st_rdev == 0:  # how an overlay says: deleted
            yield Entry(path, None, before)
        elif _is_folder(now):
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            yield Entry(path, now, before, is_empty=not os.listdir(inner))
            yield from _walk(layer, inner, way, habits)
            os.close(inner)
        elif stat.S_ISLNK(now.st_mode):
            yield Entry(path, now, before, link=os.readlink(name, dir_fd=folder))
        else:
            yield Entry(path, now, before, _preview(name, folder) if stat.S_ISREG(now.st_mode) else "")


def _hidden(layer: Layer, inside: str, names: set[str]) -> Iterator[Entry]:
    """What is gone because the folder was deleted and made anew."""
    lower = os.open(inside, os.O_RDONLY | os.O_DIRECTORY, dir_fd=layer.lower)
    for name in set(os.listdir(lower)) - names:
        yield Entry(f"{layer.folder}/{inside}/{name}", None, _lower(layer, f"{inside}/{name}"))
    os.close(lower)


def _lower(layer: Layer, way: str) -> os.stat_result | None:
    with contextlib.suppress(OSError):
        return os.stat(way, dir_fd=layer.lower, follow_symlinks=False)
    return None


def _is_opaque(folder: int) -> bool:
    for name in _OPAQUE:
        with contextlib.suppress(OSError):
            return os.getxattr(folder, name) == b"y"
    return False


def _preview(name: str, folder: int) -> str:
    """The beginning of a text file."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        data = os.read(descriptor, 4 * _PREVIEW_CHARACTERS + 4)
    finally:
        os.close(descriptor)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)  # the last character may be cut in two
    except UnicodeDecodeError:
        return ""
    if "\0" in text:
        return ""
    shown = "".join(text[:_PREVIEW_CHARACTERS].splitlines(keepends=True)[:_PREVIEW_LINES])
    return shown if len(shown) == len(text) else f"{shown.rstrip()}\n…"


def _is_folder(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode)


def _below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def _size(size: float) -> str:
    if size < 1000:
        return f"{size:.0f} B"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000 or unit == "GB":
            break
    return f"{size:.1f} {unit}"
