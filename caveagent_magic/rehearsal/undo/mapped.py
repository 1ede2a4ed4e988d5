"""Memory that is shared with other processes or is a file: it is no state of this kernel alone."""

from __future__ import annotations

import bisect
import functools
import re
import sys
from collections.abc import Callable

_SHARED = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) ...s", re.MULTILINE)


def shared() -> Callable[[int, int], bool]:
    """Tells of a piece of memory, as things are now, whether any of it is shared."""
    mappings = _shared_mappings() if sys.platform == "linux" else []
    starts = [start for start, _ in mappings]

    def meets(address: int, size: int) -> bool:
        last = bisect.bisect_left(starts, address + size) - 1
        return last >= 0 and mappings[last][1] > address

    return functools.cache(meets)


def _shared_mappings() -> list[tuple[int, int]]:
    """By address; each ends before the next begins."""
    with open("/proc/self/maps", "rb") as maps:
        return sorted((int(start, 16), int(end, 16)) for start, end in _SHARED.findall(maps.read()))
