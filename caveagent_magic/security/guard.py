"""The guard: while a step runs, it may use only the capabilities that were approved (PEP 578).

An audit hook is a safety net behind the static rules and no sandbox: reading the environment,
monkeypatching and C libraries raise no event.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from caveagent_magic.events import Capability, Effect
from caveagent_magic.security.ceiling import memory_ceiling

PACKAGE = "caveagent_magic.security."
CHANNEL = "caveagent.guard"
_installed = False


@contextmanager
def guard(
    allowed: Collection[Capability] | Callable[[Capability, str], bool],
    on_effect: Callable[[Effect], None] | None = None,
    rehearsing: bool = False,
    root: str | os.PathLike[str] | None = None,
    contained: frozenset[Capability] = frozenset(),
) -> Iterator[None]:
    """Refuse, before it happens, what is not allowed; `on_effect` hears of every effect, done or refused.

    `allowed` holds capabilities, or is asked with a capability and its target: a real path, `host:port`,
    a program, or words for what has no scope. Each target is asked about once.
    The guard holds for this thread, and for threads that start meanwhile and callbacks that the step leaves
    behind also after the end. A guard inside another one can only narrow what is allowed.
    Reading below `root` (the working directory) and ordinary work of libraries is always allowed.
    Meanwhile the process gets no more memory than is free: `MemoryError` instead of a killed kernel.
    In a rehearsal nothing outside the kernel is done, not even what is approved; what its sandbox holds,
    `contained`, is done whether approved or not, because it gets nowhere.
    """
    _install()
    # The hook can be reached by this event alone, and a watch by its key; a step could rebind globals.
    key, tell, channel = object(), sys.audit, CHANNEL
    folder = os.fspath(root) if root is not None else os.getcwd()
    scratch = (os.path.realpath(tempfile.gettempdir()),) if rehearsing else ()
    sources = tuple(path for path in sys.path if type(path) is str)
    where = (folder, scratch, sources)
    with memory_ceiling():
        tell(channel, "begin", key, _predicate(allowed), on_effect, rehearsing, where, contained)
        modules = sys.modules
        hidden = modules.pop(__name__, None)  # so that importing this module raises an event
        try:
            yield
        finally:
            if hidden is not None:
                modules[hidden.__name__] = hidden
            try:
                tell(channel, "end", key)
            except KeyboardInterrupt:  # a stop must not leave the guard on
                tell(channel, "end", key)
                raise


def _predicate(
    allowed: Collection[Capability] | Callable[[Capability, str], bool],
) -> Callable[[Capability, str], bool]:
    if callable(allowed):
        return allowed
    capabilities = frozenset(allowed)
    return lambda capability, target: capability in capabilities


def _install() -> None:
    """Put up the hook, for good: Python cannot take one back."""
    global _installed
    if not _installed:
        sys.addaudithook(_Apart().load(f"{PACKAGE}hook.watch").Hook().hear)
        _installed = True


class _Apart:
    """Modules of this package loaded a second time, with builtins of their own and out of everybody's sight.

    Whatever a step does to `sys.modules`, to builtins or to the modules that others see, the hook's
    functions stay as they are.
    """

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), "__import__": self._import}

    def load(self, name: str) -> Any:
        """The module's own copy for the hook."""
        if name not in self._modules:
            spec = importlib.util.find_spec(name)
            assert spec is not None and spec.loader is not None
            module = self._modules[name] = importlib.util.module_from_spec(spec)
            vars(module)["__builtins__"] = self._builtins
            spec.loader.exec_module(module)
        return self._modules[name]

    def _import(self, name: str, *details: Any) -> Any:
        return self.load(name) if name.startswith(PACKAGE) else __import__(name, *details)
