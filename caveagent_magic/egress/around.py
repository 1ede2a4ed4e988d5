"""What the model may know of that lies around failing code; only types and namespaces are read."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from itertools import islice

from caveagent_magic.frozen import frozen
from caveagent_magic.injection import static
from caveagent_magic.injection.card import labels
from caveagent_magic.injection.privacy import Visible, visible
from caveagent_magic.ports import Ports, Runtime, Task

MOST_COLUMNS = 5_000


@frozen
class Surroundings:
    """The names, columns, attributes, modules and files that an error may have meant."""

    seen: Visible
    values: frozenset[str]  # names whose columns or keys may be values of the data
    runtime: Runtime

    @classmethod
    def of(cls, task: Task, ports: Ports) -> Surroundings:
        """As the cell may see them."""
        known = {*ports.stream.cards, *task.only}
        seen = visible(ports.runtime.variables(), privacy=ports.disclosure.cell)
        names = {name: obj for name, obj in seen.names.items() if not task.only or name in known}
        values = {
            name
            for name, obj in names.items()
            if seen.levels.get(name) == "names" or ports.disclosure.may_name_cells(obj)
        }
        return cls(Visible(names, seen.hidden), frozenset(values), ports.runtime)

    def names(self) -> Collection[str]:
        """The live variables."""
        return self.seen.names

    def columns(self, name: str) -> Sequence[str]:
        """The columns as cards spell them, without hidden ones."""
        if name in self.values:
            return ()
        hidden = self.seen.hidden.get(name, frozenset())
        found = islice(labels(self.seen.names[name]), MOST_COLUMNS)
        return [label for label in found if label not in hidden]

    def attributes(self, owner: str) -> Collection[str]:
        """Attributes of a class or module; classes of live objects first, then of loaded modules."""
        module = sys.modules.get(owner)
        if module is not None:
            return static.module_members(module)
        cls = self._live_class(owner) or _loaded_class(owner)
        return {name: None for base in static.mro(cls) for name in static.members(base)} if cls else ()

    def modules(self) -> Collection[str]:
        """What can be imported."""
        return self.runtime.importable()

    def files(self, path: str) -> Collection[str]:
        """The files beside this one."""
        return self.runtime.files_beside(path)

    def _live_class(self, name: str) -> type | None:
        classes = (type(obj) for obj in self.seen.names.values())
        return next((cls for cls in classes if static.type_name(cls) == name), None)


def _loaded_class(name: str) -> type | None:
    """A class of this name in any loaded module."""
    found = (static.module_members(module).get(name) for module in list(sys.modules.values()))
    return next((cls for cls in found if isinstance(cls, type)), None)
