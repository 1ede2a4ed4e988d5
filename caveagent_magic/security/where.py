"""Where running code is at work: in which folders, and whether it is the step's own or a library's."""

from __future__ import annotations

import functools
import os
import sys
import sysconfig
import tempfile
import types
from dataclasses import dataclass, field

from caveagent_magic.security.known import own_file
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
    names(
        """
        ~/.cache/matplotlib ~/.config/matplotlib ~/.matplotlib ~/.cache/fontconfig ~/.fonts
        ~/.local/share/fonts ~/Library/Fonts ~/.cache/numba ~/.config/dask
        """
    )
)


@dataclass(frozen=True, slots=True)
class Where:
    """The folders that decide what is ordinary."""

    root: str
    read_before: set[str] = field(default_factory=set, compare=False)  # not to be resolved again

    def ordinary_read(self, path: str) -> bool:
        """Whether reading it is part of computing: the working directory, packages, the system's own data."""
        if path == "/" or below(path, (self.root, *_packages())) or path.startswith(SYSTEM):
            return True
        return self._scratch(path) or (below(path, _expanded(CACHES)) and not own_caller())

    def remember(self, path: object) -> None:
        """Spare the next look at the same file."""
        if type(path) is str and len(self.read_before) < 10_000:
            self.read_before.add(_anchored(path))

    def remembers(self, path: object) -> bool:
        """Whether reading it was ordinary before."""
        return type(path) is str and _anchored(path) in self.read_before

    def ordinary_write(self, path: str) -> bool:
        """Whether writing it leaves nothing behind that matters."""
        if path in (os.devnull, "/dev/tty", "/dev/stdout", "/dev/stderr") or self._scratch(path):
            return True
        return ("__pycache__" in path or below(path, _expanded(CACHES))) and not own_caller()

    def _scratch(self, path: str) -> bool:
        scratch = os.path.realpath(tempfile.gettempdir())
        inside = below(path, (scratch,))
        return inside and not (
            below(self.root, (scratch,)) and below(path, (self.root,)) and self.root != scratch
        )


def _anchored(path: str) -> str:
    return path if path.startswith("/") else f"{os.getcwd()}/{path}"


def own_caller(directly: bool = False) -> bool:
    """Whether the code of the step itself is at work: at hand, or nearest outside the library."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_here()) and not (not directly and _standard(file)):
            return own_file(file)
        frame = frame.f_back
    return True


@functools.cache
def _here() -> str:
    return os.path.join(os.path.dirname(__file__), "")


@functools.lru_cache(maxsize=512)
def _standard(file: str) -> bool:
    library = sysconfig.get_path("stdlib")
    return file.startswith("<frozen") or (file.startswith(library) and "site-packages" not in file)


@functools.cache
def _packages() -> tuple[str, ...]:
    package = os.path.dirname(os.path.dirname(__file__))
    paths = [package, *sysconfig.get_paths().values(), sys.prefix, sys.base_prefix]
    found = {os.path.realpath(path) for path in paths if path} | {path for path in paths if path}
    return tuple(path for path in found if path not in ("/", "/usr"))


@functools.cache
def _expanded(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(os.path.expanduser(path) for path in paths)


def below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether a path is one of the folders or inside one."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def plain(value: object) -> str:
    """An argument of an event in words, without running anything that a subclass of `str` may override."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return os.fsdecode(memoryview(value).tobytes())
    return int.__repr__(value) if isinstance(value, int) else type(value).__name__


def whole(path: object) -> str | None:
    """The real path; None for file descriptors, which were judged when they were opened."""
    if not isinstance(path, (str, bytes)):
        return None
    try:
        return os.path.realpath(plain(path))
    except (OSError, ValueError):
        return plain(path)
