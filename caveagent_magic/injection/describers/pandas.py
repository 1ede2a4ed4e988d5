"""pandas frames, series and indexes, read from their block manager.

The public attributes could be overridden by a subclass, and a frame may hold arrays or an index of a
library's own making whose attributes are its code; the manager and its blocks are always pandas' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import (
    Describer,
    Description,
    Field,
    Unreadable,
    named,
)
from caveagent_magic.injection.describers.numpy import object_text
from caveagent_magic.injection.escape import label

ZONES = ("datetime", "zoneinfo", "pytz", "dateutil")  # whose time zones name themselves


def frame(obj: object, base: type) -> Description:
    """`DataFrame 336,776 × 19`, with the dtype of each column."""
    manager = _manager(obj)
    columns, index = manager.axes
    return Description(
        f"{named(obj, base)} {_length(index):,} × {_length(columns):,}",
        fields=partial(_columns, manager),
        size=_length(columns),
        lines=partial(_index_lines, index),
    )


def series(obj: object, base: type) -> Description:
    """`Series of 336,776 float64, name dep_delay`."""
    manager = _manager(obj)
    name = static.instance_members(obj).get("_name")
    named_so = "" if name is None else f", name {label(name)}"
    return Description(
        f"{named(obj, base)} of {_length(manager.axes[0]):,} {_type(manager.blocks[0].values)}{named_so}",
        lines=partial(_index_lines, manager.axes[0]),
    )


def index(obj: object, base: type) -> Description:
    """`Index of 12 str, name region`."""
    return Description(f"{static.type_name(type(obj))} of {_length(obj):,} {_index_text(obj)}")


def _manager(obj: object) -> Any:
    manager = static.instance_members(obj).get("_mgr")
    if manager is None or not _is_pandas(manager):
        raise Unreadable("its data is not stored as pandas stores it")
    return manager


def _is_pandas(obj: object) -> bool:
    cls = type(obj)
    return static.module_name(cls).partition(".")[0] == "pandas" and static.genuine(cls)


def _is_numpy(obj: object) -> bool:
    return static.qualified_name(type(obj)) == "numpy.ndarray" and static.genuine(type(obj))


def _length(axis: Any) -> int:
    """The length of an index, once it is known that no foreign code would answer."""
    if not (_is_pandas(axis) and all(_is_numpy(part) or _is_pandas(part) for part in _parts(axis))):
        raise Unreadable("its index is of a type that is not pandas' own")
    return len(axis)


def _parts(axis: Any) -> tuple[Any, ...]:
    """What an index is made of; a `RangeIndex` would have to make its array first."""
    kind = static.type_name(type(axis))
    if kind == "RangeIndex":
        return ()
    if kind == "MultiIndex":
        return tuple(part for level in axis.levels for part in _parts(level))
    return (axis._data,)


def _columns(manager: Any) -> Iterator[Field]:
    blocks, numbers, places = manager.blocks, manager.blknos, manager.blklocs
    same: dict[int, str] = {}  # blocks whose columns are all of one type
    for position, name in enumerate(manager.axes[0]):
        number = int(numbers[position])
        kind = same.get(number) or _type(blocks[number].values, places[position])
        if not kind.startswith("object"):
            same[number] = kind
        yield Field(name, kind)


def _type(values: Any, place: int | None = None) -> str:
    """The dtype of a block's values; `place` is the row in a block that holds several columns."""
    if _is_numpy(values):
        if str(values.dtype) != "object":
            return str(values.dtype)
        return object_text(values if values.ndim == 1 else values[place])
    if not _is_pandas(values):
        return static.type_name(type(values))
    return _dtype_text(values.dtype)


def _dtype_text(dtype: Any) -> str:
    """pandas' name of the dtype, without the values that some of them hold."""
    kind = static.type_name(type(dtype))
    if kind == "CategoricalDtype" and dtype.categories is not None:
        ordered = ", ordered" if dtype.ordered else ""
        return f"category[{_length(dtype.categories):,} {_level_type(dtype.categories)}{ordered}]"
    if kind == "SparseDtype":
        return f"Sparse[{dtype.subtype}]"
    if kind == "IntervalDtype" and dtype.subtype is not None:
        return f"interval[{_dtype_text(dtype.subtype)}, {dtype.closed}]"
    if kind == "DatetimeTZDtype" and static.module_name(type(dtype.tz)).partition(".")[0] not in ZONES:
        return f"datetime64[{dtype.unit}, {static.type_name(type(dtype.tz))}]"
    return str(dtype)


def _index_lines(axis: Any) -> Iterator[str]:
    if static.type_name(type(axis)) != "RangeIndex" or axis.name is not None:
        yield f"index: {_index_text(axis)}"


def _index_text(axis: Any) -> str:
    """The dtype and name of an index; of several levels, each with its own."""
    if static.type_name(type(axis)) == "MultiIndex":
        levels = zip(axis.names, axis.levels, strict=True)
        return f"({', '.join(f'{label(name)} {_level_type(level)}' for name, level in levels)})"
    named_so = "" if axis.name is None else f", name {label(axis.name)}"
    return f"{_level_type(axis)}{named_so}"


def _level_type(axis: Any) -> str:
    return ", ".join(_type(part) for part in _parts(axis)) or "int64"


DESCRIBERS: dict[str, Describer] = {
    **dict.fromkeys(("pandas.DataFrame", "pandas.core.frame.DataFrame"), frame),
    **dict.fromkeys(("pandas.Series", "pandas.core.series.Series"), series),
    **dict.fromkeys(("pandas.Index", "pandas.core.indexes.base.Index"), index),
}
