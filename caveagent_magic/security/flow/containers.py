"""What was put into containers, whatever name they had then: each is known by the place where it was made."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable, Mapping

from caveagent_magic.security.budget import Budget
from caveagent_magic.security.flow.reader import Given, Reader
from caveagent_magic.security.flow.values import Entry, Items, Values
from caveagent_magic.security.vocabulary import names

ADDING = {
    "append": 0, "add": 0, "insert": 1, "extend": 0, "update": 0, "setdefault": 1, "appendleft": 0,
    "extendleft": 0, "__setitem__": 1, "__iadd__": 0, "__ior__": 0,
}  # fmt: skip
"""Methods that put arguments into a container, by the first one that they put in."""
SPREADING = names("extend update extendleft __iadd__ __ior__")
MIXING = names(
    "pop popleft remove sort reverse insert rotate appendleft extendleft clear __delitem__ __setitem__"
)
"""Methods after which nobody knows at which place something is."""
MOST_ADDED = 256  # to the containers of one place


class Containers(Reader):
    """Knows containers by the places in the code that made them, and live ones by themselves."""

    def __init__(self, namespace: Mapping[str, object], budget: Budget) -> None:
        super().__init__(namespace, budget)
        self.added: dict[int, dict[Entry, None]] = {}
        self.mixed: set[int] = set()
        self.shared: dict[int, str] = {}  # of libraries, by what they are called there
        self.places: dict[int, int] = {}  # of a display inside another one: that of the outermost
        self.changes = 0  # of what functions that were followed earlier may see

    def now(self, values: Values, node: ast.AST | None = None) -> Values:
        """The values with what containers hold by now; those that have just been made belong to the node."""
        if not any(isinstance(value, Items) for value in values):
            return values
        place = self.places.get(id(node), id(node)) if node is not None else 0
        return tuple(self._now(value, place) if isinstance(value, Items) else value for value in values)

    def now_of(self, owner: Items) -> Items:
        """The container with what it holds by now."""
        return self._now(owner, 0)

    def _now(self, value: Items, place: int) -> Items:
        if not value.place:
            return dataclasses.replace(value, place=place) if place and value.kind != "tuple" else value
        entries = value.entries
        if value.place in self.added:
            entries = tuple(dict.fromkeys((*entries, *self.added[value.place])))
        if value.place in self.mixed and value.kind != "dict":
            entries = tuple(dict.fromkeys((None, values) for _, values in entries))
        return value if entries == value.entries else dataclasses.replace(value, entries=entries)

    def put(self, owner: Items, entries: Iterable[Entry], node: ast.AST) -> None:
        """The container, and whatever else goes by the same name, may hold the entries from now on."""
        if owner.kind == "tuple":
            return
        inside = self.added.setdefault(owner.place, {})
        for entry in entries:
            if not owner.place or len(inside) >= MOST_ADDED:
                self.hand_over(entry[1], node)
            elif entry not in inside:
                inside[entry] = None
                self.changes += 1

    def mix(self, owner: Items, node: ast.AST) -> None:
        """The order in the container is not known any more."""
        if not owner.place:
            self.hand_over((owner,), node)
        elif owner.place not in self.mixed:
            self.mixed.add(owner.place)
            self.changes += 1

    def alter(self, owner: Items, method: str, given: Given) -> None:
        """A method of a container is called: note what it puts in, and whether it moves things."""
        if method in ADDING:
            more = [*given.args[ADDING[method] :], *given.keywords.values()]
            if method in SPREADING:
                more = [self.spread(values, given.node) for values in more]
            self.put(owner, ((None, values) for values in more), given.node)
        if method in MIXING:
            self.mix(owner, given.node)

    def spread(self, values: Values, node: ast.AST) -> Values:
        """What a container gets of another one."""
        raise NotImplementedError

    def hand_over(self, values: Values, node: ast.AST) -> None:
        """Values go where they cannot be followed; of a container, what it holds by now."""
        super().hand_over(self.now(values), node)
