"""One small function for each kind of object, found by the qualified names of its classes."""

from __future__ import annotations

from collections.abc import Mapping

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import (
    arrow,
    callables,
    clusters,
    containers,
    dask,
    databases,
    estimators,
    geo,
    ibis,
    iterators,
    matplotlib,
    modules,
    networkx,
    numpy,
    own,
    pandas,
    polars,
    scalars,
    schemas,
    scipy,
    sqlalchemy,
    torch,
    xarray,
)
from caveagent_magic.injection.describers.description import Describer, Description
from caveagent_magic.injection.describers.opaque import opaque

_KINDS = (
    scalars, containers, callables, iterators, schemas, modules,
    numpy, pandas, geo, polars, arrow, xarray, scipy,
    databases, sqlalchemy, ibis, dask, clusters, estimators, torch, matplotlib, networkx,
)  # fmt: skip

DESCRIBERS: Mapping[str, Describer] = {
    name: each for kind in _KINDS for name, each in kind.DESCRIBERS.items()
}


def description(obj: object) -> Description:
    """What the describer of the nearest known class says; a class that only bears a known name is not one."""
    if own.describes_itself(obj):
        return own.by_itself(obj)
    exact = DESCRIBERS.get(static.library_name(type(obj)))
    if exact is not None:
        return exact(obj, type(obj))
    for base in static.mro(type(obj)):
        describer = DESCRIBERS.get(static.qualified_name(base)) or _registered(base)
        if describer is not None and static.genuine(base):
            return describer(obj, base)
    return opaque(obj)


def _registered(base: type) -> Describer | None:
    return None if base is object else own.registered(base)
