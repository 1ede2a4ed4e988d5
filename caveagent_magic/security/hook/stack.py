"""Whose code is at work: the step's own, the person's or a library's, as the stack tells."""

from __future__ import annotations

import functools
import os
import sysconfig
from _thread import get_ident
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from sys import _current_frames, _getframe
from types import FrameType
from typing import ParamSpec, TypeVar

from caveagent_magic.security.known import own_file

HERE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # the guard's own frames
LIBRARY = os.path.join(sysconfig.get_path("stdlib"), "")
THREADING = f"{LIBRARY}threading.py"
KERNEL = tuple(
    os.path.join(sysconfig.get_path(kind), package, "")
    for kind in ("purelib", "platlib")
    for package in ("ipykernel", "IPython", "zmq", "tornado", "jupyter_client")
)

LOOKS = frozenset({"object.__getattr__", "sys._getframe", "sys._current_frames", "os.scandir"})
TELLING = frozenset({"getsource", "getsourcelines", "signature", "getdoc"})
"""Functions of `inspect` that look at code objects and frames, but hand out only what is written."""
looking: set[int] = set()  # threads in which the guard itself looks around, which raises these events
T = TypeVar("T")
P = ParamSpec("P")


def unheard(look: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Look at stack and folders without listening to oneself; no code of others may run in there."""
    ident = get_ident()
    if ident in looking:
        return look(*args, **options)
    looking.add(ident)
    try:
        return look(*args, **options)
    finally:
        looking.discard(ident)


def caller() -> FrameType:
    """The innermost frame outside the guard."""
    frame: FrameType | None = _getframe(1)
    innermost = frame
    while frame is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    return frame or innermost  # type: ignore[return-value]  # the first one always is there


def outward(frame: FrameType | None, until: FrameType | None = None) -> Iterator[FrameType]:
    """The frames from one to the bottom of its stack, or to another one, which is left out."""
    while frame is not None and frame is not until:
        yield frame
        frame = frame.f_back


def threads() -> dict[int, FrameType]:
    """The innermost frame of every thread."""
    return _current_frames()


def bottom(frame: FrameType) -> FrameType:
    """The frame that the thread began with, which lives as long as the thread."""
    while frame.f_back is not None:
        frame = frame.f_back
    return frame


def own_caller(directly: bool = False) -> bool:
    """Whether the code of the step itself is at work: at hand, or nearest outside the library."""
    for frame in outward(caller()):
        if directly or not _standard(frame.f_code.co_filename):
            return own_file(frame.f_code.co_filename)
    return True


def keeps_bytecode() -> bool:
    """Whether an import statement keeps the bytecode of the very file that it has read."""
    reads = False
    importing = ""
    for frame in outward(caller()):
        if not frame.f_code.co_filename.startswith("<frozen importlib"):
            break
        importing = frame.f_code.co_name
        if importing == "get_code":
            loader = frame.f_locals["self"]
            reads = type(loader) is SourceFileLoader and vars(loader).keys() <= {"name", "path"}
    return reads and importing in ("_find_and_load", "_gcd_import")


def handed_out() -> bool:
    """Whether a look at frames is for own code: its own look, or one that it has the library do."""
    frame = caller()
    file = frame.f_code.co_filename
    if own_file(file):
        return True
    gives_away = file == f"{LIBRARY}inspect.py" or (
        file == f"{LIBRARY}traceback.py" and frame.f_code.co_name.startswith("walk_")
    )
    asked = frame
    while gives_away and frame.f_back is not None and frame.f_code.co_filename == file:
        asked, frame = frame, frame.f_back
    return gives_away and own_file(frame.f_code.co_filename) and asked.f_code.co_name not in TELLING


def of_kernel(frame: FrameType) -> bool:
    """Whether the thread was begun by the kernel for its own work, and does not run anybody else's code."""
    first = None
    for each in outward(frame):
        file = each.f_code.co_filename
        if own_file(file):
            return False
        if file != THREADING:
            first = file
    return first is not None and first.startswith(KERNEL)


@functools.lru_cache(maxsize=512)
def _standard(file: str) -> bool:
    return file.startswith("<frozen") or (file.startswith(LIBRARY) and "site-packages" not in file)
