"""Taking a cell as it is written, without what IPython guesses of single lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def literally(shell: Any) -> Iterator[None]:
    """A lone `exit`, a macro's name or a bare `cd ..` is only Python in here; `%cd`, `!ls` and `x?` stay.

    IPython's prefilter calls what a single line may mean, and fetches attributes of the person's objects to
    find out: code could then do something else than what was judged, and judging would run theirs.
    """
    manager = shell.prefilter_manager
    manager.prefilter_lines = lambda lines, continue_prompt=False: lines.rstrip("\n")
    try:
        yield
    finally:
        vars(manager).pop("prefilter_lines", None)
