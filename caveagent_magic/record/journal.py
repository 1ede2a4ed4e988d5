"""The file of a record: lines are only ever added to it, by several kernels if need be."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from caveagent_magic.errors import CaveError
from caveagent_magic.frozen import frozen

SUFFIX = ".cave.jsonl"
LARGEST = 64 << 20  # bytes that are read
PATIENCE = 5.0  # seconds for another kernel's write
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # neither a planted link nor a pipe is followed


class CannotRecord(CaveError):
    """The record cannot be written."""


class CannotRead(CaveError):
    """The record cannot be read."""


@frozen
class Journal:
    """The record beside a notebook; it belongs to the notebook of the same name."""

    path: Path

    @property
    def notebook(self) -> str:
        """The name of the notebook, without its folder and ending."""
        return self.path.name.removesuffix(SUFFIX)

    def append(self, lines: Sequence[bytes]) -> None:
        """All of these lines are on the disk when this returns, or none of them; raises `CannotRecord`."""
        try:
            with self._locked() as descriptor:
                _append(descriptor, b"".join(line + b"\n" for line in lines))
        except CannotRead as error:
            raise CannotRecord(f"What was approved could not be recorded. {error}") from None
        except OSError as error:
            raise CannotRecord(
                f"What was approved could not be recorded in {self.path}: {error.strerror}. "
                "It is kept in memory, and tried again with the next step."
            ) from None

    def lines(self) -> tuple[bytes, ...]:
        """All lines, whoever wrote them; none where there is no file. Raises `CannotRead`."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | _OPEN)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise CannotRead(f"The record {self.path} cannot be read: {error.strerror}.") from None
        with os.fdopen(descriptor, "rb") as file:
            _check(file.fileno(), self.path)
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise CannotRead(f"The record {self.path} is larger than {LARGEST >> 20} MB. Remove it.")
        return tuple(data.split(b"\n")[:-1] if data.endswith(b"\n") else data.split(b"\n"))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _OPEN, 0o644)
        try:
            _check(descriptor, self.path)
            _lock(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self.path.parent)


def _check(descriptor: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise CannotRead(f"The record {path} is not an ordinary file. Remove it.")


def _lock(descriptor: int) -> None:
    """Wait for another kernel, but not for ever."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise OSError(errno.EAGAIN, "another process keeps it locked") from None
            time.sleep(0.02)
        else:
            return


def _append(descriptor: int, data: bytes) -> None:
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        data = b"\n" + data  # a crash cut the last line short: it stays a line of its own
    try:
        if os.write(descriptor, data) != len(data):
            raise OSError(errno.ENOSPC, "the disk is full")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _sync_folder(folder: Path) -> None:
    """The name of a new file is on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
