"""Large pieces of memory, known by samples and, in a fork, by which of their pages were written."""

from __future__ import annotations

import ctypes
import zlib
from dataclasses import dataclass

from caveagent_magic.rehearsal import pages
from caveagent_magic.rehearsal.foreign import ArrayFacts

_SAMPLES, _SAMPLE = 64, 512
_EDGE = 1 << 13  # bytes at each end that are read whole: their pages are shared with other objects


@dataclass(frozen=True, slots=True)
class Buffer:
    """A piece of memory and a checksum of samples from it."""

    address: int
    size: int
    checksum: int
    watched: bool  # the kernel will tell whether it was written, so that nothing is missed

    def same_as(self, now: Buffer) -> bool:
        """Whether nothing in it has changed, as far as can be told."""
        if self.size != now.size or self.checksum != now.checksum:
            return False
        in_place = self.watched and self.address == now.address
        return not in_place or not pages.are_written(self.address, self.size)


def buffer_of(array: ArrayFacts) -> Buffer:
    """The memory that a large array lies in, from its lowest to its highest byte."""
    reach = [(length - 1) * stride for length, stride in zip(array.shape, array.strides, strict=True)]
    lowest = array.address + sum(step for step in reach if step < 0)
    size = sum(abs(step) for step in reach) + array.itemsize
    return Buffer(lowest, size, _checksum(lowest, size), pages.are_shared(lowest, size))


def _checksum(address: int, size: int) -> int:
    checksum = zlib.crc32(ctypes.string_at(address, _EDGE))
    for sample in range(_SAMPLES):
        start = address + (size - _SAMPLE) * sample // _SAMPLES
        checksum = zlib.crc32(ctypes.string_at(start, _SAMPLE), checksum)
    return zlib.crc32(ctypes.string_at(address + size - _EDGE, _EDGE), checksum)
