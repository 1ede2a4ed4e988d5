"""Open files: whoever is given one may write to it."""

from __future__ import annotations

import io

from caveagent_magic.security.objects.still import Kinds, mro, word

FILES = Kinds(io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom, io.FileIO)
_class_module = type.__dict__["__module__"].__get__
STREAMS = (0, 1, 2)
"""Descriptors of what the process prints to."""


def is_memory(obj: object) -> bool:
    """Whether storing into it changes a file, or memory that belongs to others."""
    if type(obj) is memoryview:
        return is_memory(obj.obj)
    return any(word(_class_module(each)) in ("mmap", "_ctypes") for each in mro(type(obj)))


def is_open_for_writing(obj: object) -> bool:
    """Whether it is a file that is open to be written; only exact classes of Python's own are asked."""
    if type(obj) not in FILES:
        return False
    try:
        return not obj.closed and obj.writable() and obj.fileno() not in STREAMS  # type: ignore[attr-defined]
    except (OSError, ValueError):
        return False
