"""The person's functions that only native code holds: those of a connection, of an expression of polars.

Nobody can look into such an object.
But what has more references than all objects together show is held by something native.
"""

from __future__ import annotations

import builtins
import functools
import gc
import inspect
import os
import sys
import time
import types
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import compress
from operator import attrgetter

from caveagent_magic.security.known import module_dict, own_file, own_module, top
from caveagent_magic.security.objects.still import Kinds, class_dict, instance_dict, is_a, word
from caveagent_magic.security.vocabulary import names

HANDLES = names("polars _duckdb duckdb sqlite3 sqlalchemy pyarrow")
"""Packages whose objects may hold functions where only native code sees them."""
DATA = names("DataFrame Series Table RecordBatch Array ChunkedArray Schema Field DataType Row")
AROUND = tuple(f"sqlalchemy.{part}." for part in names("engine pool dialects event util sql log"))
"""Modules of SQLAlchemy whose objects hold nothing themselves; their drivers do."""
ASKING = ("duckdb.", "_duckdb.", "pyarrow.compute.call_function", "polars.sql", "polars.SQLContext")
"""Functions that use what was registered before, without any object that is named."""
CLOCK: Callable[[], float] = getattr(time, "thread_time", time.perf_counter)
LONGEST = 0.5  # seconds for a walk over all objects, of which there are up to five
DEEPEST = 3  # partials around partials
FEW = 200  # whose referrers are quickly found
WRAPPING = ("polars.functions.lazy",)
"""Modules with classes whose objects are put around functions."""
CALLED = Kinds(types.FunctionType, types.MethodType, functools.partial)
AROUND_FUNCTIONS = Kinds(types.MethodType, functools.partial)
_class_module = type.__dict__["__module__"].__get__
_class_name = type.__dict__["__name__"].__get__


class TooMany(Exception):
    """There are more objects than can be looked through in time."""


def is_handle(obj: object) -> bool:
    """Whether an object may hold functions where nobody sees them."""
    kind = type(obj)
    module = word(_class_module(kind))
    if top(module) not in HANDLES:
        return False
    if module.startswith(AROUND):
        return _is_embedded(instance_dict(obj).get("dialect"))
    return _class_name(kind) not in DATA


def _is_embedded(dialect: object) -> bool:
    """Whether an engine of SQLAlchemy is over a database in this process, not over one on a server."""
    module = word(_class_module(type(dialect)))
    return dialect is not None and (
        not module.startswith("sqlalchemy.dialects.") or module.startswith("sqlalchemy.dialects.sqlite.")
    )


def held_natively() -> Iterator[object]:
    """What may be called and is the person's, or a library's around something else, and is so held."""
    own: dict[str, bool] = {}  # modules and files of the person's
    began = CLOCK()
    found, around = _functions(own)
    if CLOCK() - began > LONGEST:
        raise TooMany
    kinds = _classes_of(own, bool(found))
    if found or kinds:
        found += around
    del around
    found += _around([*found, *kinds], kinds, own)
    near = gc.get_referrers(*found) if 0 < len(found) <= FEW else gc.get_objects() if found else []
    wanted = set(map(id, found))
    others = [each for each in near if each is not found]
    del near
    seen = Counter(filter(wanted.__contains__, map(id, gc.get_referents(*others))))
    others.clear()
    # the list, the loop and the question itself refer to it as well
    left = [each for each in found if sys.getrefcount(each) - seen[id(each)] > 3]
    running = set(map(id, _running())) if left else set()
    for each in left:
        code = each.__code__ if type(each) is types.FunctionType else each
        if not running.intersection((id(each), id(code))):
            yield each
    dbapi = sys.modules.get("sqlite3.dbapi2")
    for name in ("converters", "adapters") if is_a(dbapi, types.ModuleType) else ():
        registered = list(module_dict(dbapi).get(name, {}).values())
        yield from (each for each in registered if _may_be(each, {}))


def _running() -> Iterator[object]:
    """The code of functions that run just now, and what their variables hold: no object shows that."""
    for each in _frames():
        yield each.f_code
        if each.f_code.co_flags & inspect.CO_OPTIMIZED:
            yield from list(each.f_locals.values())


def _frames() -> Iterator[types.FrameType]:
    for frame in sys._current_frames().values():
        each: types.FrameType | None = frame
        while each is not None:
            yield each
            each = each.f_back


def _functions(own: dict[str, bool]) -> tuple[list[object], list[object]]:
    """The person's functions with more references than the place where they were defined, and polars' own.

    All functions are found at once among what refers to the builtins; asking each object takes far longer.
    """
    near = gc.get_referrers(builtins.__dict__)
    functions = [each for each in near if type(each) is types.FunctionType]
    del near
    files = list(map(attrgetter("__code__.co_filename"), functions))
    wanted = {file for file in set(files) if _is_wanted(file)}
    found = list(compress(functions, map(wanted.__contains__, files)))
    del functions
    cells = {id(frame.f_code) for frame in _frames() if frame.f_code.co_name == "<module>"}
    # the list, the loop and the question refer to it as well
    held = [each for each in found if _may_be(each, own) and sys.getrefcount(each) > 3 + _places(each)]
    del found
    around: list[object] = [each for each in held if word(each.__module__).startswith("polars.")]
    return [each for each in held if each not in around and id(each.__code__) not in cells], around


def _classes_of(own: dict[str, bool], wraps: bool) -> list[object]:
    """The person's classes, and those of polars that are put around functions where there are any."""
    classes: list[type] = []
    seen: set[int] = set()
    waiting: list[type] = [object]
    while waiting:
        near: list[type] = type.__subclasses__(waiting.pop())
        found = [kind for kind in near if id(kind) not in seen]
        seen.update(map(id, found))
        waiting += found
        classes += found
    modules = [word(each) for each in map(_class_module, classes)]
    wanted = {module for module in set(modules) if _is_own_module(module, own, wraps)}
    return list(compress(classes, map(wanted.__contains__, modules)))


def _around(inside: list[object], kinds: list[object], own: dict[str, bool]) -> list[object]:
    """The classes, what is made of them, and methods and partials around functions."""
    known = set(map(id, kinds))
    found = list(kinds)
    for _ in range(DEEPEST):
        outside = [
            each
            for each in (gc.get_referrers(*inside) if inside else ())
            if id(type(each)) in known or (type(each) in AROUND_FUNCTIONS and _may_be(each, own))
        ]
        ids = set(map(id, found))
        fresh = [each for each in outside if id(each) not in ids]
        del outside
        found = found + fresh
        inside = [each for each in fresh if type(each) in AROUND_FUNCTIONS]
        if not inside:
            break
    return found


def _is_wanted(file: str) -> bool:
    """Whether functions in there are the person's, or of a package that puts its own around others."""
    return file[:1] == "<" or own_file(file) or f"{os.sep}polars{os.sep}" in file


def _is_own_module(module: str, own: dict[str, bool], wraps: bool = True) -> bool:
    """Whether classes in there are the person's, or those that polars puts around functions."""
    if module not in own:
        found = sys.modules.get(module)
        own[module] = is_a(found, types.ModuleType) and own_module(found)
    return own[module] or (wraps and module.startswith(WRAPPING))


def _may_be(obj: object, own: dict[str, bool]) -> bool:
    """Whether it is the person's, or around something, as what polars makes."""
    kind = type(obj)
    if kind is types.FunctionType:
        return _is_function(obj, own)  # type: ignore[arg-type]
    if kind is types.MethodType or kind is functools.partial:
        inner = obj.__func__ if kind is types.MethodType else obj.func  # type: ignore[attr-defined]
        return type(inner) in CALLED and _may_be(inner, own)
    return kind is not type or _is_own_module(word(_class_module(obj)), own)


def _is_function(function: types.FunctionType, own: dict[str, bool]) -> bool:
    file = function.__code__.co_filename
    if file not in own:
        own[file] = own_file(file) and (file[:1] != "<" or file.startswith("<ipython-input"))
    if own[file] or file[:1] == "<":
        return own[file] or function.__globals__.get("__name__") == "__main__"
    local = function.__closure__ is not None and "<locals>" in word(function.__qualname__)
    return local and word(function.__module__).startswith("polars.")


def _places(obj: object) -> int:
    """By how many of the module and the class that its name says it is held."""
    if type(obj) is not types.FunctionType:
        return 0
    first, _, name = obj.__qualname__.rpartition(".")
    owner = obj.__globals__.get(first)
    inside = class_dict(owner) if is_a(owner, type) else obj.__globals__
    return int(inside.get(name) is obj)
