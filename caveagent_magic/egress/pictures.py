"""Pictures that a step shows go to the model only where the person lets them, and what goes is said in words.

A picture can show any value, so none goes at the level `names` or while anything is hidden or has an alias.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Sequence

from caveagent_magic.events import Output, Picture
from caveagent_magic.models.base import takes_pictures
from caveagent_magic.observation.outputs import joined
from caveagent_magic.ports import Ports

KIND = "image/png"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST, BYTES = 4, 1_000_000  # of one step; of each


def pictures(outputs: Sequence[Output], ports: Ports) -> tuple[Picture, ...]:
    """Those that go to the model; what is too large, or more than it may be, stays here."""
    cell = ports.disclosure.cell
    if not cell.pictures or cell.hidden or cell.aliases or "names" in (cell.level, *cell.names.values()):
        return ()
    return tuple(_read(outputs))[:MOST] if takes_pictures(ports.model) else ()


def pictures_text(shown: Sequence[Picture]) -> str:
    """The line of the observation that stands for them; the same digests are in the ledger."""
    each = (f"{one.width}×{one.height}, {one.size:,} bytes, sha256 {one.sha256}" for one in shown)
    return f"Sent with this as pictures: {'; '.join(each)}." if shown else ""


def _read(outputs: Sequence[Output]) -> Iterator[Picture]:
    for output in outputs:
        encoded = joined((output.get("data") or {}).get(KIND))
        try:
            data = base64.b64decode(encoded)
        except ValueError:
            continue
        if len(data) <= BYTES and data.startswith(SIGNATURE) and len(data) > 24:
            width, height = struct.unpack(">II", data[16:24])
            yield Picture(base64.b64encode(data).decode(), width, height)
