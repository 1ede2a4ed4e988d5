"""A frozen fork: a copy of this process that does nothing but tell what its memory held at the fork."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import itertools
import os
import select
import signal
import struct
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from caveagent_magic.rehearsal.process import interrupts_held

if TYPE_CHECKING:
    from caveagent_magic.rehearsal.undo.memory import Run

_REQUEST = struct.Struct("=QQ")
_BATCH = 256  # requests sent at once: together they fit into a pipe that nobody reads yet
_PIECE = 1 << 20
_PATIENCE = 10.0  # seconds until a fork that does not answer counts as stuck
_DONTNEED = 4
_MOST_LEFT = 20
_left: list[int] = []  # ended forks that the system's first process has not collected so far


class Frozen:
    """The parent's hold on a frozen fork; it ends with `close`, and with this process however that ends.

    It is no child of this process, so that code which waits for its children does not see it. In a container
    whose first process does not collect orphans it has to be one, for nobody else would.
    """

    def __init__(self) -> None:
        """Fork; raises `OSError` where that cannot be done."""
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        self._handle = -1
        collects = gc.isenabled()
        gc.disable()  # a collection over there would copy every page that holds an object
        try:
            with interrupts_held():
                _fork_twice(requests, answers)
        except BaseException:
            self.close()
            raise
        finally:
            if collects:
                gc.enable()
            os.close(requests)
            os.close(answers)
        self._meet()

    def _meet(self) -> None:
        try:
            self.pid = _REQUEST.unpack(self._read(_REQUEST.size))[0]
            with contextlib.suppress(AttributeError, OSError):  # an older system: closing has to do
                self._handle = os.pidfd_open(self.pid)
        except BaseException:
            self.close()
            raise

    def fetch(self, runs: Sequence[Run]) -> Iterator[bytes]:
        """What these pieces of memory held, one after the other."""
        pieces = [piece for run in runs for piece in _pieces(run)]
        for start in range(0, len(pieces), _BATCH):
            batch = pieces[start : start + _BATCH]
            os.write(self._requests, b"".join(_REQUEST.pack(*piece) for piece in batch))
            for _, size in batch:
                yield self._read(size)

    def _read(self, size: int) -> bytes:
        parts, missing = [], size
        while missing:
            if not select.select([self._answers], [], [], _PATIENCE)[0]:
                raise TimeoutError("the frozen copy of the kernel does not answer")
            part = os.read(self._answers, min(missing, _PIECE))
            if not part:
                raise ConnectionError("the frozen copy of the kernel has ended")
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """End it."""
        for descriptor in (self._requests, self._answers):
            if descriptor >= 0:
                os.close(descriptor)
        self._requests = self._answers = -1
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            os.close(self._handle)
            self._handle = -1
            try:
                os.waitpid(self.pid, 0)
            except ChildProcessError:  # an orphan
                _left.append(self.pid)

    def __del__(self) -> None:
        self.close()


def can_freeze() -> bool:
    """Whether this system forks a process with threads safely."""
    return sys.platform == "linux"


def orphans_stay() -> bool:
    """Whether the system's first process lets ended orphans lie."""
    _left[:] = [pid for pid in _left if _is_dead(pid)]
    return len(_left) > _MOST_LEFT


def _is_dead(pid: int) -> bool:
    """Whether it has ended, and nobody has asked for its end."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _pieces(run: Run) -> Iterator[Run]:
    address, size = run
    for offset in range(0, size, _PIECE):
        yield address + offset, min(_PIECE, size - offset)


def _fork_twice(requests: int, answers: int) -> None:
    parent, own = os.getpid(), orphans_stay()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: the fork uses none of theirs
        child = os.fork()
    if child == 0 and own:
        _serve(parent, requests, answers)
    if child == 0:
        _leave(parent, requests, answers)
    if own:
        return
    with contextlib.suppress(ChildProcessError):  # another thread waits for all children
        os.waitpid(child, 0)


def _leave(parent: int, requests: int, answers: int) -> NoReturn:
    """Go on as an orphan, which no `wait` of the parent's meets."""
    try:
        if os.fork() == 0:
            _serve(parent, requests, answers)
    finally:
        os._exit(0)


def _serve(parent: int, requests: int, answers: int) -> NoReturn:
    """Answer until the parent closes its end, or is gone; nothing of the parent's is held or touched."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
        os.setsid()
        _let_go_of_descriptors(requests, answers)
        _be_the_first_to_go()
        os.write(answers, _REQUEST.pack(os.getpid(), 0))
        _answer(parent, requests, answers)
    finally:
        os._exit(0)


def _let_go_of_descriptors(*kept: int) -> None:
    borders = [-1, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for below, above in itertools.pairwise(borders):
        os.closerange(below + 1, above)


def _be_the_first_to_go() -> None:
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # when memory runs out this process goes, not the kernel


def _answer(parent: int, requests: int, answers: int) -> None:
    poll = select.poll()
    poll.register(requests, select.POLLIN)
    pause = _watch(parent, poll)
    libc = ctypes.CDLL(None)
    while True:
        ready = poll.poll(pause)
        if not ready and _is_alive(parent):
            continue
        if [descriptor for descriptor, _ in ready] != [requests]:
            return
        asked = os.read(requests, _BATCH * _REQUEST.size)
        if not asked:
            return
        for address, size in _REQUEST.iter_unpack(asked):
            _tell(answers, address, size)
            _give_back(libc, address, size)


def _watch(parent: int, poll: select.poll) -> int | None:
    """Be woken by the parent's end; the milliseconds after which to look where that cannot be."""
    try:
        poll.register(os.pidfd_open(parent), select.POLLIN)
    except (AttributeError, OSError):
        return 1000
    return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _tell(answers: int, address: int, size: int) -> None:
    content = memoryview(ctypes.string_at(address, size))
    while content:
        content = content[os.write(answers, content) :]


def _give_back(libc: ctypes.CDLL, address: int, size: int) -> None:
    """What was told is in the parent now, and need not be here as well."""
    if size == _PIECE:
        page = os.sysconf("SC_PAGE_SIZE")
        first, end = -(-address // page) * page, (address + size) // page * page
        libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _DONTNEED)
