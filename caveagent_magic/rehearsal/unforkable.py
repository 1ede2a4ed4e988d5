"""Objects and libraries that do not survive in a fork of the process that made them."""

from __future__ import annotations

import os
import re
import sys
import types
from collections.abc import Iterable, Mapping

from caveagent_magic.rehearsal.foreign import module_name, package_of

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
_POOL_THREAD = re.compile(r"polars-\d")  # not "polars-ooc-cleaner", which importing starts
_CUDA = "torch has used the GPU, which a copy of the kernel cannot use"
_POLARS = "polars has started its threads, which do not exist in a copy of the kernel"


def unforkable(names: Iterable[str], namespace: Mapping[str, object]) -> str:
    """Why code that uses these names cannot be rehearsed; empty: nothing is known against it.

    A name may be a variable or the top-level name of a module that the code imports.
    """
    for name in names:
        library = _library_of(name, namespace)
        if library in _TIED and library in sys.modules:
            return f"`{name}`: {_TIED[library]}"
        if library == "torch" and _torch_has_used_the_gpu():
            return f"`{name}`: {_CUDA}"
        if library == "polars" and _polars_has_threads():
            return f"`{name}`: {_POLARS}"
    return ""


def _library_of(name: str, namespace: Mapping[str, object]) -> str:
    """The top-level package that the object behind a name comes from."""
    if name not in namespace:
        return name if name in sys.modules else ""
    thing = namespace[name]
    if type(thing) is types.ModuleType:
        return module_name(thing).partition(".")[0]
    if type(thing) is types.FunctionType:
        return str(thing.__module__).partition(".")[0]
    return package_of(thing if type(thing) is type else type(thing))


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
