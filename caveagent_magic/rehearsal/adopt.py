"""Taking over what a long rehearsal made, instead of running its code again."""

from __future__ import annotations

import ast
import gc
import os
import sys
import threading
import types
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from caveagent_magic.events import Changes
from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.pattern import pattern
from caveagent_magic.rehearsal.moving import CannotMove, Written, dump, load
from caveagent_magic.rehearsal.random_state import RandomState
from caveagent_magic.rehearsal.undo import wide
from caveagent_magic.rehearsal.undo.kept import Kept
from caveagent_magic.rehearsal.undo.walk import Limits, Walk

__all__ = ["CannotMove", "Keeper", "Outcome", "reaches_outside"]

_OF_IPYTHON = pattern(r"_+|_i+|_i?\d+|_[iod]h|In|Out|exit|quit|get_ipython|open|__\w+__|_cave|_exit_code")
_WALK = Limits(seconds=0.3, objects=200_000)
_CARRIED = frozenset({"Python's random numbers", "numpy's random numbers", "torch's random numbers"})
_OWN = ("caveagent_magic", "cloudpickle")


class Keeper:
    """In the fork: remembers what there was before the code, and writes down what there is after it."""

    def __init__(self, namespace: MutableMapping[str, object], used: Collection[str]) -> None:
        gc.freeze()
        self._namespace = namespace
        self._before = dict(_own(namespace))
        self._walk, self._used = _walk(namespace, used), used
        self._settings = wide.settings()
        self._modules, self._threads = frozenset(sys.modules), frozenset(threading.enumerate())
        self._figures, self._sources = _figures(), frozenset(_sources())

    def write(self, file: int, most: int, changes: Changes, last: object) -> Written:
        """Write what the code made to the file; raises `CannotMove` where it would not be the same."""
        modules = [name for name in sys.modules if name not in self._modules]
        self._refuse_what_stays_behind(changes)
        settings = {kept.name: _state(kept.now()) for kept in self._settings if _is_changed(kept)}
        if settings and not modules:
            raise CannotMove(f"the code changed {min(settings)}")
        now = dict(_own(self._namespace))
        bound = {name: thing for name, thing in now.items() if self._before.get(name, self) is not thing}
        content = {
            "bound": bound,
            "removed": [name for name in self._before if name not in now],
            "last": last,
            "random": vars_of(RandomState.take()),
            "settings": settings,
            "modules": [name for name in modules if not name.startswith(_OWN)],
            "sources": {name: entry for name, entry in _sources().items() if name not in self._sources},
        }
        return dump(content, self._namespace, _by_address(self._walk), most, file)

    def _refuse_what_stays_behind(self, changes: Changes) -> None:
        if self._walk.unseen:
            raise CannotMove("there are too many objects to tell the new from the old")
        for change in changes.changed:
            if self._namespace[change.name] is self._before.get(change.name):
                raise CannotMove(f"{change.name} was changed in place")
        for kept in self._walk.kept:
            if not kept.quiet and kept.name not in _CARRIED and _is_changed(kept):
                raise CannotMove(f"{kept.name} was changed in place")
        for name, kind in self._walk.opaque.items():
            if name in self._used:
                raise CannotMove(f"what the code did with {name} cannot be seen: it holds a {kind}")
        if changes.note:
            raise CannotMove("not everything could be checked for changes in place")
        if not self._threads.issuperset(threading.enumerate()):
            raise CannotMove("the code left a thread running")
        if _figures() != self._figures:
            raise CannotMove("the code left figures open")


@slotted
class Outcome:
    """In the kernel: what a rehearsal wrote down, until the person has decided."""

    file: int
    bindings: Mapping[str, object]  # at the fork
    written: Written | None = None  # None: nothing so far

    def load(self, namespace: MutableMapping[str, object]) -> Loaded:
        """Rebuild what the code made, without binding any of it; raises `CannotMove`."""
        from importlib import import_module

        assert self.written is not None
        walk = _walk(namespace)
        try:
            content = load(self.file, self.written, namespace, _by_address(walk))
            self._refuse_other_bindings((*content["bound"], *content["removed"]), namespace)
            for name in content["modules"]:
                import_module(name)
            now = {kept.name: _state(kept) for kept in wide.settings()}
            for name, state in content["settings"].items():
                if now[name] != state:  # importing a library sets some; these are others
                    raise CannotMove(f"the code changed {name}")
        except (KeyboardInterrupt, CannotMove):
            raise
        except Exception as error:  # rebuilding calls methods of the person's classes
            raise CannotMove(f"they could not be rebuilt: {type(error).__name__}: {error}") from error
        return Loaded(content)

    def _refuse_other_bindings(self, names: Iterable[str], namespace: Mapping[str, object]) -> None:
        """What was bound since the rehearsal must not be overwritten."""
        for name in names:
            if namespace.get(name, self) is not self.bindings.get(name, self):
                raise CannotMove(f"{name} was bound anew since the rehearsal")

    def close(self) -> None:
        """Let go of the memory that nothing rebuilt lies in."""
        self.bindings = {}
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    def __del__(self) -> None:
        self.close()


@frozen
class Loaded:
    """What is ready to be bound."""

    content: Mapping[str, Any]

    @property
    def last(self) -> object:
        """The value of the last expression; None: there was none."""
        return self.content["last"]

    def bind(self, namespace: MutableMapping[str, object]) -> None:
        """Leave the namespace, and the generators of random numbers, as the code would have left them."""
        for name in self.content["removed"]:
            namespace.pop(name, None)
        namespace.update(self.content["bound"])
        RandomState(**self.content["random"]).restore()
        if (linecache := sys.modules.get("linecache")) is not None:
            linecache.cache.update(self.content["sources"])


def memory_file() -> int:
    """A descriptor of a file that lies in memory alone; raises `OSError` where there is no such thing."""
    if not hasattr(os, "memfd_create"):
        raise OSError("no files in memory")
    return os.memfd_create("cave-rehearsal", os.MFD_CLOEXEC)


def reaches_outside(code: str, namespace: Mapping[str, object]) -> str:
    """Why code cannot be adopted that sets what belongs to a module or to IPython; empty: it does not."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError):
        return "its code could not be read"
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in nodes
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in ("get_ipython", "setattr", "delattr"):
            return f"the code uses {node.id}"
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            root = _root(node)
            if root in imported or isinstance(namespace.get(root), (types.ModuleType, type)):
                return f"the code changes {ast.unparse(node)}"
    return ""


def vars_of(state: RandomState) -> dict[str, Any]:
    """The fields of the state, so that no class of ours has to be rebuilt."""
    return {"python": state.python, "numpy": state.numpy, "torch": state.torch}


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _own(namespace: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """What the person and the code bind, without IPython's own names."""
    return ((name, thing) for name, thing in list(namespace.items()) if not _OF_IPYTHON.fullmatch(str(name)))


def _walk(namespace: MutableMapping[str, object], used: Collection[str] = ()) -> Walk:
    first = sorted(_own(namespace), key=lambda item: item[0] not in used)
    return Walk.over((*wide.roots(), *first), namespace, _WALK)


def _by_address(walk: Walk) -> dict[int, object]:
    return {id(thing): thing for thing in walk.alive}


def _is_changed(kept: Kept) -> bool:
    try:
        return kept.changed
    except Exception:  # it cannot even be read any more
        return True


def _state(kept: Kept) -> str:
    """A setting as it can be compared between processes: of the warning filters not which list they are."""
    return repr(kept.state[1] if kept.name == "warning filters" else kept.state)


def _figures() -> list[object]:
    return list(getattr(getattr(sys.modules.get("matplotlib._pylab_helpers"), "Gcf", None), "figs", ()))


def _sources() -> dict[str, Any]:
    """The source of cells, which tracebacks show; it is no file."""
    entries = getattr(sys.modules.get("linecache"), "cache", {})
    return {name: entry for name, entry in list(entries.items()) if len(entry) > 1 and entry[1] is None}
