"""Each output of a cell as text: streams and tables as they read, pictures and pages by name."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from caveagent_magic.events import Output
from caveagent_magic.observation.shapers import Shaped, drop_ansi
from caveagent_magic.pattern import pattern

if TYPE_CHECKING:
    from caveagent_magic.observation.hints import Around

PNG = b"\x89PNG\r\n\x1a\n"
READABLE = ("text/plain", "text/markdown", "text/latex", "application/json")
READ_HTML = 2_000  # characters that tell what it is
_TABLE = pattern(r"<table[^>]*class=\"[^\"]*\bdataframe\b")
WIDGET = "application/vnd.jupyter.widget-view+json"


def text_of(output: Output, step: int, around: Around | None = None) -> Shaped:
    """What the model is to read of one output, before it is shortened."""
    kind = output.get("output_type")
    if kind == "stream":
        mark = "[stderr]\n" if output.get("name") == "stderr" else ""
        return Shaped(mark + joined(output.get("text")))
    if kind == "error":
        from caveagent_magic.observation.tracebacks import error_text  # most code does not fail

        full = full_text((output,))
        text = error_text(output, full, step, around)
        return Shaped(text, max(0, len(full) - len(text)))
    return Shaped(_data_text(output.get("data") or {}))


def is_table(output: Output) -> bool:
    """Whether this is a frame, shown by whatever library."""
    data = output.get("data") or {}
    plain = joined(data.get("text/plain"))
    return plain.startswith("shape: (") or bool(_TABLE.search(joined(data.get("text/html"))[:READ_HTML]))


def full_text(outputs: Sequence[Output]) -> str:
    """All that the outputs say, uncut, for later code to look at."""
    return "\n".join(drop_ansi(Shaped(_full(output))).text for output in outputs)


def joined(text: object) -> str:
    """nbformat's multi-line strings may be lists; other data is shown as JSON."""
    if text is None or isinstance(text, str):
        return text or ""
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        return "".join(text)
    return json.dumps(text, default=lambda value: type(value).__name__)


def _full(output: Output) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return joined(output.get("text"))
    if kind == "error":
        lines = "\n".join(map(str, output.get("traceback") or ()))
        return lines or f"{output.get('ename')}: {output.get('evalue')}"
    data = output.get("data") or {}
    texts = (joined(data[kind]) for kind in (*READABLE, "text/html") if data.get(kind))
    return next(texts, "") or _data_text(data)


def _data_text(data: Mapping[str, object]) -> str:
    image = next((mime for mime in data if mime.startswith("image/")), None)
    if image:
        size = _png_size(data[image]) if image == "image/png" else ""
        return f"[figure{size}, {image}, shown to the person]{_drawn(data)}"
    if WIDGET in data:
        return "[widget, shown to the person]"
    readable = next((mime for mime in READABLE if mime in data), None)
    if readable:
        return joined(data[readable])
    if "text/html" in data:
        return f"[HTML of {len(joined(data['text/html'])):,} characters, shown to the person]"
    return f"[{', '.join(data) or 'nothing'}, shown to the person]"


def _drawn(data: Mapping[str, object]) -> str:
    """What the runtime said of the picture; the repr of a figure says nothing."""
    text = joined(data.get("text/plain"))
    return "" if text.startswith("<") else f" {text}".rstrip()


def _png_size(encoded: object) -> str:
    """` 640×480` from the header of the picture; empty when it is not a PNG."""
    try:
        head = encoded if isinstance(encoded, bytes) else base64.b64decode(joined(encoded)[:32])
    except ValueError:  # not base64
        return ""
    if len(head) < 24 or not head.startswith(PNG):
        return ""
    width, height = struct.unpack(">II", head[16:24])
    return f" {width}×{height}"
