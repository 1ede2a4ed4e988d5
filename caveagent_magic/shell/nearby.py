"""What lies near on this machine's disk: packages that can be imported, files beside a path."""

from __future__ import annotations

import os
import pkgutil
import sys
from collections.abc import Collection
from itertools import islice
from pathlib import Path

MOST_FILES = 2_000


def importable() -> Collection[str]:
    """The names of modules and packages on the path, and those of Python itself."""
    return {
        *sys.builtin_module_names,
        *sys.stdlib_module_names,
        *(each.name for each in pkgutil.iter_modules()),
    }


def files_beside(path: str) -> Collection[str]:
    """The files in the folder of this path, spelt as it is; none outside the notebook's own folder."""
    folder, here = Path(path).parent, Path.cwd()
    try:
        if not folder.resolve().is_relative_to(here):
            return ()
        with os.scandir(folder) as entries:
            names = [entry.name for entry in islice(entries, MOST_FILES) if not entry.name.startswith(".")]
    except (OSError, ValueError):  # there is no such folder, or it may not be read
        return ()
    return [os.path.join(os.path.dirname(path), name) for name in names]
