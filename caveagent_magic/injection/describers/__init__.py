"""One small function for each kind of object, found by the qualified names of its classes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import (
    callables,
    containers,
    iterators,
    modules,
    own,
    scalars,
    schemas,
)
from caveagent_magic.injection.describers.description import Describer, Description
from caveagent_magic.injection.describers.opaque import opaque

_OF_PYTHON: Mapping[str, Describer] = {
    name: each
    for kind in (scalars, containers, callables, iterators, schemas, modules)
    for name, each in kind.DESCRIBERS.items()
}
# The file here that describes what a library makes, loaded for the first object of it.
LIBRARIES = {
    **{name: name for name in ("dask", "ibis", "matplotlib", "networkx", "numpy", "pandas", "polars")},
    **{name: name for name in ("scipy", "sqlalchemy", "torch", "xarray")},
    "geopandas": "geo",
    "pyarrow": "arrow",
    **dict.fromkeys(("duckdb", "_duckdb", "sqlite3"), "databases"),
    **dict.fromkeys(("pyspark", "ray"), "clusters"),
    **dict.fromkeys(("sklearn", "statsmodels"), "estimators"),
}


def description(obj: object) -> Description:
    """What the describer of the nearest known class says; a class that only bears a known name is not one."""
    if own.describes_itself(obj):
        return own.by_itself(obj)
    exact = describer(static.library_name(type(obj)))
    if exact is not None:
        return exact(obj, type(obj))
    for base in static.mro(type(obj)):
        found = describer(static.qualified_name(base)) or _registered(base)
        if found is not None and static.genuine(base):
            return found(obj, base)
    return opaque(obj)


def describer(name: str) -> Describer | None:
    """What describes the objects of a class of this qualified name."""
    file = LIBRARIES.get(name.partition(".")[0])
    known = import_module(f"{__name__}.{file}").DESCRIBERS if file else _OF_PYTHON
    found: Describer | None = known.get(name)
    return found


def _registered(base: type) -> Describer | None:
    return None if base is object else own.registered(base)
