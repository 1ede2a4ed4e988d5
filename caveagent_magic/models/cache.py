"""The one folder that this package keeps outside notebooks, and locks in it between processes."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from caveagent_magic.errors import NoModel
from caveagent_magic.models.base import Loading

if TYPE_CHECKING:
    from filelock import FileLock

INSTALL = "pip install 'caveagent-magic[local]'"


def cache_dir() -> Path:
    """CAVEAGENT_CACHE, else the user's cache folder; made, and closed to other users."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("CAVEAGENT_CACHE") or Path(base) / "caveagent_magic")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def lock_of(path: Path) -> FileLock:
    """A lock that other processes see and that ends with the process that holds it."""
    try:
        from filelock import FileLock
    except ImportError:
        raise NoModel(f"The local model is not installed: {INSTALL}") from None
    return FileLock(path.with_name(path.name + ".lock"), mode=0o600)


def locked(path: Path, waiting: str) -> Generator[Loading, None, FileLock]:
    """Take the lock of a file, saying that we wait while another process holds it; the caller releases it."""
    from filelock import Timeout

    lock, told = lock_of(path), 0.0
    while True:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if time.monotonic() - told >= 1:
                told = time.monotonic()
                yield Loading(waiting)
            time.sleep(0.1)
        else:
            return lock


def environment() -> dict[str, str]:
    """The environment for programs that we start: everything but the key, which they have no use for."""
    return {name: value for name, value in os.environ.items() if name != "ANTHROPIC_API_KEY"}


def last_line(log: Path) -> str:
    """What a program said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
