"""The life of the forked copy: cut loose, confined, run, compared, gone; it never returns to its caller."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from caveagent_magic.events import Effect, Output
from caveagent_magic.rehearsal import changes, isolate, limits, linux, sandbox
from caveagent_magic.rehearsal.report import Reporter

Emit: TypeAlias = Callable[[Output | Effect], None]


@dataclass(frozen=True, slots=True)
class Part:
    """All that the child has to know."""

    run: Callable[[Emit], None]
    namespace: Mapping[str, object]
    describe: Callable[[object], str]
    limits: limits.Limits
    available: sandbox.Sandbox
    scratch: str  # folder that may be written
    report: int  # descriptor of the report's pipe
    plain: int  # descriptor that takes what programs and C code print
    parent: int


def play(part: Part) -> NoReturn:
    """Rehearse and leave by `os._exit`: no finaliser, no `atexit`, no way back into the kernel."""
    try:
        _leave_family(part.parent)
        isolate.cut_loose(part.plain, frozenset({part.report}))
        sandbox.enter(part.available)
        if part.available.own_processes:
            _begin_process_table()
        _perform(part)
    except BaseException as error:  # nothing may leave this function
        os.write(2, f"The rehearsal could not be held: {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os._exit(0)


def _leave_family(parent: int) -> None:
    if sys.platform == "linux":
        linux.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
    os.setsid()  # a process group of its own, and no terminal


def _perform(part: Part) -> None:
    limits.impose(part.limits)
    _use_scratch(part.scratch)
    in_force = sandbox.apply(part.available, part.scratch)
    reporter = Reporter(part.report, part.limits.output_bytes)
    reporter.announce(str(in_force))
    before = changes.snapshot(part.namespace, part.describe)
    start = time.perf_counter()
    stopped = ""
    try:
        part.run(reporter.emit)
    except BaseException as error:  # the code's, such as `SystemExit`: it ends the rehearsal, not the report
        stopped = _in_words(error)
    seconds = time.perf_counter() - start
    isolate.flush_streams()
    reporter.end(seconds, stopped, changes.diff(before, part.namespace, part.describe))


def _in_words(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "asked for more memory than a rehearsal may use"
    if isinstance(error, SystemExit):
        return "asked Python to exit"
    return f"ended with {type(error).__name__}"


def _use_scratch(scratch: str) -> None:
    os.environ["TMPDIR"] = scratch
    tempfile.tempdir = scratch


def _begin_process_table() -> None:
    """Go on in a child inside the new process table; this process stays outside and cleans up.

    The table's first process does nothing: Linux spares a first process signals that would end any other,
    and all the others end with it.
    """
    table: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: _close_table(table))
    table.append(_fork_with_parent(_wait_forever))
    actor = _fork_with_parent(None)
    if actor:
        os.closerange(0, os.sysconf("SC_OPEN_MAX"))
        status = os.waitpid(actor, 0)[1]
        _end_table(table)
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


def _close_table(table: list[int]) -> NoReturn:
    _end_table(table)
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
