"""networkx graphs: how many nodes and edges, and what they carry."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.containers import kinds
from caveagent_magic.injection.describers.description import Describer, Description, Unreadable, count, stored

COUNTED = 10_000  # of a graph with more nodes the edges are not counted
LOOPS = 100_000  # of more edges, those from a node to itself count half
SEEN = 20


def graph(obj: object, base: type) -> Description:
    """`DiGraph of 12 nodes (str), 30 edges`, with the names of what nodes and edges carry."""
    nodes: Any = stored(obj, "_node", dict)
    links: Any = stored(obj, "_adj", dict)
    if not all(type(each) is dict for each in islice(links.values(), COUNTED)):
        raise Unreadable("its edges are not stored as networkx stores them")
    known = next(each for each in static.mro(type(obj)) if static.belongs(each, "networkx"))
    of = kinds(islice(nodes, SEEN), nested=False)
    edges = f", {count(_edges(links, known), 'edge')}" if len(nodes) <= COUNTED else ", edges not counted"
    return Description(
        f"{static.type_name(type(obj))} of {count(len(nodes), 'node')}{f' ({of})' if of else ''}{edges}",
        lines=partial(_lines, nodes, links, _several(known)),
    )


def _edges(links: dict[object, dict[object, object]], cls: type) -> int:
    ends: Any = (each.values() for each in links.values())
    if _several(cls):
        total = sum(len(between) for each in ends for between in each if type(between) is dict)
    else:
        total = sum(map(len, links.values()))
    if "DiGraph" in static.type_name(cls):
        return total
    # By identity: to look a node up would run its own code.
    loops = sum(1 for node, each in links.items() for other in each if other is node) if total <= LOOPS else 0
    return (total + loops) // 2


def _several(cls: type) -> bool:
    return static.type_name(cls).startswith("Multi")


def _lines(nodes: dict[object, object], links: dict[object, Any], several: bool) -> Iterator[str]:
    carried: Any = [each for ends in islice(links.values(), SEEN) for each in islice(ends.values(), SEEN)]
    if several:
        carried = [
            data for between in carried if type(between) is dict for data in islice(between.values(), SEEN)
        ]
    for word, each in (("node", islice(nodes.values(), SEEN)), ("edge", iter(carried))):
        names = dict.fromkeys(name for data in each for name in _names(data))
        if names:
            yield f"{word} attributes: {', '.join(islice(names, SEEN))}"


def _names(data: object) -> Iterator[str]:
    for name in islice(data, SEEN) if type(data) is dict else ():
        if type(name) is str and name.isidentifier():
            yield name


DESCRIBERS: dict[str, Describer] = {"networkx.classes.graph.Graph": graph}
