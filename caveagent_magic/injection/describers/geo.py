"""geopandas: frames and series of pandas whose geometry column knows its coordinate system."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import pandas
from caveagent_magic.injection.describers.description import Describer, Description
from caveagent_magic.injection.escape import label

CRS_LIMIT = 20  # longer ones are whole definitions


def frame(obj: object, base: type) -> Description:
    """As a frame, with `geometry: geometry, EPSG:4326`."""
    name = static.instance_members(obj).get("_geometry_column_name")
    return _located(pandas.frame(obj, base), obj, "" if name is None else label(name))


def series(obj: object, base: type) -> Description:
    """As a series, with its coordinate system."""
    return _located(pandas.series(obj, base), obj, "")


def _located(described: Description, obj: object, name: str) -> Description:
    return replace(described, lines=partial(_lines, described, obj, name))


def _lines(described: Description, obj: object, name: str) -> Iterator[str]:
    manager: Any = static.instance_members(obj).get("_mgr")
    found = [block.values for block in manager.blocks if pandas.is_geometry(block.values)]
    systems = {_system(values) for values in found}
    yield "geometry: " + ", ".join(filter(None, (name, *sorted(systems))))
    yield from described.lines()


def _system(values: object) -> str:
    crs = static.instance_members(values).get("_crs")
    if crs is None or not static.belongs(type(crs), "pyproj"):
        return "no coordinate system"
    text = static.exact_str(static.instance_members(crs).get("srs"))
    return text if 0 < len(text) <= CRS_LIMIT else "a coordinate system of its own"


DESCRIBERS: dict[str, Describer] = {
    "geopandas.geodataframe.GeoDataFrame": frame,
    "geopandas.geoseries.GeoSeries": series,
}
