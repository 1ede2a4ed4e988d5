"""The guard: while a step runs, it may use only the capabilities that were approved (PEP 578).

An audit hook is a safety net behind the static rules and no sandbox: reading the environment,
monkeypatching and C libraries raise no event.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from caveagent_magic.errors import CapabilityRefused
from caveagent_magic.events import Capability, Effect
from caveagent_magic.security.audit import Attempt, attempt
from caveagent_magic.security.known import own_file
from caveagent_magic.security.where import Where

OUTSIDE: frozenset[Capability] = frozenset({"write_file", "delete_file", "network", "process"})
KERNEL_THREADS = ("ipykernel", "IPython", "zmq", "tornado", "jupyter_client")


@dataclass(slots=True, eq=False)
class _Watch:
    allowed: frozenset[Capability]
    on_effect: Callable[[Effect], None] | None
    rehearsing: bool
    where: Where
    agent: int = field(default_factory=threading.get_ident)
    before: dict[int, threading.Thread | None] = field(default_factory=lambda: _threads())
    seen: set[Effect] = field(default_factory=set)


_armed = False  # the one test that an event costs while no step runs
_installed = False
_watches: list[_Watch] = []
_left: dict[int, tuple[threading.Thread | None, _Watch]] = {}  # threads that outlived their step
_busy = threading.local()


@contextmanager
def guard(
    allowed: Collection[Capability],
    on_effect: Callable[[Effect], None] | None = None,
    rehearsing: bool = False,
    root: str | os.PathLike[str] | None = None,
) -> Iterator[None]:
    """Refuse, before it happens, what is not allowed; `on_effect` hears of every effect, done or refused.

    It holds for this thread, and for threads that start meanwhile also after the end.
    Reading below `root` (the working directory) and ordinary work of libraries is always allowed.
    In a rehearsal nothing outside the kernel is done, not even what is approved.
    """
    global _armed
    _install()
    folder = os.path.realpath(root if root is not None else os.getcwd())
    watch = _Watch(frozenset(allowed), on_effect, rehearsing, Where(folder))
    _watches.append(watch)
    _armed = True
    try:
        yield
    finally:
        _watches.remove(watch)
        for ident, thread in _threads().items():
            if (
                watch.before.get(ident, _left) is not thread
                and ident != watch.agent
                and not _of_kernel(thread)
            ):
                _left[ident] = (thread, watch)
        _armed = bool(_watches or _left)


def _install() -> None:
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)


def _threads() -> dict[int, threading.Thread | None]:
    """The threads there are; a number alone could be given to another thread later."""
    active = dict(threading._active)  # type: ignore[attr-defined]  # enumerate() may wait for a lock
    return {ident: active.get(ident) for ident in sys._current_frames()}


def _of_kernel(thread: threading.Thread | None) -> bool:
    return thread is not None and type(thread).__module__.startswith(KERNEL_THREADS)


def _watch_of(ident: int) -> _Watch | None:
    """Who watches this thread."""
    if _left:
        _forget_ended()
    if ident in _left:
        return _left[ident][1]
    if not _watches:
        return None
    watch = _watches[-1]
    if ident == watch.agent:
        return watch
    thread = threading._active.get(ident)  # type: ignore[attr-defined]
    if ident in watch.before and watch.before[ident] is thread:
        return None
    return None if _of_kernel(thread) else watch


def _forget_ended() -> None:
    global _armed
    for ident, (thread, _) in list(_left.items()):
        if thread is not None and not thread.is_alive():
            del _left[ident]
    _armed = bool(_watches or _left)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _armed or getattr(_busy, "now", False):
        return
    _busy.now = True
    try:
        watch = _watch_of(threading.get_ident())
        found = attempt(event, args, watch.where) if watch is not None else None
        if watch is not None and found is not None:
            _decide(watch, found)
    finally:
        _busy.now = False


def _decide(watch: _Watch, found: Attempt) -> None:
    rehearsed = watch.rehearsing and found.capability in OUTSIDE
    allowed = found.capability in watch.allowed and not rehearsed
    effect = Effect(found.capability, found.target, allowed)
    if effect not in watch.seen and watch.on_effect is not None:
        watch.seen.add(effect)
        watch.on_effect(effect)
    if rehearsed:
        raise CapabilityRefused(f"not done in a rehearsal: would {found.words}")
    if not allowed:
        raise CapabilityRefused(
            f"The code would {found.words}{_at()}, but {found.capability} was not approved for it."
        )


def _at() -> str:
    """The line of the step's own code."""
    frame = sys._getframe(3)
    here = os.path.dirname(__file__)
    while frame is not None:
        if own_file(frame.f_code.co_filename) and not frame.f_code.co_filename.startswith(here):
            return f" (line {frame.f_lineno})"
        frame = frame.f_back  # type: ignore[assignment]
    return ""
