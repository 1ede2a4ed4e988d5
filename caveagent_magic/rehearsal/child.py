"""The life of the forked copy: cut loose, confined, run, compared, gone; it never returns to its caller."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import field, replace
from typing import NoReturn, TypeAlias

from caveagent_magic.events import Change, Changes, Effect, Output
from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal import (
    adopt,
    changes,
    isolate,
    limits,
    linux,
    polars_anew,
    renew,
    sandbox,
    written,
)
from caveagent_magic.rehearsal.content import content_marks
from caveagent_magic.rehearsal.overlay import Overlay
from caveagent_magic.rehearsal.random_state import RandomState
from caveagent_magic.rehearsal.report import Reporter
from caveagent_magic.rehearsal.streams import flush_streams
from caveagent_magic.rehearsal.written import Leave

Emit: TypeAlias = Callable[[Output | Effect], None]
Verify: TypeAlias = Callable[[Changes], tuple[Change, ...]]
"""Gives what the changes broke of what shall stay true."""


def nothing_to_verify(found: Changes) -> tuple[Change, ...]:
    """Where nothing is to stay true."""
    return ()


@frozen
class Part:
    """All that the child has to know."""

    run: Callable[[Emit], object]  # gives the value of the last expression
    namespace: MutableMapping[str, object]
    describe: Callable[[object], str]
    limits: limits.Limits
    available: sandbox.Sandbox
    scratch: str  # folder that may be written
    report: int  # descriptor of the report's pipe
    plain: int  # descriptor that takes what programs and C code print
    parent: int
    leave: Leave  # whether the code was given leave to do something
    randomness: RandomState = field(default_factory=RandomState.take)  # of the parent
    verify: Verify = nothing_to_verify
    polars_anew: bool = False  # whether the code needs threads of polars
    used: Collection[str] = ()  # the names that the code uses
    outcome: int = -1  # descriptor of the memory that takes what the code made; -1: nobody wants it

    @property
    def kept(self) -> frozenset[int]:
        """The descriptors that lead to the parent."""
        return frozenset({self.report, self.outcome} - {-1})


def play(part: Part) -> NoReturn:
    """Rehearse and leave by `os._exit`: no finaliser, no `atexit`, no way back into the kernel."""
    try:
        _leave_family(part.parent)
        ways = isolate.ways_of_writing() if part.available.overlay else {}
        isolate.cut_loose(part.plain, part.kept)
        renew.renew(part.namespace)
        covered = sandbox.enter(part.available, part.limits.scratch_bytes)
        copies = os.memfd_create("copies") if covered.layers else -1
        if part.available.own_processes:
            kept = covered.descriptors | part.kept | {copies} - {-1}
            _begin_process_table(kept, lambda: _tell_written(part, covered, copies))
        _go_under(part, covered, ways, copies)
        _perform(part, covered.folders or (part.scratch,))
    except BaseException as error:  # nothing may leave this function
        with contextlib.suppress(OSError):  # it is closed in the process that cleans up
            os.write(2, f"The rehearsal could not be held: {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os._exit(0)


def _leave_family(parent: int) -> None:
    if sys.platform == "linux":
        linux.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
    os.setsid()  # a process group of its own, and no terminal


def _go_under(part: Part, covered: Overlay, ways: Mapping[int, int], copies: int) -> None:
    """Let go of all that leads past the scratch layers; `copies` takes how the open files lie in them."""
    if part.available.own_processes:
        sandbox.show_own_processes(part.available)
        limits.cap_processes(part.limits)
    if not covered.layers:
        return _use_scratch(part.scratch)
    for descriptor in covered.descriptors:
        os.close(descriptor)
    copied = isolate.open_anew(part.kept | {part.plain}, ways)
    os.write(copies, json.dumps(copied).encode())
    return os.close(copies)


def _perform(part: Part, folders: tuple[str, ...]) -> None:
    limits.impose(part.limits)
    in_force = sandbox.apply(part.available, folders)
    if part.polars_anew:
        polars_anew.load_anew(part.namespace)
    reporter = Reporter(part.report, part.limits.output_bytes)
    reporter.announce(str(in_force))
    before = changes.snapshot(part.namespace, part.describe)
    keeper = adopt.Keeper(part.namespace, part.used) if part.outcome >= 0 else None
    start = time.perf_counter()
    stopped, last = "", None
    part.randomness.restore()
    try:
        last = part.run(reporter.emit)
    except BaseException as error:  # the code's, such as `SystemExit`: it ends the rehearsal, not the report
        stopped = _in_words(error)
    seconds = time.perf_counter() - start
    flush_streams()
    found = changes.diff(before, part.namespace, part.describe)
    found = replace(found, broken=part.verify(found))
    reporter.end(seconds, stopped, found, _marks(found, part))
    if keeper is not None and not stopped and seconds >= (part.limits.adopt_seconds or 0):
        _keep(keeper, part, found, last, reporter)


def _marks(found: Changes, part: Part) -> dict[str, int]:
    names = [change.name for change in (*found.added, *found.changed)]
    return content_marks(part.namespace, names, time.thread_time() + changes.SECONDS)


def _keep(keeper: adopt.Keeper, part: Part, found: Changes, last: object, reporter: Reporter) -> None:
    """Write down what the code made, or say why that would not be the same."""
    if part.polars_anew:
        return reporter.refuse("the rehearsal had a polars of its own, whose frames are not the kernel's")
    try:
        moved = keeper.write(part.outcome, part.limits.adopt_bytes, found, last)
    except adopt.CannotMove as error:
        reporter.refuse(str(error))
    except MemoryError:
        reporter.refuse("there is not enough memory")
    else:
        reporter.offer(moved)
    return None


def _tell_written(part: Part, covered: Overlay, copies: int) -> None:
    """Say which files the code wrote, once all of it has ended."""
    if not covered.layers:
        return
    os.write(part.report, b"\n")  # the code may have been killed in the middle of a line
    reporter = Reporter(part.report, room=0)
    try:
        habits = written.Habits.of_this_process()
        for effect in written.effects(covered.layers, part.leave, habits, _copied(copies)):
            reporter.emit(effect)
    except Exception as error:  # folders too deep, or whatever else code may leave: no list is not "nothing"
        reporter.explain_end(f"wrote files that could not be listed: {type(error).__name__}")
    if covered.is_full():
        reporter.explain_end(f"wrote more than the {covered.room:,} bytes that a rehearsal has room for")


def _copied(copies: int) -> dict[str, tuple[int, int]]:
    size = os.fstat(copies).st_size
    found = json.loads(os.pread(copies, size, 0)) if size else {}  # nothing, if it was stopped before
    return {path: (length, written) for path, (length, written) in found.items()}


def _in_words(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "asked for more memory than a rehearsal may use"
    if isinstance(error, SystemExit):
        return "asked Python to exit"
    return f"ended with {type(error).__name__}"


def _use_scratch(scratch: str) -> None:
    os.environ["TMPDIR"] = scratch
    tempfile.tempdir = scratch


def _begin_process_table(keep: frozenset[int], tell: Callable[[], None]) -> None:
    """Go on in a child inside the new process table; this process stays outside, cleans up and tells.

    The table's first process does nothing: Linux spares a first process signals that would end any other,
    and all the others end with it.
    """
    table: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: _close_table(table, tell))
    table.append(_fork_with_parent(_wait_forever))
    actor = _fork_with_parent(None)
    if actor:
        _close_all_but(keep)
        status = os.waitpid(actor, 0)[1]
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_table(table)
        tell()
        _end_like(status)


def _fork_with_parent(role: Callable[[], NoReturn] | None) -> int:
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        linux.die_with_parent(signal.SIGKILL)
        if role is not None:
            role()
    return child


def _wait_forever() -> NoReturn:
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans that end leave nothing behind
    while True:
        signal.pause()


def _close_all_but(keep: frozenset[int]) -> None:
    """Close every descriptor that is not to be kept."""
    edges = [-1, *sorted(keep), os.sysconf("SC_OPEN_MAX")]
    for before, after in itertools.pairwise(edges):
        os.closerange(before + 1, after)


def _close_table(table: list[int], tell: Callable[[], None]) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_table(table)
    tell()
    os._exit(1)


def _end_table(table: list[int]) -> None:
    for first in table:
        os.kill(first, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:  # the first process only ends once all others of its table are gone and waited for
            os.wait()


def _end_like(status: int) -> NoReturn:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
