"""Text that programs and C code write past Python's streams: the kernel reads it in threads of its own."""

from __future__ import annotations

import contextlib
import select
import sys
import time
from io import FileIO
from typing import Any

from caveagent_magic.rehearsal.streams import flush_streams

_PATIENCE = 1.0  # seconds; a program that goes on writing is not waited for
_SLICE, _UNSURE = 0.001, 0.02  # seconds


class NativeText:
    """The kernel's readers of standard output and error; without a kernel there are none.

    To be made before a guard is in force: what it looks at are files.
    """

    def __init__(self) -> None:
        self._readers = [reader for stream in (sys.stdout, sys.stderr) if (reader := _reader(stream))]
        self.settle()

    def settle(self) -> None:
        """Wait until the kernel's streams were given all that has been written so far."""
        if self._readers:
            flush_streams()
        deadline = time.monotonic() + _PATIENCE
        for reader in self._readers:
            while not reader.is_idle() and time.monotonic() < deadline:
                time.sleep(_SLICE)


class _Reader:
    """A thread of the kernel that reads one pipe."""

    def __init__(self, pipe: int, call: FileIO | None) -> None:
        self._pipe, self._call, self._waiting = pipe, call, select.poll()
        self._waiting.register(pipe, select.POLLIN)

    def is_idle(self) -> bool:
        """Whether all that was in the pipe has been handed over."""
        if self._waiting.poll(0):
            return False
        if self._call is None:
            time.sleep(_UNSURE)  # it may have read the last of it just now
            return not self._waiting.poll(0)
        self._call.seek(0)
        words = self._call.read(100).split()  # number and arguments: it is in `read` again
        return len(words) > 1 and int(words[1], 16) == self._pipe


def _reader(stream: Any) -> _Reader | None:
    pipe, thread = getattr(stream, "_fid", None), getattr(stream, "watch_fd_thread", None)
    if pipe is None or thread is None or not thread.is_alive():
        return None
    with contextlib.suppress(OSError):
        return _Reader(pipe, FileIO(f"/proc/self/task/{thread.native_id}/syscall"))
    return _Reader(pipe, None)
