"""polars' frames and series: clones, which share memory with the object until one of the two is written.

Everything else of polars never changes.
"""

from __future__ import annotations

import sys
from typing import Any

from caveagent_magic.rehearsal.undo.kept import Kind, each_is


def kind_of_polars(kind: type) -> Kind | None:
    """How objects of this type are remembered; None: it is neither a frame nor a series of polars."""
    polars: Any = sys.modules.get("polars")
    if polars is None:
        return None
    for name, state in (("DataFrame", _FRAME), ("Series", _SERIES)):
        base = vars(polars).get(name)
        if isinstance(base, type) and issubclass(kind, base):
            return state
    return None


def _polars() -> Any:
    return sys.modules["polars"]


def _read_frame(thing: Any) -> Any:
    return _polars().DataFrame._from_pydf(thing._df.clone())


def _write_frame(thing: Any, state: Any) -> None:
    object.__setattr__(thing, "_df", state._df.clone())


def _same_frame(first: Any, second: Any) -> bool:
    if first.shape != second.shape:
        return False
    return all(map(_same_series, first.get_columns(), second.get_columns()))


def _read_series(thing: Any) -> Any:
    return _polars().Series._from_pyseries(thing._s.clone())


def _write_series(thing: Any, state: Any) -> None:
    object.__setattr__(thing, "_s", state._s.clone())


def _same_series(first: Any, second: Any) -> bool:
    if (first.name, first.dtype) != (second.name, second.dtype):
        return False
    if first.dtype == _polars().Object:
        return each_is(first.to_list(), second.to_list())
    return bool(first.equals(second, null_equal=True)) and _same_zeros(first, second)


def _same_zeros(first: Any, second: Any) -> bool:
    """Whether equal floats are so in the sign of zero, too."""
    if not first.dtype.is_float() or not (first == 0).any():
        return True
    return bool((1 / first).equals(1 / second, null_equal=True))


_FRAME = Kind(_read_frame, _write_frame, _same_frame)
_SERIES = Kind(_read_series, _write_series, _same_series)
