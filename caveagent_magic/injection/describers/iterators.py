"""Generators, coroutines and open files: their state; nothing is taken from them."""

from __future__ import annotations

import _io
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description, named
from caveagent_magic.injection.escape import label


def generator(obj: Any, base: type) -> Description:
    """`generator read_rows, not started`."""
    prefix = {"async_generator": "ag", "coroutine": "cr"}.get(static.type_name(base), "gi")
    code, frame = static.slot(obj, base, f"{prefix}_code"), static.slot(obj, base, f"{prefix}_frame")
    if static.slot(obj, base, f"{prefix}_running"):
        state = "running"
    elif frame is None:
        state = "finished"
    else:
        state = "not started" if frame.f_lasti < 0 or _at_start(frame) else "started"
    return Description(f"{named(obj, base)} {label(code.co_name)}, {state}")


def _at_start(frame: Any) -> bool:
    """Whether the frame stands where Python leaves it after the call that makes a generator."""
    return bool(frame.f_lineno == frame.f_code.co_firstlineno and not frame.f_trace and frame.f_lasti < 8)


def text_file(obj: object, base: type) -> Description:
    """`text file, mode r, utf-8, open`; its name is a value."""
    buffer = static.slot(obj, base, "buffer")
    mode = static.exact_str(static.instance_members(obj).get("mode"))
    encoding = static.exact_str(static.slot(obj, base, "encoding"))
    words = (f"mode {mode}" if mode else "", encoding, _state(buffer))
    return Description(", ".join(["text file", *filter(None, words)]))


def binary_file(obj: object, base: type) -> Description:
    """`binary file, reading, open`."""
    kind = static.type_name(base)
    words = {
        "BufferedReader": "reading",
        "BufferedWriter": "writing",
        "BufferedRandom": "reading and writing",
    }
    return Description(", ".join(["binary file", *filter(None, (words.get(kind, ""), _state(obj)))]))


def memory_file(obj: object, base: type) -> Description:
    """`StringIO`, `BytesIO`: a file in memory."""
    closed = static.slot(obj, base, "closed")
    return Description(f"{named(obj, base)}, {'closed' if closed else 'open'}")


def _state(file: object) -> str:
    """Open or closed, where every layer below is Python's own: else the answer would be a user's code."""
    raw = static.slot(file, type(file), "raw") if type(file) in _BUFFERED else file
    if type(raw) is not _io.FileIO:
        return ""
    return "closed" if static.slot(raw, _io.FileIO, "closed") else "open"


_BUFFERED: tuple[type, ...] = (_io.BufferedReader, _io.BufferedWriter, _io.BufferedRandom)

DESCRIBERS: dict[str, Describer] = {
    **dict.fromkeys(("builtins.generator", "builtins.async_generator", "builtins.coroutine"), generator),
    "_io.TextIOWrapper": text_file,
    **dict.fromkeys(
        ("_io.BufferedReader", "_io.BufferedWriter", "_io.BufferedRandom", "_io.FileIO"), binary_file
    ),
    **dict.fromkeys(("_io.StringIO", "_io.BytesIO"), memory_file),
}
