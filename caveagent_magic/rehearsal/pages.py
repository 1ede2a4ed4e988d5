"""Which pages of memory this process has written since it was forked; the kernel knows.

A page that parent and child still share is mapped by both; the first write gives the child its own
(bit 56 of /proc/self/pagemap, Linux 4.2 and later).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable

from caveagent_magic.rehearsal.undo.mapped import shared
from caveagent_magic.rehearsal.undo.relatives import started

_ENTRY = 8  # bytes per page in the table
_PROBE = 64  # pages that are looked at first: in a process that was not forked they tell enough
_PRESENT_AND_ALONE = bytes(int(flags & 0xA1 == 0x81) for flags in range(256))  # 63 and 56; 61: of a file


@functools.cache
def _page_size() -> int:
    return os.sysconf("SC_PAGE_SIZE")


def are_shared(address: int, size: int, look: float = 0.0) -> bool:
    """Whether writes to this memory can be found later: no page of it is this process' own by now.

    Memory that is a file, or is shared with other processes, never becomes anybody's own.
    For all arrays of one look at a namespace, which its deadline tells from others, mappings are read once.
    """
    beginning = min(size, _PROBE * _page_size())
    if _written_pages(address, beginning) or _written_pages(address, size):
        return False
    mapped = _mappings(look) if look else shared()
    return not mapped(address, size)


@functools.lru_cache(maxsize=1)
def _mappings(look: float) -> Callable[[int, int], bool]:
    return shared()


def are_written(address: int, size: int) -> bool:
    """Whether a page that lies wholly in this memory was written; its edges belong to others as well."""
    return _written_pages(address, size) != 0


def clock() -> int:
    """The time now, as processes are dated; 0 where there is no such thing."""
    try:
        return started()
    except OSError:
        return 0


def are_copied_since(then: int) -> bool:
    """Whether this process has a child since then that may share pages which were written before."""
    try:
        children = [
            name
            for thread in os.listdir("/proc/self/task")
            for name in _text(f"/proc/self/task/{thread}/children").split()
        ]
    except OSError:  # the kernel does not tell
        return True
    return any(
        int(_text(f"/proc/{name}/stat").rpartition(")")[2].split()[19]) >= then - 1 for name in children
    )


def _text(path: str) -> str:
    with open(path) as file:
        return file.read()


def _written_pages(address: int, size: int) -> int:
    """Pages of this process alone; -1 where the kernel does not tell."""
    first, end = -(-address // _page_size()), (address + size) // _page_size()
    try:
        with open("/proc/self/pagemap", "rb", buffering=0) as table:
            table.seek(first * _ENTRY)
            entries = table.read(max(0, end - first) * _ENTRY)
    except OSError:
        return -1
    return entries[_ENTRY - 1 :: _ENTRY].translate(_PRESENT_AND_ALONE).count(1)
