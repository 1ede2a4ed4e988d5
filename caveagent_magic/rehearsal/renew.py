"""Work-arounds, in the forked child, for libraries that go on to count on threads which stayed in the parent.

Only one thread survives a fork. Measured: numpy's BLAS, pyarrow and numexpr start theirs anew by themselves;
what is here does not, and hung or crashed without it.
"""

from __future__ import annotations

import contextlib
import ctypes
import queue
import sys
import threading
from collections.abc import Mapping
from typing import Any

_OPEN_MP = ("libgomp", "libomp", "libiomp")
_kept: list[object] = []  # what must not be closed before the child is gone


def renew(namespace: Mapping[str, object]) -> None:
    """Make what can be made to work in this copy work here; starts no thread.

    It comes before the sandbox: on other mounts a library's path would load it a second time.
    """
    _compute_on_one_thread()
    _restart_thread_pools()
    _forget_worker_processes()
    _use_databases_without_their_threads(namespace)


def _compute_on_one_thread() -> None:
    """A team of one needs no threads; OpenMP waits for its old one for ever (scikit-learn, torch)."""
    for path in _libraries():
        ctypes.CDLL(path).omp_set_num_threads(1)
    set_threads = getattr(sys.modules.get("torch"), "set_num_threads", None)
    if set_threads is not None:
        set_threads(1)


def _libraries() -> set[str]:
    """The OpenMP libraries that are loaded."""
    if sys.platform != "linux":
        return set()
    with open("/proc/self/maps") as maps:
        paths = {line.split(None, 5)[5].rstrip("\n") for line in maps if "omp" in line}
    return {path for path in paths if path.rpartition("/")[2].startswith(_OPEN_MP)}


def _restart_thread_pools() -> None:
    """A pool believes in its threads as long as it has a list of them; so does dask's local scheduler."""
    module: Any = sys.modules.get("concurrent.futures.thread")
    if module is None:
        return
    submit = module.ThreadPoolExecutor.submit

    def submit_anew(self: Any, function: Any, /, *args: Any, **options: Any) -> Any:
        if self._threads and not any(thread.is_alive() for thread in self._threads):
            self._threads.clear()
            self._work_queue = queue.SimpleQueue()
            self._idle_semaphore = threading.Semaphore(0)
            self._shutdown_lock = threading.Lock()  # a thread may have held it at the moment of the fork
        return submit(self, function, *args, **options)

    module.ThreadPoolExecutor.submit = submit_anew


def _forget_worker_processes() -> None:
    """joblib starts its workers anew once it knows of none."""
    for name in ("joblib.externals.loky.reusable_executor", "loky.reusable_executor"):
        if module := sys.modules.get(name):
            vars(module)["_executor"] = None


def _use_databases_without_their_threads(namespace: Mapping[str, object]) -> None:
    """DuckDB ends its threads when a database is closed, and waits for them when it reads Parquet ahead."""
    duckdb: Any = sys.modules.get("duckdb")
    connections: Any = getattr(duckdb, "DuckDBPyConnection", None)
    if duckdb is None or connections is None:
        return
    found = [thing for thing in namespace.values() if type(thing) is connections]
    _kept.extend(found)
    for connection in (*found, duckdb.default_connection()):
        with contextlib.suppress(duckdb.Error):  # it is closed, or does not read ahead yet
            connection.cursor().execute("set global disable_parquet_prefetching = true")
    _keep_open(connections)


def _keep_open(connections: Any) -> None:
    inherited, close = frozenset(map(id, _kept)), connections.close

    def close_own(self: Any) -> None:
        if id(self) not in inherited:
            close(self)

    connections.close = close_own
