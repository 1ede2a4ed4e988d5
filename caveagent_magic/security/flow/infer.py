"""A second opinion on what code calls: astroid's inference, closed to everybody's source but the code's own
and the standard library's.

It can only add names to what our own data flow found. Nothing is parsed while a verdict is waited for but the
code itself: the standard library is parsed by `warm_up`, in the background; before that has ended there is no
second opinion, and what is unknown is asked about.
"""

from __future__ import annotations

import ast
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from caveagent_magic.frozen import frozen
from caveagent_magic.security.budget import Budget, TooMuch
from caveagent_magic.security.flow.values import Instance, Named, Value, Values
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.public import canonical, canonical_module

MOST_INFERRED = 6_000  # nodes for one verdict, five to ten microseconds each
PAUSE = 0.02  # seconds between modules, so that the person's own cell does not wait for the warm-up
WARM_UP = Path(__file__).with_name("warm_up.txt")

# The main thread may change a module meanwhile, or parse: CPython counts the depth of trees for all threads.
_OF_THREADS = (RuntimeError, SystemError)
_astroid = threading.Lock()  # astroid's caches belong to one thread at a time
_warm = threading.Event()
_starting = threading.Lock()
_thread: list[threading.Thread] = []


@frozen
class Parsed:
    """The modules that astroid has parsed in this process."""

    standard: tuple[str, ...]
    third_party: tuple[str, ...]


def parsed_modules() -> Parsed:
    """Which modules astroid has parsed so far; the second list is to stay empty."""
    manager = sys.modules.get("astroid.manager")
    cache = dict(manager.AstroidManager.brain["astroid_cache"]) if manager is not None else {}
    names = sorted(name for name, module in cache.items() if name and str(module.file or "<")[0] != "<")
    foreign = tuple(name for name in names if not _standard(name))
    return Parsed(tuple(name for name in names if _standard(name)), foreign)


def warm_up() -> threading.Thread:
    """Parse the standard modules that code is likely to use, once, in a daemon thread."""
    with _starting:
        if not _thread:
            _thread.append(threading.Thread(target=_parse_ahead, name="cave-warm-up", daemon=True))
            _thread[0].start()
    return _thread[0]


def ready() -> bool:
    """Whether there is a second opinion."""
    return _warm.is_set()


def _parse_ahead() -> None:
    from astroid import AstroidError, nodes
    from astroid.manager import AstroidManager

    tree = ast.parse(WARM_UP.read_text("utf-8"))
    names = [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    for name in names:
        if _source_is_standard(name):
            with _astroid, _closed_to(_not_standard), contextlib.suppress(AstroidError, *_OF_THREADS):
                AstroidManager().ast_from_module_name(name)
        time.sleep(PAUSE)
    with _astroid, _closed_to(_not_standard):
        for call in _build(tree).nodes_of_class(nodes.Call):
            with contextlib.suppress(AstroidError):
                call.inferred()
    _warm.set()


class Opinion:
    """What astroid makes of expressions in one piece of code."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.inferred = 0
        self.built: dict[int, dict[tuple[object, ...], Any]] = {}

    def of(self, expressions: list[ast.expr | None], root: ast.Module) -> list[Values]:
        """What each of the expressions, found in the root, may stand for as well.

        Raises `TooMuch`. Gives nothing where there is no second opinion yet.
        """
        if not ready() or not _astroid.acquire(blocking=False):
            return [() for _ in expressions]
        try:
            with _closed_to(_not_parsed, self._step):
                return [self._infer(each, root) if each is not None else () for each in expressions]
        except RecursionError:
            raise TooMuch from None
        finally:
            _astroid.release()

    def _step(self, node: Any) -> bool:
        """Whether the node may be inferred; our own folding puts texts and numbers together, in bounds."""
        self.inferred += 1
        if self.inferred > MOST_INFERRED:
            raise TooMuch
        self.budget.look()
        name = type(node).__name__
        unbounded = name in ("BinOp", "AugAssign", "JoinedStr", "FormattedValue")
        return not unbounded and not (name == "Call" and getattr(node.func, "attrname", "") == "format")

    def _infer(self, expression: ast.expr, root: ast.Module) -> Values:
        from astroid import AstroidError, nodes

        if id(root) not in self.built:
            found = _build(root).nodes_of_class(nodes.NodeNG)
            self.built[id(root)] = {_place(node): node for node in found}
        node = self.built[id(root)].get(_place(expression))
        try:
            inferred = list(node.infer()) if node is not None else []
        except AstroidError:
            return ()
        return tuple(value for each in inferred if (value := _value(each)) is not None)


def _place(node: Any) -> tuple[object, ...]:
    kind = type(node).__name__
    return (kind, node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


def _build(tree: ast.Module) -> Any:
    """The tree as astroid has it; its own `parse` would infer attribute stores without any limit."""
    from astroid.builder import AstroidBuilder
    from astroid.manager import AstroidManager
    from astroid.rebuilder import TreeRebuilder

    manager = AstroidManager()
    rebuilder = TreeRebuilder(manager)
    module = rebuilder.visit_module(tree, "__cell__", "<cell>", False)
    builder = AstroidBuilder(manager)
    for node, names in rebuilder._import_from_nodes:
        builder.add_from_names_to_locals(node, names)
    for store in rebuilder._delayed_assattr:
        builder.delayed_assattr(store)
    return manager.visit_transforms(module)


def _value(inferred: Any) -> Value | None:
    """A module, function, class or object of the standard library; None for all else."""
    from astroid import BaseInstance, nodes

    kind = type(inferred).__name__
    if isinstance(inferred, nodes.Module):
        found = live.module(inferred.name)
        return found[0] if found else Named(canonical_module(inferred.name), module=True)
    if kind in ("UninferableBase", "Uninferable") or not hasattr(inferred, "qname"):
        return None
    name = canonical(str(inferred.qname()))
    if name.startswith("__cell__.") or not _standard(name):
        return None
    if kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef", "BoundMethod", "UnboundMethod"):
        return Named(name)
    return Instance(name) if isinstance(inferred, BaseInstance) and kind == "Instance" else None


def _standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _source_is_standard(name: str) -> bool:
    """Whether the module is the standard library's and parsing it imports nothing."""
    folder = Path(ast.__file__).parent.joinpath(*name.split("."))
    there = folder.with_suffix(".py").is_file() or (folder / "__init__.py").is_file()
    return _standard(name) and (there or name in sys.builtin_module_names or name in sys.modules)


def _not_parsed(name: str) -> bool:
    from astroid.manager import AstroidManager

    return not _standard(name) or name not in AstroidManager.brain["astroid_cache"]


def _not_standard(name: str) -> bool:
    return not _source_is_standard(name)


class _Denied:
    """The names of modules that astroid is not to open, as a test instead of a list."""

    def __init__(self, denied: Callable[[str], bool]) -> None:
        self.denied = denied

    def __contains__(self, name: str) -> bool:
        return self.denied(name)


@contextlib.contextmanager
def _closed_to(denied: Callable[[str], bool], step: Callable[[Any], bool] | None = None) -> Iterator[None]:
    """astroid without the denied modules, each inference allowed by `step`; afterwards as it was found."""
    from astroid import nodes, util
    from astroid.context import _invalidate_cache
    from astroid.manager import AstroidManager

    brain, base = AstroidManager.brain, nodes.NodeNG
    list_before, infer_before = brain["module_denylist"], base.infer

    def infer(self: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        allowed = step is None or step(self)
        return infer_before(self, *args, **kwargs) if allowed else iter((util.Uninferable,))

    brain["module_denylist"] = _Denied(denied)
    base.infer = infer if step is not None else infer_before
    try:
        yield
    finally:
        base.infer = infer_before
        brain["module_denylist"] = list_before
        _invalidate_cache()
