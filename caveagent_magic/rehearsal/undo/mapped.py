"""Memory that is shared with other processes or is a file: it is no state of this kernel alone."""

from __future__ import annotations

import bisect
import functools
import sys
from collections.abc import Callable


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
    with open("/proc/self/maps") as maps:
        fields = [line.split(None, 2) for line in maps]
    return sorted(_range(addresses) for addresses, flags, _ in fields if flags[3] == "s")


def _range(text: str) -> tuple[int, int]:
    start, _, end = text.partition("-")
    return int(start, 16), int(end, 16)
