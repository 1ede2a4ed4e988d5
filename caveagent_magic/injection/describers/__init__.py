"""One small function for each kind of object, found by the qualified names of its classes."""

from __future__ import annotations

from collections.abc import Mapping

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import callables, containers, modules, numpy, pandas, scalars
from caveagent_magic.injection.describers.description import Describer, Description
from caveagent_magic.injection.describers.opaque import opaque

DESCRIBERS: Mapping[str, Describer] = {
    **scalars.DESCRIBERS,
    **containers.DESCRIBERS,
    **callables.DESCRIBERS,
    **modules.DESCRIBERS,
    **numpy.DESCRIBERS,
    **pandas.DESCRIBERS,
}


def description(obj: object) -> Description:
    """What the describer of the nearest known class says; a class that only bears a known name is not one."""
    for base in static.mro(type(obj)):
        describer = DESCRIBERS.get(static.qualified_name(base))
        if describer is not None and static.genuine(base):
            return describer(obj, base)
    return opaque(obj)
