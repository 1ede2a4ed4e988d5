"""The values that live objects hold, column by column, for comparing output with them.

Frames are read from their storage, as describers read them: no code of the person's runs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from caveagent_magic.frozen import frozen
from caveagent_magic.injection import static
from caveagent_magic.injection.escape import label
from caveagent_magic.pattern import pattern

COPIED = 200_000  # cells; larger columns are only referred to
DEPTH = 4  # of containers in containers
ITEMS = 200_000  # of one container
FRAMES: tuple[str, ...] = (
    "pandas.DataFrame",
    "pandas.core.frame.DataFrame",
    "polars.DataFrame",
    "pyarrow.lib.Table",
)
FRAMES += ("polars.dataframe.frame.DataFrame", "pyarrow.lib.RecordBatch")
IPYTHONS = pattern(r"In|Out|_cave|_+|_i*\d*|_+i+|_[oid]h|__.*__")
TIMES = ("datetime.datetime", "datetime.date", "decimal.Decimal", "uuid.UUID", "fractions.Fraction")


@frozen
class Column:
    """Values of one column: a numpy array, or a list of numbers and text."""

    label: str  # as cards spell it; empty: the values have no name of their own
    values: Any


class Unread(Exception):
    """The values cannot be read without running foreign code."""


def rows(obj: object) -> int | None:
    """How many rows a table or series has, items a container; None for what is neither."""
    base = _base(obj)
    try:
        if base.startswith("pandas."):
            return len(obj._mgr.axes[-1]) if hasattr(obj, "_mgr") else len(obj)  # type: ignore[arg-type]
        if base or type(obj) in (list, tuple, set, frozenset, dict):
            return len(obj)  # type: ignore[arg-type]
    except (TypeError, AttributeError):
        pass
    return None


def is_table(obj: object) -> bool:
    """Whether it is a table or series of pandas, polars or Arrow."""
    return _base(obj).startswith(("pandas.", "polars.", "pyarrow."))


def head(obj: Any, count: int) -> Iterator[tuple[str, list[Any]]]:
    """The first values of each column, by its name as cards spell it; raises `Unread`."""
    if _base(obj).startswith("pandas."):
        obj = obj.iloc[:count] if hasattr(obj, "iloc") else obj[:count]
    else:
        obj = obj.slice(0, count)
    for column in columns(obj):
        values = column.values
        yield column.label, (values if isinstance(values, list) else values.tolist())[:count]


def columns(obj: object, depth: int = DEPTH) -> Iterator[Column]:
    """The columns of a table, series, array, text or container; of other objects, those of their attributes.

    Raises `Unread` where values are stored in a way that is not known here.
    """
    kind = type(obj)
    base = _base(obj)
    if base.startswith("pandas."):
        yield from _pandas(obj)
    elif base.startswith("polars."):
        yield from _polars(obj)
    elif base.startswith("pyarrow."):
        yield from _arrow(obj)
    elif base == "numpy.ndarray":
        yield from _numpy(obj)
    elif static.inherits(kind, str):
        yield Column("", [static.exact_str(obj)])
    elif depth:
        yield from _contained(obj, kind, depth)


def _base(obj: object) -> str:
    """The qualified name of the nearest class whose storage is known; empty: none is."""
    for cls in static.mro(type(obj)):
        name = static.qualified_name(cls)
        if name in KNOWN and static.genuine(cls):
            return name
    return ""


KNOWN = frozenset(
    {
        *FRAMES, "pandas.Series", "pandas.core.series.Series", "pandas.Index",
        "pandas.core.indexes.base.Index", "polars.series.series.Series", "polars.Series",
        "pyarrow.lib.ChunkedArray", "pyarrow.lib.Array",
        "numpy.ndarray",
    }
)  # fmt: skip


def _pandas(obj: Any) -> Iterator[Column]:
    manager: Any = static.instance_members(obj).get("_mgr")
    if manager is None:  # an index
        yield from _index(obj)
        return
    if len(manager.axes) == 1:  # a series
        name = static.instance_members(obj).get("_name")
        yield from _index(manager.axes[0])
        yield Column("" if name is None else label(name), _pandas_values(manager.blocks[0].values))
        return
    names, index = manager.axes
    yield from _index(index)
    for position, name in enumerate(names):
        values = manager.blocks[int(manager.blknos[position])].values
        place = int(manager.blklocs[position])
        yield Column(label(name), _pandas_values(values, place))


def _index(axis: Any) -> Iterator[Column]:
    kind = static.type_name(type(axis))
    if kind == "RangeIndex":
        return
    if kind == "MultiIndex":
        for name, level in zip(axis.names, axis.levels, strict=True):
            for column in _index(level):
                yield Column("" if name is None else label(name), column.values)
        return
    yield Column("" if axis.name is None else label(axis.name), _pandas_values(axis._data))


def _pandas_values(values: Any, place: int = 0) -> Any:
    """The stored values of a block of pandas as an array or a list."""
    kind = static.qualified_name(type(values))
    if kind == "numpy.ndarray":
        return _array(values if values.ndim == 1 else values[place])
    if not kind.startswith("pandas."):
        raise Unread(f"values of type {static.type_name(type(values))}")
    name = kind.rpartition(".")[2]
    if name == "Categorical":
        return _pandas_values(values.categories._data)
    if name in ("DatetimeArray", "TimedeltaArray"):
        stored = values._ndarray
        return _array(stored if stored.ndim == 1 else stored[place])
    if hasattr(values, "_pa_array"):
        return _arrow_values(values._pa_array)
    if hasattr(values, "_mask"):
        return _array(values._data[~values._mask])
    if hasattr(values, "_ndarray"):
        return _array(values._ndarray.ravel())
    if name == "SparseArray":
        return _array(values.sp_values)
    return _plain(values)


def _plain(values: Iterable[Any]) -> list[Any]:
    """Text of values of pandas' own types, such as periods and intervals."""
    return [str(value) for value in values]


def _array(values: Any) -> Any:
    kind = values.dtype.kind
    return list(_leaves(values.tolist())) if kind == "O" else values


def _numpy(obj: Any) -> Iterator[Column]:
    flat = obj.view(sys.modules["numpy"].ndarray).ravel()
    for name in flat.dtype.names or ():
        yield Column(label(name), _array(flat[name]))
    if not flat.dtype.names:
        yield Column("", _array(flat))


def _polars(obj: Any) -> Iterator[Column]:
    for series in obj.get_columns() if hasattr(obj, "get_columns") else [obj]:
        if series.dtype.is_numeric():
            yield Column(label(series.name), series.drop_nulls().to_numpy())
        else:
            yield Column(label(series.name), list(_leaves(series.unique().to_list())))


def _arrow(obj: Any) -> Iterator[Column]:
    if hasattr(obj, "column_names"):
        for name, column in zip(obj.column_names, obj.columns, strict=True):
            yield Column(label(name), _arrow_values(column))
    else:
        yield Column("", _arrow_values(obj))


def _arrow_values(values: Any) -> Any:
    kind = str(values.type)
    if kind.startswith(("int", "uint", "float", "double", "halffloat")):
        return values.drop_null().to_numpy()
    distinct = values.unique() if kind in ("string", "large_string", "date32[day]") else values
    return list(_leaves(distinct.to_pylist()))


def _contained(obj: Any, kind: type, depth: int) -> Iterator[Column]:
    if kind is dict:
        yield from _parts((*list(obj.keys())[:ITEMS], *list(obj.values())[:ITEMS]), depth)
    elif kind in (list, tuple, set, frozenset):
        yield from _parts(list(obj)[:ITEMS], depth)
    elif static.qualified_name(kind) in TIMES:
        yield Column("", [str(obj)])
    elif static.module_name(kind) == "__main__" or static.inherits(kind, dict):
        held = list(dict.values(obj))[:ITEMS] if static.inherits(kind, dict) else []
        yield from _parts((*held, *static.instance_members(obj).values()), depth)


def _parts(parts: Iterable[Any], depth: int) -> Iterator[Column]:
    leaves: list[Any] = []
    for part in parts:
        if _is_leaf(part):
            leaves.append(part)
        else:
            yield from columns(part, depth - 1)
    if leaves:
        yield Column("", list(_leaves(leaves)))


def _is_leaf(value: object) -> bool:
    return type(value) in (str, int, float, bool, type(None))


def _leaves(values: Iterable[Any], depth: int = DEPTH) -> Iterator[Any]:
    """The numbers and texts among values, those in containers too."""
    for value in values:
        kind = type(value)
        if kind is str or kind is int or kind is float:
            yield value
        elif kind is bool or value is None:
            continue
        elif static.inherits(kind, str):
            yield static.exact_str(value)
        elif depth and kind is dict:
            yield from _leaves((*value.keys(), *value.values()), depth - 1)
        elif depth and kind in (list, tuple, set, frozenset):
            yield from _leaves(value, depth - 1)
        elif static.qualified_name(kind).startswith(("numpy.", "pandas.")) or _named(kind) in TIMES:
            if hasattr(value, "tolist"):
                yield from _leaves([value.tolist()] if value.ndim == 0 else value.ravel().tolist(), 0)
            else:
                yield str(value)


def _named(kind: type) -> str:
    return static.qualified_name(kind)


def kept(found: Iterable[Column]) -> tuple[Column, ...]:
    """The columns with their values as they are now: small arrays copied, large ones referred to."""
    return tuple(
        Column(each.label, each.values.copy())
        if hasattr(each.values, "copy") and not isinstance(each.values, list) and each.values.size <= COPIED
        else each
        for each in found
    )


def persons(namespace: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The names that may hold data of the person's: not modules, functions, nor what IPython keeps."""
    for name, value in list(namespace.items()):
        if not IPYTHONS.fullmatch(name) and not callable(value):
            yield name, value
