"""Whether a call spreads its work over other processes."""

from __future__ import annotations

from collections.abc import Mapping

from caveagent_magic.security.flow.values import Values, constants, texts
from caveagent_magic.security.known import top
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

POOL = "joblib.Parallel"
"""What a pool of worker processes goes by."""
NUMBERS = ("n_jobs", "workers", "num_workers", "n_workers")
STARTING = names("sklearn joblib imblearn scipy torch mlxtend skopt sktime tsfresh eli5 dask pymc")
"""Packages that start processes for such a number; others start threads."""
ALONE = (None, 0, 1)
_THREADS = names("threading threads sharedmem")
_PROCESSES = names("processes multiprocessing")


def workers(use: Use) -> bool:
    """Whether the use starts worker processes, or says that some are to be used."""
    name = use.names[0]
    if name == POOL or name.endswith(".process_map"):
        return True
    if top(name) not in STARTING or in_threads(use.keywords):
        return False
    if use.kind == "store":
        return name.endswith(NUMBERS) and several(use.args[0])
    if set(texts(use.keywords.get("scheduler", ()))) & _PROCESSES:
        return True
    given = {**use.given, **use.keywords}
    return any(several(values) for key, values in given.items() if key.endswith(NUMBERS))


def several(number: Values) -> bool:
    """Whether a number of workers may be other than one, which is the kernel itself."""
    known = constants(number)
    return known is None or not all(each in ALONE for each in known)


def in_threads(keywords: Mapping[str, Values]) -> bool:
    """Whether the arguments ask for threads instead of processes."""
    said = [word for key in ("backend", "prefer", "require") for word in texts(keywords.get(key, ()))]
    return bool(_THREADS.intersection(said))
