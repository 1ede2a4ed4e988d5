"""Large pieces of memory: read whole while there is time; in a fork the kernel knows the written pages."""

from __future__ import annotations

import ctypes
import time
import zlib
from dataclasses import field
from typing import Literal

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal import pages
from caveagent_magic.rehearsal.foreign import ArrayFacts

Comparison = Literal["same", "partly", "changed"]

_SAMPLES, _AT_A_GLANCE, _SAMPLE = 64, 8, 512
_EDGE = 1 << 13  # bytes at each end that are read whole: their pages are shared with other objects
_PER_SECOND = 5e8  # bytes, on a slow machine; a fast one reads 1.6e9
_PIECE = 4 << 20  # bytes between two looks at the clock


@frozen
class Buffer:
    """A piece of memory and a checksum of samples from it."""

    address: int
    size: int
    checksum: int
    watched: bool  # the kernel will tell whether it was written, so that nothing is missed
    whole: int | None = None  # checksum of all of it; None: it is watched, or there was no time
    taken: int = field(default_factory=pages.clock, compare=False)

    def compare(self, now: Buffer) -> Comparison:
        """Whether anything in it has changed; "partly": nothing that the samples show."""
        if self.size != now.size or self.checksum != now.checksum:
            return "changed"
        if self.whole is not None and now.whole is not None:
            return "same" if self.whole == now.whole else "changed"
        if self.watched and self.address == now.address:
            if pages.are_written(self.address, self.size):
                return "changed"
            return "partly" if pages.are_copied_since(self.taken) else "same"
        return "partly"

    def same_as(self, now: Buffer) -> bool:
        """Whether nothing in it has changed, as far as can be told."""
        return self.compare(now) != "changed"


def buffer_of(array: ArrayFacts, deadline: float = 0.0) -> Buffer:
    """The memory that a large array lies in, from its lowest to its highest byte."""
    lowest, size = extent_of(array)
    watched = pages.are_shared(lowest, size, deadline)
    affordable = size <= (deadline - time.thread_time()) * _PER_SECOND  # others want to be looked at, too
    whole = checksum_of(lowest, size, deadline) if affordable and not watched else None
    return Buffer(lowest, size, _samples(lowest, size), watched, whole)


def glance_of(array: ArrayFacts) -> Buffer:
    """The same at a glance: few samples, and no watch is kept."""
    lowest, size = extent_of(array)
    return Buffer(lowest, size, _spread(lowest, size, _AT_A_GLANCE, 0), watched=False, taken=0)


def extent_of(array: ArrayFacts) -> tuple[int, int]:
    """The address of the lowest byte of an array, and how many bytes lie from it to the highest."""
    lowest, size = array.address, array.itemsize
    for length, stride in zip(array.shape, array.strides, strict=True):
        reach = (length - 1) * stride
        lowest += min(reach, 0)
        size += abs(reach)
    return lowest, size


def checksum_of(address: int, size: int, deadline: float) -> int | None:
    """A checksum of every byte; None when that takes longer than there is time."""
    checksum = 0
    memory = memoryview((ctypes.c_char * size).from_address(address)).cast("B")
    for start in range(0, size, _PIECE):
        if time.thread_time() > deadline:
            return None
        checksum = zlib.crc32(memory[start : start + _PIECE], checksum)
    return checksum


def _samples(address: int, size: int) -> int:
    checksum = zlib.crc32(ctypes.string_at(address, _EDGE))
    checksum = _spread(address, size, _SAMPLES, checksum)
    return zlib.crc32(ctypes.string_at(address + size - _EDGE, _EDGE), checksum)


def _spread(address: int, size: int, samples: int, checksum: int) -> int:
    for sample in range(samples):
        start = address + (size - _SAMPLE) * sample // samples
        checksum = zlib.crc32(ctypes.string_at(start, _SAMPLE), checksum)
    return checksum
