"""Dask collections: schema and partitions as far as they are known already; never a computation."""

from __future__ import annotations

from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import pandas
from caveagent_magic.injection.describers.description import (
    Describer,
    Description,
    Unreadable,
    count,
    known_as,
    stored,
)
from caveagent_magic.injection.describers.numpy import dtype_text
from caveagent_magic.injection.describers.pandas_cells import is_numpy

_NOT_COMPUTED = "not computed"


def frame(obj: object, base: type) -> Description:
    """`dask DataFrame of 3 columns, 8 partitions`: from the empty frame that its plan carries."""
    expression = stored(obj, "_expr")
    if not static.belongs(type(expression), "dask"):
        raise Unreadable("its plan is not dask's own")
    own = static.instance_members(expression)
    parts = _partitions(own.get("divisions"))
    meta = own.get("_meta")
    if meta is None or not static.belongs(type(meta), "pandas"):
        return Description(f"dask {known_as(obj, 'dask')}{parts}", lines=lambda: iter((_NOT_COMPUTED,)))
    if static.type_name(type(meta)) == "Series":
        kind = pandas.series(meta, type(meta)).summary.removeprefix("Series of 0 ")
        return Description(
            f"dask {known_as(obj, 'dask')} {kind}{parts}", lines=lambda: iter((_NOT_COMPUTED,))
        )
    described = pandas.frame(meta, type(meta))
    return Description(
        f"dask {known_as(obj, 'dask')} of {count(described.size, 'column')}{parts}",
        fields=described.fields,
        size=described.size,
        lines=lambda: iter((_NOT_COMPUTED,)),
        table=True,
    )


def _partitions(divisions: object) -> str:
    """The number of partitions where the plan has worked it out; the bounds between them are values."""
    return f", {count(len(divisions) - 1, 'partition')}" if type(divisions) is tuple else ""


def array(obj: object, base: type) -> Description:
    """`dask Array 1,000 × 1,000 float64, 4 × 4 chunks`."""
    chunks = static.slot(obj, base, "_Array__chunks")
    if type(chunks) is not tuple or not all(type(each) is tuple for each in chunks):
        raise Unreadable("its chunks are not stored as dask stores them")
    shape = " × ".join(f"{sum(each):,}" if all(type(n) is int for n in each) else "?" for each in chunks)
    meta: Any = static.slot(obj, base, "_meta")
    kind = f" {dtype_text(meta.dtype)}" if is_numpy(meta) else ""
    blocks = " × ".join(f"{len(each):,}" for each in chunks)
    return Description(
        f"dask {known_as(obj, 'dask')} {shape}{kind}, {blocks} chunks", lines=lambda: iter((_NOT_COMPUTED,))
    )


def bag(obj: object, base: type) -> Description:
    """`dask Bag, 8 partitions`."""
    parts = stored(obj, "npartitions", int)
    return Description(
        f"dask {known_as(obj, 'dask')}, {parts:,} partitions", lines=lambda: iter((_NOT_COMPUTED,))
    )


def delayed(obj: object, base: type) -> Description:
    """`dask Delayed`."""
    return Description(f"dask {known_as(obj, 'dask')}", lines=lambda: iter((_NOT_COMPUTED,)))


DESCRIBERS: dict[str, Describer] = {
    "dask.dataframe.dask_expr._collection.FrameBase": frame,
    "dask.array.core.Array": array,
    "dask.bag.core.Bag": bag,
    "dask.delayed.Delayed": delayed,
}
