"""pandas frames, series and indexes, read from their block manager.

The public attributes could be overridden by a subclass, and a frame may hold arrays or an index of a
library's own making whose attributes are its code; the manager and its blocks are always pandas' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import pandas_cells
from caveagent_magic.injection.describers.description import (
    Describer,
    Description,
    Field,
    Unreadable,
    named,
)
from caveagent_magic.injection.describers.numpy import object_text
from caveagent_magic.injection.describers.pandas_cells import is_numpy, is_pandas
from caveagent_magic.injection.escape import label
from caveagent_magic.injection.statistics import facts, nulls

ZONES = ("datetime", "zoneinfo", "pytz", "dateutil")  # whose time zones name themselves


def frame(obj: object, base: type) -> Description:
    """`DataFrame 336,776 × 19`, with the dtype of each column."""
    manager = _manager(obj)
    columns, index = manager.axes
    size = _length(columns)
    return Description(
        f"{named(obj, base)} {_length(index):,} × {size:,}",
        fields=partial(_columns, manager),
        size=size,
        lines=partial(_index_lines, index),
        statistics=partial(_memory, manager),
        samples=partial(pandas_cells.samples, manager),
        table=True,
        watch=partial(pandas_cells.unchanged, obj, manager),
    )


def series(obj: object, base: type) -> Description:
    """`Series of 336,776 float64, name dep_delay`."""
    manager = _manager(obj)
    name = static.instance_members(obj).get("_name")
    named_so = "" if name is None else f", name {label(name)}"
    return Description(
        f"{named(obj, base)} of {_length(manager.axes[0]):,} {_type(manager.blocks[0].values)}{named_so}",
        lines=partial(_series_lines, manager),
        statistics=partial(_series_statistics, manager),
        watch=partial(pandas_cells.unchanged, obj, manager),
    )


def index(obj: object, base: type) -> Description:
    """`Index of 12 str, name region`."""
    return Description(f"{static.type_name(type(obj))} of {_length(obj):,} {_index_text(obj)}")


def _series_lines(manager: Any) -> Iterator[str]:
    for sample in pandas_cells.samples(manager):
        yield from filter(None, (nulls(sample),))
    yield from _index_lines(manager.axes[0])


def _series_statistics(manager: Any) -> Iterator[str]:
    for sample in pandas_cells.samples(manager):
        yield from filter(None, (facts(sample),))
    yield from _memory(manager)


def _memory(manager: Any) -> Iterator[str]:
    """What the columns take, without what their Python objects take."""
    yield f"memory {sum(pandas_cells.size(block.values) for block in manager.blocks) / 1e6:,.1f} MB"


def _manager(obj: object) -> Any:
    manager = static.instance_members(obj).get("_mgr")
    if manager is None or not is_pandas(manager):
        raise Unreadable("its data is not stored as pandas stores it")
    return manager


def _length(axis: Any) -> int:
    """The length of an index, once it is known that no foreign code would answer."""
    if not (is_pandas(axis) and all(is_numpy(part) or is_pandas(part) for part in _parts(axis))):
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
    for position, name in enumerate(pandas_cells.names(manager.axes[0])):
        number = int(numbers[position])
        kind = same.get(number) or _type(blocks[number].values, places[position])
        if not kind.startswith("object"):
            same[number] = kind
        yield Field(name, kind)


def _type(values: Any, place: int | None = None) -> str:
    """The dtype of a block's values; `place` is the row in a block that holds several columns."""
    if is_numpy(values):
        if values.dtype.kind != "O":
            return str(values.dtype)
        return object_text(values if values.ndim == 1 else values[place])
    if not is_pandas(values):
        return "geometry" if is_geometry(values) else static.type_name(type(values))
    return _dtype_text(values.dtype)


def is_geometry(values: object) -> bool:
    """Whether the values are geopandas' own array of shapes."""
    return static.type_name(type(values)) == "GeometryArray" and static.belongs(type(values), "geopandas")


def _dtype_text(dtype: Any) -> str:
    """pandas' name of the dtype, without the values that some of them hold."""
    kind = static.type_name(type(dtype))
    if kind == "CategoricalDtype" and dtype.categories is not None:
        ordered = ", ordered" if dtype.ordered else ""
        return f"category[{_length(dtype.categories):,} {_level_type(dtype.categories)}{ordered}]"
    if kind == "PeriodDtype":
        return str(dtype).replace("[", "(").replace("]", ")")  # brackets around capitals look like a tag
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
