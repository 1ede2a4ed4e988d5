"""Rehearsal: running code in a throw-away fork of this process, and hearing what it did."""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import FileIO
from typing import TypeAlias

from caveagent_magic.events import Changes, Effect, Output
from caveagent_magic.rehearsal import isolate, sandbox
from caveagent_magic.rehearsal.child import Emit, Part, play
from caveagent_magic.rehearsal.limits import Limits
from caveagent_magic.rehearsal.process import Process, interrupts_held
from caveagent_magic.rehearsal.report import Record
from caveagent_magic.rehearsal.unforkable import unforkable

__all__ = ["CannotRehearse", "Emit", "Limits", "Trial", "rehearse", "unforkable"]

Hearing: TypeAlias = Mapping[int, Callable[[bytes], None]]

_SLICE = 0.1  # seconds between two looks at the clock


class CannotRehearse(Exception):
    """The code cannot be tried beforehand; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the code did in the fork."""

    outputs: tuple[Output, ...]
    changes: Changes
    effects: tuple[Effect, ...]
    seconds: float
    sandbox: str  # what held it, in words
    stopped: str = ""  # why it was ended early; empty: it ran to its end


def rehearse(
    run: Callable[[Emit], None],
    namespace: Mapping[str, object],
    limits: Limits,
    describe: Callable[[object], str],
) -> Trial:
    """Call `run` in a fork and tell what came of it; this process keeps its state.

    Whatever the code does – crash, hang, exit, use up memory – is a trial with `stopped` in words.
    Raises `CannotRehearse` where this process cannot be forked, and `KeyboardInterrupt` at once.
    """
    _refuse_where_fork_is_impossible()
    with contextlib.ExitStack() as stack:
        scratch = tempfile.mkdtemp(prefix="cave-rehearsal-")
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        (heard, report), (heard_plain, plain) = _pipe(stack), _pipe(stack)
        available = sandbox.probe()
        ends = (report.fileno(), plain.fileno())
        part = Part(run, namespace, describe, limits, available, scratch, *ends, parent=os.getpid())
        record = Record(limits.output_bytes)
        process = Process(cleans_up=available.own_processes)
        start = time.monotonic()
        try:
            with interrupts_held():
                process.pid = _fork(part)
            report.close()
            plain.close()
            hearing = {heard_plain.fileno(): record.feed_plain, heard.fileno(): record.feed}
            stopped = _hear(hearing, process, record, limits)
        finally:
            code = process.end()
        for descriptor, feed in hearing.items():
            _read(descriptor, feed)
    return _trial(record, code, stopped, time.monotonic() - start, limits)


def _refuse_where_fork_is_impossible() -> None:
    if not hasattr(os, "fork") or sys.platform in ("emscripten", "wasi"):
        raise CannotRehearse("this system cannot copy a running process")
    if threading.current_thread() is not threading.main_thread():
        raise CannotRehearse("a rehearsal can only start from the main thread")


def _pipe(stack: contextlib.ExitStack) -> tuple[FileIO, FileIO]:
    """A pipe whose reading end never blocks; both ends may be closed early."""
    receiver, sender = (FileIO(end, mode) for end, mode in zip(os.pipe(), "rw", strict=True))
    os.set_blocking(receiver.fileno(), False)
    return stack.enter_context(receiver), stack.enter_context(sender)


def _fork(part: Part) -> int:
    isolate.flush_streams()
    freeze = gc.get_freeze_count() == 0  # else it is the user's own freeze, not ours to end
    if freeze:
        gc.freeze()  # a collection in the child would copy every page that holds an object
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # other threads: the child uses none of theirs
            child = os.fork()
        if child == 0:
            play(part)
    except OSError as error:
        raise CannotRehearse(f"the kernel could not be copied: {error.strerror}") from error
    finally:
        if freeze:
            gc.unfreeze()
    return child


def _hear(hearing: Hearing, process: Process, record: Record, limits: Limits) -> str:
    """Take in what the child tells until it ends or has to be ended; the reason for the latter."""
    deadline = time.monotonic() + limits.seconds
    with selectors.DefaultSelector() as selector, process.exit_descriptor() as exit_descriptor:
        for descriptor in (*hearing, exit_descriptor):
            if descriptor is not None:
                selector.register(descriptor, selectors.EVENT_READ)
        while not process.ended:
            left = deadline - time.monotonic()
            if left <= 0:
                return f"not done after {limits.seconds:g} seconds"
            if record.overflowing:
                return "reported more than a rehearsal can tell"
            if process.has_more_than(limits.processes):
                return f"started more than {limits.processes} processes"
            for key, _ in selector.select(min(left, _SLICE if exit_descriptor is not None else _SLICE / 10)):
                if key.fd in hearing and not _read(key.fd, hearing[key.fd]):
                    selector.unregister(key.fd)
    return ""


def _read(descriptor: int, feed: Callable[[bytes], None]) -> bool:
    """Feed what has arrived; False at the end of the pipe."""
    for _ in range(64):  # a flood must not keep the caller from looking at the clock
        try:
            data = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return True
        if not data:
            return False
        feed(data)
    return True


def _trial(record: Record, code: int | None, stopped: str, seconds: float, limits: Limits) -> Trial:
    if not record.sandbox and not stopped:
        told = "".join(str(output.get("text", "")) for output in record.outputs).strip()
        raise CannotRehearse(told or "the copy of the kernel ended before anything was run")
    ended = record.seconds is not None
    return Trial(
        outputs=record.final_outputs(),
        changes=record.changes,
        effects=tuple(record.effects),
        seconds=record.seconds if record.seconds is not None else seconds,
        sandbox=record.sandbox or sandbox.GUARD_ALONE,
        stopped=stopped or record.stopped or ("" if ended else _end_in_words(code, limits)),
    )


def _end_in_words(code: int | None, limits: Limits) -> str:
    if code is None or code >= 0:
        return f"ended the process with exit code {code}"
    if -code == signal.SIGXCPU:
        return f"used up its {limits.cpu_seconds} seconds of processor time"
    if -code == signal.SIGKILL:
        return "killed, most likely because memory ran out"
    if -code == signal.SIGSEGV:
        return "crashed: segmentation fault"
    return f"ended by signal {signal.Signals(-code).name}"
