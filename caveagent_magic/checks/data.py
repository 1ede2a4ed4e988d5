"""What of the person's data a check looks into: objects of known libraries that hold only plain values.

Anything else has no answer, so that no code of a class that is not the library's own is ever called.
"""

from __future__ import annotations

import datetime
import decimal
import sys
from collections.abc import Iterable, Mapping
from typing import Any

NUMBERS: frozenset[type] = frozenset({bool, int, float, decimal.Decimal})
DATES: frozenset[type] = frozenset({datetime.datetime, datetime.date, datetime.time, datetime.timedelta})
VALUES: frozenset[type] = NUMBERS | DATES | {str, bytes, type(None)}
CONTAINERS: frozenset[type] = frozenset({list, tuple, set, frozenset, dict})
TABLES: Mapping[str, tuple[str, ...]] = {
    "pandas": ("DataFrame", "Series"),
    "geopandas": ("GeoDataFrame",),
    "polars": ("DataFrame", "Series"),
    "pyarrow": ("Table", "ChunkedArray"),
}
LAZY: Mapping[str, tuple[str, ...]] = {
    "polars": ("LazyFrame",),
    "duckdb": ("DuckDBPyRelation",),
    "dask.dataframe": ("DataFrame", "Series"),
}
_SCALARS: Mapping[str, tuple[str, ...]] = {"pandas": ("Timestamp", "Timedelta", "NaT", "NA")}
_DEEPEST = 5
_OF_PANDAS = ("pandas", "pyarrow", "numpy")  # whose kinds of column run no code of others


class CannotCheck(Exception):
    """The check has no answer for this data; the message is the reason."""


def seen(thing: object) -> Any:
    """Frames and columns as narwhals sees them, arrays as columns, plain values as they are."""
    kind = type(thing)
    if kind in VALUES or kind in CONTAINERS:
        return thing
    if _is_one_of(kind, LAZY):
        raise CannotCheck("a lazy frame is not computed for a check")
    if _is_one_of(kind, TABLES):
        return _table(thing)
    if kind is _named("numpy", "ndarray"):
        return _array(thing)
    if _is_number_of_numpy(kind) or _is_one_of(kind, _SCALARS):
        return _scalar(thing)
    raise CannotCheck(f"a check cannot look into a {kind.__name__}")


def part(whole: Any, name: Any) -> Any:
    """A column of a frame, or what a plain container holds there."""
    import narwhals as nw  # heavy, and only a check needs it

    if isinstance(whole, nw.DataFrame):
        if name in whole.columns:
            return admitted(whole[name])
        if name == "columns":
            return list(whole.columns)
    elif type(whole) in CONTAINERS:
        return seen(comparable(whole)[name])
    raise CannotCheck(f"there is no {name!r} in it")


def admitted(column: Any) -> Any:
    """A column that holds only plain values; raises `CannotCheck` where it may hold anything."""
    native = column.to_native()
    kind, library = type(column.dtype).__name__, type(native).__module__.partition(".")[0]
    if library in ("pandas", "geopandas"):
        _admit_pandas(native)
    elif library == "polars" and "Object" in str(native.dtype):
        raise CannotCheck("the column holds Python objects")
    elif library == "pyarrow" and not type(native.type).__module__.startswith("pyarrow."):
        raise CannotCheck(f"a check cannot look into a column of {kind}")
    return column


def comparable(value: Any, depth: int = 0) -> Any:
    """A value that can be compared without calling anybody's code; raises `CannotCheck`."""
    kind = type(value)
    if kind in VALUES or is_column(value) or _is_one_of(kind, _SCALARS):
        return value
    if kind not in CONTAINERS or depth > _DEEPEST:
        raise CannotCheck(f"a {kind.__name__} cannot be compared")
    parts: Iterable[Any] = [*value, *value.values()] if kind is dict else value
    for each in parts:
        comparable(each, depth + 1)
    return value


def number(value: Any) -> Any:
    """A number, a date or a column: what can be reckoned with; raises `CannotCheck`."""
    if type(value) in NUMBERS | DATES or is_column(value) or _is_one_of(type(value), _SCALARS):
        return value
    raise CannotCheck(f"a {type(value).__name__} is no number")


def is_column(value: Any) -> bool:
    """Whether it is a column."""
    import narwhals as nw

    return isinstance(value, nw.Series)


def is_frame(value: Any) -> bool:
    """Whether it is a frame."""
    import narwhals as nw

    return isinstance(value, nw.DataFrame)


def _table(thing: Any) -> Any:
    import narwhals as nw

    if type(thing).__module__.partition(".")[0] in ("pandas", "geopandas"):
        labels = [*thing.columns] if hasattr(type(thing), "columns") else [thing.name]
        if set(map(type, labels)) - VALUES:
            raise CannotCheck("its columns are named by objects, and not by texts")
        comparable(thing.attrs)  # pandas copies them with each column
    table = nw.from_native(thing, allow_series=True)
    return admitted(table) if isinstance(table, nw.Series) else table


def _array(thing: Any) -> Any:
    import narwhals as nw

    if thing.ndim != 1 or thing.dtype.hasobject:
        raise CannotCheck("only arrays of one dimension that hold no objects can be checked")
    backend = next((name for name in ("pandas", "polars", "pyarrow") if name in sys.modules), None)
    if backend is None:
        raise CannotCheck("an array can only be checked where pandas, polars or pyarrow is in use")
    return nw.new_series("values", thing, backend=backend)


def _scalar(thing: Any) -> Any:
    value = thing.item() if _is_number_of_numpy(type(thing)) else thing
    if type(value) not in VALUES and not _is_one_of(type(value), _SCALARS):
        raise CannotCheck(f"a check cannot look into a {type(thing).__name__}")
    return value


def _admit_pandas(native: Any) -> None:
    dtype = native.dtype
    if type(dtype).__module__.partition(".")[0] not in _OF_PANDAS:
        raise CannotCheck(f"a check cannot look into a column of {dtype}")
    values = getattr(dtype, "categories", native)  # the values of a category are kept once
    if getattr(values.dtype, "hasobject", False):
        strange = set(map(type, values.to_numpy().tolist())) - VALUES
        if any(not _is_one_of(kind, _SCALARS) for kind in strange):
            raise CannotCheck("the column holds Python objects")


def _is_number_of_numpy(kind: type) -> bool:
    generic = _named("numpy", "generic")
    return generic is not None and issubclass(kind, generic) and kind is _named("numpy", kind.__name__)


def _is_one_of(kind: type, names: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether it is one of these classes itself: a class that calls itself the same is another one."""
    return any(kind is _named(module, name) for module, some in names.items() for name in some)


def _named(module: str, name: str) -> type | None:
    found = getattr(sys.modules.get(module), name, None)
    return found if isinstance(found, type) else None if found is None else type(found)
