"""Objects and libraries that do not survive in a fork of the process that made them."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from caveagent_magic.frozen import frozen
from caveagent_magic.pattern import pattern
from caveagent_magic.rehearsal import databases
from caveagent_magic.rehearsal.foreign import instance_dictionary, module_name, package_of
from caveagent_magic.rehearsal.polars_anew import can_load_anew

_TIED = {
    "cupy": "cupy's arrays live on the GPU, which a copy of the kernel cannot use",
    "cudf": "cudf's frames live on the GPU, which a copy of the kernel cannot use",
    "jax": "jax's threads and devices do not exist in a copy of the kernel",
    "jaxlib": "jax's threads and devices do not exist in a copy of the kernel",
    "tensorflow": "TensorFlow's threads and devices do not exist in a copy of the kernel",
    "pyspark": "the connection to Spark does not work in a copy of the kernel",
    "ray": "the connection to Ray does not work in a copy of the kernel",
    "distributed": "the connection to Dask's scheduler does not work in a copy of the kernel",
}
_WORKERS = {
    "Pool": "its worker processes belong to the kernel, not to a copy of it",
    "ThreadPool": "its threads do not exist in a copy of the kernel",
    "ProcessPoolExecutor": "its worker processes belong to the kernel, not to a copy of it",
}
_MOST_HELD = 200  # things looked at behind one name
_POOL_THREAD = pattern(r"polars-\d")  # not "polars-ooc-cleaner", which importing starts
_CUDA = "torch has used the GPU, which a copy of the kernel cannot use"
_DATABASE = "the connection to its database does not work in a copy of the kernel"
_POLARS = "polars has started its threads, which do not exist in a copy of the kernel"


def unforkable(names: Iterable[str], namespace: Mapping[str, object]) -> str:
    """Why code that uses these names cannot be rehearsed; empty: nothing is known against it.

    A name may be a variable or the top-level name of a module that the code imports. What the user's own
    functions, containers and objects hold counts as used, one level deep.
    """
    for name in names:
        for reached in _reached(name, namespace):
            if reason := _reason(reached):
                return f"`{name}`: {reason}"
    return ""


def strands_polars(names: Iterable[str], namespace: Mapping[str, object]) -> bool:
    """Whether code that uses these names would wait in a copy for threads of polars, which stay behind."""
    found = (_library_of(reached) == "polars" for name in names for reached in _reached(name, namespace))
    return _polars_has_threads() and any(found)


def _reached(name: str, namespace: Mapping[str, object]) -> Iterator[object]:
    """What a name stands for and what that holds; a library that is only named, as its name."""
    if name not in namespace:
        yield name
        return
    thing = namespace[name]
    yield _Object(thing)
    held = _named_in(thing, namespace) if type(thing) is types.FunctionType else _held_by(thing)
    yield from itertools.islice(held, _MOST_HELD)


def _named_in(function: types.FunctionType, namespace: Mapping[str, object]) -> Iterator[object]:
    """What a function of the user's own speaks of."""
    if function.__globals__ is not namespace and function.__module__ != "__main__":
        return
    for name in _names_of(function.__code__):
        yield _Object(function.__globals__[name]) if name in function.__globals__ else name
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # it is empty
            yield _Object(cell.cell_contents)


def _names_of(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_of(constant)


def _held_by(thing: object) -> Iterator[object]:
    kind = type(thing)
    if kind in (list, tuple, set, frozenset):
        yield from map(_Object, cast("Iterable[object]", thing))
    elif kind is dict:
        yield from map(_Object, cast("dict[object, object]", thing).values())
    elif package_of(kind) == "__main__":
        yield from map(_Object, (instance_dictionary(thing, kind) or {}).values())


@frozen
class _Object:
    """A live object, apart from the name of a library."""

    thing: object


def _reason(reached: object) -> str:
    """Why this cannot be used in a copy of the kernel; empty: nothing is known against it."""
    if isinstance(reached, _Object):
        kind = type(reached.thing)
        if kind.__name__ in _WORKERS and kind.__module__.startswith(("multiprocessing", "concurrent")):
            return _WORKERS[kind.__name__]
        if databases.is_elsewhere(reached.thing):
            return _DATABASE
    library = _library_of(reached)
    if library in _TIED and library in sys.modules:
        return _TIED[library]
    if library == "torch" and _torch_has_used_the_gpu():
        return _CUDA
    if library == "polars" and not can_load_anew() and _polars_has_threads():
        return _POLARS
    if library == "dask" and _dask_has_a_client():
        return _TIED["distributed"]
    return ""


def _library_of(reached: object) -> str:
    """The top-level package that an object comes from."""
    if not isinstance(reached, _Object):
        return str(reached) if reached in sys.modules else ""
    thing = reached.thing
    if type(thing) is types.ModuleType:
        return module_name(thing).partition(".")[0]
    if type(thing) is types.FunctionType:
        return str(thing.__module__).partition(".")[0]
    return package_of(thing if type(thing) is type else type(thing))


def _dask_has_a_client() -> bool:
    """Whether dask computes through a scheduler elsewhere; its own threads are started anew in a copy."""
    client = sys.modules.get("distributed.client")
    return bool(getattr(client, "_global_clients", None))


def _torch_has_used_the_gpu() -> bool:
    cuda = sys.modules.get("torch.cuda")
    return bool(getattr(cuda, "_initialized", False))


def _polars_has_threads() -> bool:
    """Whether its pool runs: it starts with the first computation and never ends."""
    if "polars" not in sys.modules:
        return False
    if sys.platform != "linux":
        return True  # threads have no names to look for
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/comm") as comm:
                if _POOL_THREAD.match(comm.read()):
                    return True
        except FileNotFoundError:  # it has just ended
            continue
    return False
