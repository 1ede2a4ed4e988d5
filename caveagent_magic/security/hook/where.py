"""Where running code is at work: which folders are ordinary, and where a path really leads."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import tempfile
from itertools import islice
from os import getcwd, getpid, lstat, scandir, stat
from stat import S_ISDIR
from typing import Any

from caveagent_magic.security.hook.stack import LIBRARY, caller, keeps_bytecode, own_caller
from caveagent_magic.security.vocabulary import names

SYSTEM = tuple(
    names(
        """
        /usr/share /usr/lib /usr/local/lib /usr/local/share /lib /etc/localtime /etc/timezone
        /etc/mime.types /etc/fonts /etc/os-release /etc/ssl /etc/matplotlibrc /proc/cpuinfo
        /proc/meminfo /proc/stat /proc/self/status /proc/self/cgroup /proc/self/maps /proc/self/pagemap
        /proc/self/statm /proc/self/mountinfo /sys/ /dev/null /dev/urandom /dev/random /dev/zero
        /var/cache/fontconfig
        """
    )
)
CACHES = tuple(
    os.path.expanduser(path)
    for path in names(
        """
        ~/.cache/matplotlib ~/.config/matplotlib ~/.matplotlib ~/.cache/fontconfig ~/.fonts
        ~/.local/share/fonts ~/Library/Fonts ~/.cache/numba ~/.config/dask
        """
    )
)
SINKS = (os.devnull, "/dev/tty", "/dev/stdout", "/dev/stderr")
ENCODING = sys.getfilesystemencoding()
TEMPFILE = f"{LIBRARY}tempfile.py"
LIBRARIES = (
    "matplotlib-",
    "joblib_memmapping_folder_",
    "loky-",
    "pymp-",
    "ipykernel_",
)  # their temporary folders
MOST_LINKS = 40  # as in Linux; more is a loop
MOST_KEPT = 20_000
MANY = 8  # files read one by one before the folder is looked at as a whole
SCRATCH = os.path.realpath(tempfile.gettempdir())  # once: a step could set `tempfile.tempdir`
_PATHS = (
    os.path.dirname(os.path.dirname(os.path.dirname(__file__))),
    *sysconfig.get_paths().values(),
    sys.prefix,
    sys.base_prefix,
)
PACKAGES = tuple({*_PATHS, *map(os.path.realpath, _PATHS)} - {"", "/", "/usr"})


def link(path: str) -> str | None:
    """What a symbolic link says; None: it is none."""
    try:
        return readlink(path)
    except (OSError, ValueError):
        return None


if os.name == "posix":
    from posix import readlink  # not through `os`, where a step could put something else

    def resolved(path: str) -> str:
        """The path without links, as far as it exists: `os.path.realpath` out of system calls alone."""
        pending, done, links = path.split("/")[::-1], "", 0
        while pending:
            name = pending.pop()
            if name == "..":
                done = done.rpartition("/")[0]
            elif name not in ("", "."):
                target = link(f"{done}/{name}")
                if target is None or links == MOST_LINKS:
                    done = f"{done}/{name}"
                    continue
                links += 1
                done = "" if target.startswith("/") else done
                pending.extend(target.split("/")[::-1])
        mine = f"/proc/{getpid()}"
        return f"/proc/self{done[len(mine) :]}" if below(done, (mine,)) else done or "/"
else:
    from os import readlink
    from os.path import realpath as resolved  # type: ignore[assignment]


class Where:
    """The folders that decide what is ordinary, and what was found out about paths so far.

    What is kept of a path holds as long as nothing moves: neither the working directory nor a link.
    """

    def __init__(self, root: str, scratch: tuple[str, ...] = (), sources: tuple[str, ...] = ()) -> None:
        self.root = resolved(anchored(root, getcwd()))
        self.readable: set[str] = set()  # paths, as they were given, that may be read
        self.writable: set[str] = set()  # and written
        self.bases: dict[str, None] = {}  # folders whose descriptors a relative path may start from
        self._own = (self.root, *PACKAGES)
        self._scratch = tuple(each for each in scratch if each != SCRATCH)
        self._made: set[str] = set()  # files and folders for temporary files that came to be under this watch
        self._sources = sources
        self._cwd = getcwd()
        self._folders: dict[str, str] = {}  # real paths of folders
        self._read: dict[str, int] = {}  # how many files of a folder
        self._settled = True

    def unsettle(self) -> None:
        """The working directory or a link is about to change."""
        self._settled = False
        self.readable.clear()
        self.writable.clear()
        self._folders.clear()

    def remember(self, path: str, writes: bool = False) -> None:
        """Spare the next look at the same path, and at its neighbours where many of them are read."""
        kept = self.writable if writes else self.readable
        if not self._settled or len(kept) >= MOST_KEPT:
            return
        kept.add(path)
        if writes:
            return
        folder = path[: path.rfind("/") + 1]
        self._read[folder] = self._read.get(folder, 0) + 1
        if self._read[folder] == MANY:
            self._take_in(folder)

    def _take_in(self, folder: str) -> None:
        """All files of the folder that are no links may be read, as the folder may."""
        found = self.real(folder or ".")
        if not (below(found, self._own) or self.disposable(found)):
            return
        try:
            with scandir(found) as entries:
                files = (entry.name for entry in entries if entry.is_file(follow_symlinks=False))
                self.readable.update(f"{folder}{name}" for name in islice(files, MOST_KEPT))
        except OSError:
            return

    def real(self, path: str, base: str = "") -> str:
        """Where a path leads, links resolved; relative ones start at `base` or the working directory."""
        path = anchored(path, base or (self._cwd if self._settled else getcwd()))
        if os.name != "posix":
            return resolved(path)
        folder, _, name = path.rpartition("/")
        if name in ("", ".", "..") or link(path) is not None:
            return resolved(path)
        found = self._folders.get(folder)
        if found is None:
            found = resolved(folder)
            if self._settled and len(self._folders) < MOST_KEPT:
                self._folders[folder] = found
        return f"{found.rstrip('/')}/{name}"

    def ordinary_read(self, path: str) -> bool:
        """Whether reading it is part of computing: the working directory, packages, the system's own data."""
        return self.always(path) or (below(path, CACHES) and not own_caller())

    def always(self, path: str, writes: bool = False) -> bool:
        """Whether it is ordinary whoever does it."""
        if self.disposable(path):
            return True
        if writes:
            return path in SINKS
        return path == "/" or below(path, self._own) or path.startswith(SYSTEM)

    def searched(self, path: str) -> bool:
        """Whether Python looks through the folder for a module."""
        return path in self._sources and caller().f_code.co_filename.startswith("<frozen importlib")

    def source(self, path: str) -> bool:
        """Whether it is a module's source, which tracebacks show; they are printed from C."""
        return path.endswith(".py") and path.rpartition("/")[0] in self._sources

    def ordinary_write(self, path: str) -> bool:
        """Whether writing it leaves nothing behind that matters."""
        if self.always(path, writes=True):
            return True
        if "__pycache__" in path:
            return not own_caller() or keeps_bytecode()
        return below(path, CACHES) and not own_caller()

    def disposable(self, path: str) -> bool:
        """Whether it is nobody else's: in a rehearsal's own folder, or a temporary file that is new."""
        if below(path, self._scratch):
            return True
        if path == SCRATCH:  # `tempfile` opens the folder itself, and then a new file in it
            return caller().f_code.co_filename == TEMPFILE
        if not below(path, (SCRATCH,)):
            return False
        first = path[len(SCRATCH) :].lstrip("/").partition("/")[0]
        entry = f"{SCRATCH.rstrip('/')}/{first}"
        if entry not in self._made and caller().f_code.co_filename == TEMPFILE and not is_there(entry):
            self._made.add(entry)
        return entry in self._made or first.startswith(LIBRARIES)


def anchored(path: str, base: str) -> str:
    """The path from the top."""
    if os.name != "posix":
        return os.path.join(base, path)
    return path if path.startswith("/") else f"{base}/{path}"


def below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is one of the folders or inside one."""
    return f"{path}/".startswith(_stems(folders))


@functools.lru_cache(maxsize=64)
def _stems(folders: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{folder.rstrip('/')}/" for folder in folders)


def is_there(path: str) -> bool:
    """Whether anything is there, a link that leads nowhere as well."""
    try:
        lstat(path)
    except (OSError, ValueError):
        return False
    return True


def is_folder(path: str) -> bool:
    """Whether a folder is there."""
    try:
        return S_ISDIR(stat(path).st_mode)
    except (OSError, ValueError):
        return False


def of_descriptor(number: object) -> str | None:
    """The path that a file descriptor was opened by, where the system tells."""
    found = link(f"/proc/self/fd/{plain(number)}")
    return found if found and found.startswith("/") else None


def plain(value: Any) -> str:
    """An argument of an event in words, without running anything that its class may override."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, (bytes, bytearray)):
        return bytes.decode(bytes(memoryview(value)), ENCODING, "surrogateescape")
    return int.__repr__(value) if issubclass(kind, int) else kind.__name__
