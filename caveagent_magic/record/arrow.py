"""Arrow's columns of texts, read from their memory: no cell becomes an object, and none is copied twice."""

from __future__ import annotations

import sys
from typing import Any

_OFFSETS = {"string": "i4", "large_string": "i8"}
_ABSENT = -1  # the length of a text that is not there


def texts_of(column: Any) -> tuple[memoryview, memoryview] | None:
    """The lengths of all texts, each in eight bytes, and the texts themselves; None: it holds others."""
    offsets, numpy = _OFFSETS.get(str(column.type)), sys.modules.get("numpy")
    if offsets is None or numpy is None:
        return None
    lengths, contents = numpy.empty(len(column), "i8"), []
    done = 0
    for chunk in getattr(column, "chunks", [column]):
        own = lengths[done : done + len(chunk)]
        contents.append(_read(chunk, own, offsets, numpy))
        done += len(chunk)
    content = contents[0] if len(contents) == 1 else memoryview(b"".join(contents))
    return memoryview(lengths).cast("B") if len(lengths) else memoryview(b""), content


def _read(chunk: Any, lengths: Any, kind: str, numpy: Any) -> memoryview:
    """Fill in the lengths of one piece; gives its texts."""
    present, offsets, content = chunk.buffers()
    if not len(chunk):
        return memoryview(b"")
    places = numpy.frombuffer(offsets, kind)[chunk.offset : chunk.offset + len(chunk) + 1]
    numpy.subtract(places[1:], places[:-1], out=lengths)
    texts = memoryview(b"" if content is None else content)[places[0] : places[-1]]
    if chunk.null_count:
        bits = numpy.unpackbits(numpy.frombuffer(present, "u1"), bitorder="little")
        absent = bits[chunk.offset : chunk.offset + len(chunk)] == 0
        if lengths[absent].any():  # what lies there is none of the texts
            texts = memoryview(bytes(numpy.frombuffer(texts, "u1")[numpy.repeat(~absent, lengths)]))
        lengths[absent] = _ABSENT
    return texts
