"""Names and what they may be bound to, scope by scope."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import field

from caveagent_magic.frozen import slotted
from caveagent_magic.security.flow.values import MISSING, Named, Values, join
from caveagent_magic.security.known import CONVENTIONS
from caveagent_magic.security.objects import live


@slotted(eq=False)
class Scope:
    """One scope: `names` as they are at the statement being read, `ever` all that they were bound to."""

    namespace: Mapping[str, object]  # the live names below the outermost scope
    parent: Scope | None = None
    names: dict[str, Values] = field(default_factory=dict)
    ever: dict[str, Values] = field(default_factory=dict)
    outer: set[str] = field(default_factory=set)  # declared global or nonlocal
    is_class: bool = False
    of_comprehension: bool = False
    starred: tuple[Named, ...] = ()  # modules that are not loaded, from which all names were imported

    def bind(self, name: str, values: Values) -> None:
        """Bind here, or where a global or nonlocal declaration says."""
        scope = self
        while name in scope.outer and scope.parent is not None:
            scope = scope.parent
        scope.names[name] = values
        scope.ever[name] = join(scope.ever.get(name, ()), values)

    def holder(self, name: str) -> Scope:
        """The scope whose name it is: that of a container which a function only fills."""
        scope, inner = self, name in self.names
        while not inner and scope.parent is not None:
            scope = scope.parent
            inner = name in scope.ever and not scope.is_class
        return scope

    def look_up(self, name: str) -> Values:
        """What the name may stand for; never runs anything of the person's."""
        if name in self.names:
            return self.names[name]
        scope = self.parent
        while scope is not None:
            if name in scope.ever and not scope.is_class:
                return scope.ever[name]
            scope = scope.parent
        found = self.beneath(name)
        return self._imported(name) or found if found == MISSING else found

    def _imported(self, name: str) -> Values:
        """The name as one of the modules from which all were imported."""
        outermost = self
        while outermost.parent is not None:
            outermost = outermost.parent
        return tuple(Named(f"{owner.name}.{name}", receiver=owner) for owner in outermost.starred)

    def beneath(self, name: str) -> Values:
        """The live object or builtin of that name, or a conventional one such as `pd`."""
        if name in self.namespace:
            return live.values_of(self.namespace[name])
        if name in builtins.__dict__:
            return live.values_of(builtins.__dict__[name])
        if name == "__builtins__":
            return live.values_of(builtins)
        if name in CONVENTIONS:
            return live.module(CONVENTIONS[name]) or (Named(CONVENTIONS[name], module=True),)
        return (Named("IPython.get_ipython"),) if name == "get_ipython" else MISSING

    @property
    def outermost(self) -> bool:
        """Whether what is bound here ends up in the kernel."""
        return self.parent is None


def branches(scope: Scope, *paths: Callable[[], None]) -> None:
    """Follow each path from the same start; afterwards a name may be whatever one of them left it as."""
    before = dict(scope.names)
    ends: list[dict[str, Values]] = []
    for path in paths:
        scope.names = dict(before)
        path()
        ends.append(scope.names)
    merged: dict[str, Values] = {}
    for name in dict.fromkeys(name for end in ends for name in end):
        merged[name] = join(*(end[name] if name in end else _earlier(scope, name) for end in ends))
    scope.names = merged


def _earlier(scope: Scope, name: str) -> Values:
    found = scope.parent.look_up(name) if scope.parent is not None else scope.beneath(name)
    return () if found == MISSING else found
