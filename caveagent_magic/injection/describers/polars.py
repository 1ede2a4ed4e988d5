"""polars frames and series; a lazy frame is only named, because its columns are worked out by its plan."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import (
    Describer,
    Description,
    Field,
    Sample,
    Unreadable,
    named,
    stored,
)
from caveagent_magic.injection.escape import label

DEPTH = 4
SHOWN_PARTS = 8
SEEN = 500  # rows
PLACES = 10  # where they are taken from
PLAIN = ("Int", "UInt", "Float", "String", "Boolean", "Date", "Datetime", "Duration", "Decimal")


def frame(obj: object, base: type) -> Description:
    """`DataFrame(polars) 336,776 × 19`, with the type of each column."""
    data = _rust(obj, "_df", "PyDataFrame")
    names = data.columns()
    return Description(
        f"polars {named(obj, base)} {data.height():,} × {len(names):,}",
        fields=partial(_fields, data, names),
        size=len(names),
        statistics=lambda: iter((f"memory {data.estimated_size() / 1e6:,.1f} MB",)),
        samples=partial(_samples, data),
        table=True,
    )


def series(obj: object, base: type) -> Description:
    """`polars Series of 336,776 Float64, name dep_delay`."""
    data = _rust(obj, "_s", "PySeries")
    size, missing = data.len(), data.null_count()
    told = (f"{missing / size:.0%} null",) if missing else ()
    name = f", name {label(data.name())}" if data.name() else ""
    return Description(
        f"polars {named(obj, base)} of {size:,} {type_text(data.dtype())}{name}", lines=lambda: iter(told)
    )


def lazy(obj: object, base: type) -> Description:
    """`polars LazyFrame`, and how its columns can be had."""
    return Description(
        f"polars {named(obj, base)}",
        lines=lambda: iter(("not computed; collect_schema() names its columns",)),
    )


def type_text(kind: Any, depth: int = DEPTH) -> str:
    """The type in polars' words, without the values that an `Enum` holds."""
    cls = kind if static.inherits(type(kind), type) else type(kind)
    name = static.type_name(cls)
    own = static.instance_members(kind) if cls is not kind else {}
    if not static.belongs(cls, "polars") or not depth:
        return name
    if name in ("List", "Array"):
        return f"{name}[{type_text(own.get('inner'), depth - 1)}]"
    if name == "Struct":
        parts: Any = own.get("fields") or ()
        inner = [f"{label(each.name)}: {type_text(each.dtype, depth - 1)}" for each in parts[:SHOWN_PARTS]]
        return f"Struct[{', '.join(inner + ['…'] * (len(parts) > SHOWN_PARTS))}]"
    words = (own.get(key) for key in ("time_unit", "time_zone", "precision", "scale"))
    more = ", ".join(str(word) for word in words if type(word) in (str, int))
    return f"{name}[{more}]" if more else name


def _rust(obj: object, name: str, kind: str) -> Any:
    """polars' own data behind a frame or series, which no subclass can change."""
    data = stored(obj, name)
    module = sys.modules.get("polars.dataframe.frame" if kind == "PyDataFrame" else "polars.series.series")
    if type(data) is not static.module_members(module).get(kind):
        raise Unreadable("its data is not stored as polars stores it")
    return data


def _fields(data: Any, names: list[str]) -> Iterator[Field]:
    for name, kind in zip(names, data.dtypes(), strict=True):
        yield Field(name, type_text(kind))


def _samples(data: Any) -> Iterator[Sample]:
    for column in data.get_columns():
        size = column.len()
        share = column.null_count() / size if size else 0.0
        plain = type_text(column.dtype()).startswith(PLAIN)
        values = partial(_cells, column, size) if plain else tuple
        yield Sample(column.name(), values, whole=size <= SEEN, nulls=share, counted=True)


def _cells(column: Any, size: int) -> list[object]:
    if size <= SEEN:
        return list(column.to_list())
    step, length = size // PLACES, SEEN // PLACES
    return [cell for start in range(0, step * PLACES, step) for cell in column.slice(start, length).to_list()]


DESCRIBERS: dict[str, Describer] = {
    "polars.dataframe.frame.DataFrame": frame,
    "polars.series.series.Series": series,
    "polars.lazyframe.frame.LazyFrame": lazy,
}
