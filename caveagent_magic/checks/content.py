"""The content of a frame or a column, kept so that it can be compared later."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

from caveagent_magic.checks.data import admitted, is_frame
from caveagent_magic.frozen import frozen


@frozen(eq=False)
class Content:
    """What a table held: polars' and Arrow's own copy, which shares its memory, or a digest of pandas'."""

    outline: tuple[Any, ...]
    held: Any

    @classmethod
    def of(cls, table: Any) -> Content:
        """The content of a frame or column of narwhals; raises `CannotCheck` where it may hold anything."""
        columns = [admitted(table[name]) for name in table.columns] if is_frame(table) else [table]
        outline = tuple((column.name, str(column.dtype), len(column)) for column in columns)
        native = table.to_native()
        library = type(native).__module__.partition(".")[0]
        if library in ("pandas", "geopandas"):
            rows = sys.modules["pandas"].util.hash_pandas_object(native)
            return cls(outline, hashlib.sha256(rows.to_numpy().tobytes()).digest())
        return cls(outline, native.clone() if library == "polars" else native)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Content) or (self.outline, type(self.held)) != (
            other.outline,
            type(other.held),
        ):
            return False
        return self.held == other.held if isinstance(self.held, bytes) else bool(self.held.equals(other.held))
