"""The streams of this process."""

from __future__ import annotations

import contextlib
import io
import sys

from caveagent_magic.rehearsal import linux


def flush_streams() -> None:
    """Write out what Python's own streams and C's hold back, so that it comes once and in time."""
    for stream in {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__}:
        if type(stream) is io.TextIOWrapper and not stream.closed:
            with contextlib.suppress(OSError):
                stream.flush()
    linux.libc().fflush(None)
