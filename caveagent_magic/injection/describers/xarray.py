"""xarray datasets and arrays: dimensions, coordinates and variables; nothing lazy is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description, Field, Unreadable, named
from caveagent_magic.injection.describers.numpy import dtype_text
from caveagent_magic.injection.describers.pandas_cells import is_numpy
from caveagent_magic.injection.escape import label


def dataset(obj: object, base: type) -> Description:
    """`Dataset (time: 365, city: 12)`, with its variables and the coordinates after them."""
    variables = _own(obj, base, "_variables")
    sizes, coordinates = _own(obj, base, "_dims"), _own(obj, base, "_coord_names")
    if type(variables) is not dict or type(sizes) is not dict or type(coordinates) is not set:
        raise Unreadable("its variables are not stored as xarray stores them")
    data = {name: each for name, each in variables.items() if name not in coordinates}
    return Description(
        f"{named(obj, base)} ({_sizes(sizes)})",
        fields=partial(_fields, data),
        size=len(data),
        lines=partial(_coordinates, {name: variables[name] for name in variables if name not in data}),
    )


def array(obj: object, base: type) -> Description:
    """`DataArray temperature (time: 365, city: 12) float64`."""
    variable, name = _own(obj, base, "_variable"), _own(obj, base, "_name")
    dims, data = _parts(variable)
    shape = _shape(data)
    sizes = _sizes(dict(zip(dims, shape, strict=True))) if shape is not None else ", ".join(map(label, dims))
    called = "" if name is None else f" {label(name)}"
    return Description(
        f"{named(obj, base)}{called} ({sizes}) {_dtype(data)}",
        lines=partial(_coordinates, _own(obj, base, "_coords")),
    )


def _own(obj: object, base: type, name: str) -> Any:
    try:
        return static.slot(obj, base, name)
    except AttributeError:
        raise Unreadable("it was never initialised") from None


def _parts(variable: object) -> tuple[tuple[object, ...], object]:
    """The names of a variable's dimensions, and its data."""
    cls = type(variable)
    if not static.belongs(cls, "xarray"):
        raise Unreadable("one of its variables is of a type that is not xarray's own")
    dims = static.slot(variable, cls, "_dims")
    return (dims if type(dims) is tuple else ()), static.slot(variable, cls, "_data")


def _shape(data: object) -> tuple[int, ...] | None:
    if is_numpy(data):
        return data.shape  # type: ignore[attr-defined, no-any-return]
    if static.qualified_name(type(data)) == "xarray.core.indexing.PandasIndexingAdapter":
        axis = static.slot(data, type(data), "array")
        return (len(axis),) if static.belongs(type(axis), "pandas") else None
    if static.qualified_name(type(data)) == "dask.array.core.Array":
        chunks = static.slot(data, type(data), "_Array__chunks")
        return tuple(sum(each) for each in chunks)
    return None


def _dtype(data: object) -> str:
    if is_numpy(data):
        return dtype_text(data.dtype)  # type: ignore[attr-defined]
    kind = static.type_name(type(data))
    if kind == "PandasIndexingAdapter":
        return str(static.slot(data, type(data), "_dtype"))
    if static.qualified_name(type(data)) == "dask.array.core.Array":
        meta = static.slot(data, type(data), "_meta")
        return f"dask {dtype_text(meta.dtype)}" if is_numpy(meta) else "dask"
    return "not loaded" if static.belongs(type(data), "xarray") else kind


def _sizes(sizes: Mapping[object, int]) -> str:
    return ", ".join(f"{label(name)}: {size:,}" for name, size in sizes.items())


def _fields(variables: Mapping[object, object]) -> Iterator[Field]:
    for name, variable in variables.items():
        dims, data = _parts(variable)
        yield Field(name, f"({', '.join(map(label, dims))}) {_dtype(data)}")


def _coordinates(variables: Mapping[object, object]) -> Iterator[str]:
    if variables:
        told = (f"{label(each.label)} {each.type}" for each in _fields(variables))
        yield f"coordinates: {', '.join(told)}"


DESCRIBERS: dict[str, Describer] = {
    "xarray.core.dataset.Dataset": dataset,
    "xarray.core.dataarray.DataArray": array,
}
