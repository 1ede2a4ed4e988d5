"""Rehearsal: running code in a throw-away fork of this process, and hearing what it did."""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import field, replace
from io import FileIO
from typing import TypeAlias

from caveagent_magic.events import Capability, Changes, Effect, Output
from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal import sandbox, scratch
from caveagent_magic.rehearsal.adopt import Outcome, memory_file
from caveagent_magic.rehearsal.child import Emit, Part, Verify, nothing_to_verify, play
from caveagent_magic.rehearsal.differs import Result
from caveagent_magic.rehearsal.importing import wait_for_imports
from caveagent_magic.rehearsal.limits import Limits
from caveagent_magic.rehearsal.process import Process, interrupts_held
from caveagent_magic.rehearsal.random_state import RandomState
from caveagent_magic.rehearsal.report import Record
from caveagent_magic.rehearsal.streams import flush_streams
from caveagent_magic.rehearsal.unforkable import strands_polars, unforkable
from caveagent_magic.rehearsal.watch import Watch
from caveagent_magic.rehearsal.written import Leave

__all__ = ["CannotRehearse", "Emit", "Limits", "Trial", "rehearse", "unforkable"]

Hearing: TypeAlias = Mapping[int, Callable[[bytes], None]]

_TO_BEGIN = 20.0  # seconds more than the code has, until it begins
_SLICE = 0.1  # seconds between two looks at the clock
_CUT = "ended early: you did not wait for it"


class CannotRehearse(Exception):
    """The code cannot be tried beforehand; the message is the reason."""


@frozen
class Trial:
    """What the code did in the fork."""

    outputs: tuple[Output, ...]
    changes: Changes
    effects: tuple[Effect, ...]
    seconds: float
    sandbox: str  # what held it, in words
    stopped: str = ""  # why it was ended early; empty: it ran to its end
    marks: Mapping[str, int] = field(default_factory=dict)  # of the content of names that were touched
    has_plain_text: bool = False  # whether programs or C code printed
    outcome: Outcome | None = None  # what the code made, to be taken over
    not_adoptable: str = ""  # why there is none, where it took long
    randomness: RandomState | None = None  # from which it began

    @property
    def result(self) -> Result:
        """What a run is compared with."""
        return Result(self.outputs, self.changes, self.marks, self.has_plain_text)


def _no_leave(capability: Capability, target: str) -> bool:
    return False


def rehearse(
    run: Callable[[Emit], object],
    namespace: MutableMapping[str, object],
    limits: Limits,
    describe: Callable[[object], str],
    leave: Leave = _no_leave,
    cut: Callable[[], bool] = lambda: False,
    verify: Verify = nothing_to_verify,
    used: Collection[str] = (),
) -> Trial:
    """Call `run` in a fork and tell what came of it; this process keeps its state.

    Files that it writes are effects, allowed where `leave` says so of the capability and the path.
    What `verify` makes of the changes there is told with them.
    Of the libraries behind the names that it uses, those that would hang are loaded anew.
    As soon as `cut` says so it is ended, and told as far as it went.

    Whatever the code does – crash, hang, exit, use up memory – is a trial with `stopped` in words.
    Raises `CannotRehearse` where this process cannot be forked, and `KeyboardInterrupt` at once.
    """
    _refuse_where_fork_is_impossible()
    with contextlib.ExitStack() as stack:
        available = sandbox.probe()
        folder = "" if available.overlay else stack.enter_context(scratch.folder())
        (heard, report), (heard_plain, plain) = _pipe(stack), _pipe(stack)
        ends = (report.fileno(), plain.fileno())
        outcome = _memory(limits, namespace)
        part = Part(
            run, namespace, describe, limits, available, folder, *ends, os.getpid(), leave, verify=verify
        )
        anew = strands_polars(used, namespace)
        part = replace(part, used=used, polars_anew=anew, outcome=-1 if outcome is None else outcome.file)
        record = Record(limits.output_bytes)
        process = Process(cleans_up=available.own_processes)
        watch = Watch(limits)
        wait_for_imports()
        start = time.monotonic()
        try:
            with interrupts_held():
                process.pid = _fork(part)
            report.close()
            plain.close()
            hearing = {heard_plain.fileno(): record.feed_plain, heard.fileno(): record.feed}
            watch.begin(process.pid)
            stopped = _hear(hearing, process, record, limits, lambda: _CUT if cut() else watch.complaint())
        finally:
            code = process.end()
        for descriptor, feed in hearing.items():
            _read(descriptor, feed)
    trial = _trial(record, code, stopped, time.monotonic() - start, limits)
    trial = replace(trial, randomness=part.randomness)
    return _with_outcome(trial, outcome, record)


def _memory(limits: Limits, namespace: Mapping[str, object]) -> Outcome | None:
    """Memory that the child may fill; None: nobody wants it, or this system has no such thing."""
    if limits.adopt_seconds is None:
        return None
    try:
        return Outcome(memory_file(), dict(namespace))
    except OSError:
        return None


def _with_outcome(trial: Trial, outcome: Outcome | None, record: Record) -> Trial:
    if outcome is None or trial.stopped or record.moved is None:
        return replace(trial, not_adoptable=record.not_adoptable)
    outcome.written = record.moved
    return replace(trial, outcome=outcome)


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
    flush_streams()
    freeze = gc.get_freeze_count() == 0  # else it is the user's own freeze, not ours to end
    if freeze:
        gc.collect(1)  # garbage that is frozen ends up among the old objects, which are hardly ever collected
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


def _hear(
    hearing: Hearing, process: Process, record: Record, limits: Limits, complaint: Callable[[], str]
) -> str:
    """Take in what the child tells until it ends or has to be ended; the reason for the latter."""
    deadline, begun = time.monotonic() + limits.seconds + _TO_BEGIN, False
    with selectors.DefaultSelector() as selector, process.exit_descriptor() as exit_descriptor:
        for descriptor in (*hearing, exit_descriptor):
            if descriptor is not None:
                selector.register(descriptor, selectors.EVENT_READ)
        while not process.ended:
            if record.sandbox and not begun:  # the time is the code's: a busy machine takes long to get there
                deadline, begun = time.monotonic() + limits.seconds, True
            left = deadline - time.monotonic()
            if left <= 0:
                return f"not {'done' if begun else 'begun'} after {limits.seconds:g} seconds"
            if record.overflowing:
                return "reported more than a rehearsal can tell"
            if reason := complaint():
                return reason
            _take_in(selector, hearing, min(left, _SLICE if exit_descriptor is not None else _SLICE / 10))
        _take_in(selector, hearing, 0)
    return ""


def _take_in(selector: selectors.BaseSelector, hearing: Hearing, seconds: float) -> None:
    """Feed what has arrived, in the order in which it came, waiting so long for the first of it."""
    for key, _ in selector.select(seconds):
        if key.fd in hearing and not _read(key.fd, hearing[key.fd]):
            selector.unregister(key.fd)


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
        marks=record.marks,
        has_plain_text=record.has_plain_text,
        stopped=("" if ended else stopped)
        or record.stopped
        or ("" if ended else _end_in_words(code, limits)),
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
