"""The parent's hold on the forked child: whether it lives, and a sure end."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` makes enumerations of it, in ten times the time
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

_PATIENCE = 2.0  # seconds in which the child may clean up behind itself and tell what it wrote


class Process:
    """A forked child that leads a session of its own."""

    def __init__(self, cleans_up: bool) -> None:
        self.pid = 0  # 0: there is none yet
        self._cleans_up = cleans_up  # on SIGTERM it ends all that it started, which a kill cannot
        self._status: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it is gone; it is reaped by asking."""
        if self._status is None and self.pid:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    @contextlib.contextmanager
    def exit_descriptor(self) -> Iterator[int | None]:
        """A descriptor that becomes readable at its end; None where there is no such thing."""
        if not hasattr(os, "pidfd_open"):
            yield None
            return
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:  # the kernel is too old, or a container forbids it
            yield None
            return
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def end(self) -> int | None:
        """Make sure that it and its group are gone; the exit code is as in `subprocess`, None: no child."""
        if not self.pid:
            return None
        with interrupts_held():
            if not self.ended and self._cleans_up:
                os.kill(self.pid, signal.SIGTERM)
                self._wait(_PATIENCE)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            if self._status is None:
                self._status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(self._status)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            time.sleep(0.002)


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Let a Ctrl-C take effect only at the end of the block, where nothing is half done."""
    previous = _signal.getsignal(signal.SIGINT)
    if previous is None or threading.current_thread() is not threading.main_thread():
        yield  # not Python's to replace
        return
    seen: list[int] = []
    _signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    try:
        yield
    finally:
        _signal.signal(signal.SIGINT, previous)
    if seen:
        signal.raise_signal(signal.SIGINT)
