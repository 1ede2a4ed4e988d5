"""The memory of numeric arrays: small pieces are copied, large ones looked up in a frozen fork."""

from __future__ import annotations

import bisect
import ctypes
import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from caveagent_magic.frozen import frozen

if TYPE_CHECKING:
    from caveagent_magic.rehearsal.undo.frozen import Frozen

Run: TypeAlias = tuple[int, int]  # address and size

_ENTRY = 8  # bytes per page in the table
_PIECE = 1 << 16
# Bit 63: present; 56: no other process maps the page, so that it was written since the fork.
_UNTOUCHED = bytes(int(flags & 0x81 == 0x80) for flags in range(256))


@frozen
class Patch:
    """What a piece of memory held."""

    address: int
    content: bytes

    def now(self) -> Patch:
        """The same piece as it is now."""
        return Patch(self.address, ctypes.string_at(self.address, len(self.content)))

    @property
    def changed(self) -> bool:
        """Whether it holds something else now."""
        return ctypes.string_at(self.address, len(self.content)) != self.content

    def restore(self) -> None:
        """Write it back into the same memory."""
        ctypes.memmove(self.address, self.content, len(self.content))


class Memory:
    """Pieces of memory as they were; `settle` gives what of them has changed since."""

    def __init__(self, spans: Iterable[Run], copied: int) -> None:
        """Remember the spans; more than `copied` bytes of them by a frozen fork, or not at all."""
        self._since = 0
        merged = merge(spans)
        self._small, self.large = _split(merged, copied)
        self.frozen: Frozen | None = None
        self.refused = ""  # why the large ones are not remembered
        if self.large:
            self._freeze()
        self._copies = [Patch(address, ctypes.string_at(address, size)) for address, size in self._small]

    def _freeze(self) -> None:
        from caveagent_magic.rehearsal.undo.frozen import Frozen, can_freeze  # few steps change large arrays
        from caveagent_magic.rehearsal.undo.relatives import started

        if not can_freeze():
            self.refused = "arrays of this size can be taken back on Linux only"
            return
        try:
            self._since = started()
            self.frozen = Frozen()
        except OSError as error:
            self.refused = f"the kernel could not be copied: {error.strerror or error}"

    def close(self) -> None:
        """Let go of the fork."""
        if self.frozen is not None:
            self.frozen.close()
            self.frozen = None

    def settle(self, given_up: Sequence[Run]) -> list[Patch]:
        """The old content of every piece that differs now, outside what was given up; ends the fork.

        Raises `OSError` when the fork is gone.
        """
        gone = merge(given_up)
        patches = [patch for patch in self._copies if not meets(patch.address, len(patch.content), gone)]
        patches = [patch for patch in patches if patch.changed]
        if self.frozen is not None:
            from caveagent_magic.rehearsal.undo.relatives import has_relatives

            large = [run for run in self.large if not meets(*run, gone)]
            patches += _differences(self.frozen, list(_candidates(large, has_relatives(self._since))))
        return patches

    def content(self, run: Run) -> bytes | None:
        """What a piece held that was given up since; None: it is not remembered."""
        address, size = run
        for patch in self._copies:
            start = address - patch.address
            if start >= 0 and start + size <= len(patch.content):
                return patch.content[start : start + size]
        return b"".join(self.frozen.fetch([run])) if self.frozen is not None else None


def merge(spans: Iterable[Run]) -> list[Run]:
    """The same memory in pieces that do not overlap, by address."""
    merged: list[Run] = []
    for address, size in sorted(spans):
        if merged and address < sum(merged[-1]):
            start, length = merged[-1]
            merged[-1] = start, max(length, address + size - start)
        elif size:
            merged.append((address, size))
    return merged


def _split(runs: list[Run], most: int) -> tuple[list[Run], list[Run]]:
    """What is copied, and what is not: the smallest first."""
    small: list[Run] = []
    large: list[Run] = []
    for run in sorted(runs, key=lambda run: run[1]):
        most -= run[1]
        (small if most >= 0 else large).append(run)
    return small, sorted(large)


def meets(address: int, size: int, runs: list[Run]) -> bool:
    """Whether a piece has a byte in common with these, which `merge` has put in order."""
    last = bisect.bisect_left(runs, (address + size, 0)) - 1
    return last >= 0 and sum(runs[last]) > address


@functools.cache
def _page() -> int:
    return os.sysconf("SC_PAGE_SIZE")


def _candidates(runs: list[Run], everything: bool) -> Iterator[Run]:
    """What may have been written since the fork, in small pieces."""
    for address, size in runs:
        written = [(address, size)] if everything else _written(address, size)
        for start, length in written:
            for offset in range(0, length, _PIECE):
                yield start + offset, min(_PIECE, length - offset)


def _written(address: int, size: int) -> Iterator[Run]:
    """The parts of this piece that lie in pages which are not shared with the fork any more."""
    first, end = address // _page(), -(-(address + size) // _page())
    try:
        with open("/proc/self/pagemap", "rb", buffering=0) as table:
            entries = os.pread(table.fileno(), (end - first) * _ENTRY, first * _ENTRY)
    except OSError:
        entries = b""
    if len(entries) != (end - first) * _ENTRY:  # the system does not tell
        yield address, size
        return
    untouched = entries[_ENTRY - 1 :: _ENTRY].translate(_UNTOUCHED)
    start = untouched.find(0)
    while start >= 0:
        stop = untouched.find(1, start)
        stop = len(untouched) if stop < 0 else stop
        low = max(address, (first + start) * _page())
        yield low, min(address + size, (first + stop) * _page()) - low
        start = untouched.find(0, stop)


def _differences(frozen: Frozen, candidates: list[Run]) -> list[Patch]:
    patches = []
    for (address, size), content in zip(candidates, frozen.fetch(candidates), strict=True):
        if ctypes.string_at(address, size) != content:
            patches.append(Patch(address, content))
    return patches
