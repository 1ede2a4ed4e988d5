"""What a library's own function is seen to use of the modules that lead out of the kernel."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterator

from caveagent_magic.security.known import module_dict
from caveagent_magic.security.rule import claimed

OUTWARD = ("webbrowser", "subprocess", "socket", "shutil", "smtplib", "ftplib")


def reach(function: types.FunctionType) -> tuple[str, ...]:
    """The names in its code that a rule knows, such as `webbrowser.open`; its source is not read."""
    used = frozenset(function.__code__.co_names)
    named = tuple(name for name in OUTWARD if name in used)
    return _claimed(named, used) if any(_is_it(function, name) for name in named) else ()


def _is_it(function: types.FunctionType, name: str) -> bool:
    found = function.__globals__.get(name)
    return found is None or found is sys.modules.get(name)


@functools.lru_cache(maxsize=1024)
def _claimed(modules: tuple[str, ...], used: frozenset[str]) -> tuple[str, ...]:
    return tuple(_of(modules, used))


def _of(modules: tuple[str, ...], used: frozenset[str]) -> Iterator[str]:
    for name in modules:
        module = sys.modules.get(name)
        inside = module_dict(module) if module is not None else {}
        found = (f"{name}.{each}" for each in sorted(used & set(inside)))
        yield from filter(claimed, found)
