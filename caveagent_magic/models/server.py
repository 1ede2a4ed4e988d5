"""The process of the embedded model: llama.cpp's server on loopback, until nobody has asked for a while."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from caveagent_magic.models.cache import lock_of
from caveagent_magic.models.launch import Address, Plan

CONTEXT_TOKENS = 8192
CACHED_PROMPTS_MIB = 512  # of earlier conversations, so that two kernels do not read theirs anew each time
BATCH_TOKENS = 64  # read at once: between two batches the server notices that nobody waits any more
LOOK_SECONDS = 2.0
MOST_THREADS = 8  # memory is the limit beyond


def choose_threads(cores: float, load: float) -> int:
    """All cores, less what the machine is overloaded: a thread that waits holds up all the others."""
    physical = cores / 2 if cores >= 4 else cores
    return max(1, min(int(physical), MOST_THREADS, round(cores - max(0.0, load - cores))))


def usable_cores() -> float:
    """Cores that this process may use, by affinity and by the container's share."""
    count = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
    except (OSError, ValueError):
        return count
    return count if quota == "max" else max(1.0, min(count, int(quota) / int(period)))


def serve(plan: Plan) -> None:
    """Load, say where we are, and stay while we are used; raises `RuntimeError` where loading fails."""
    from xllamacpp import CommonParams, Server

    params, key = CommonParams(), secrets.token_urlsafe(32)
    threads = plan.threads or choose_threads(usable_cores(), os.getloadavg()[0])
    params.model.path = str(plan.weights)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_ctx, params.n_parallel, params.warmup = CONTEXT_TOKENS, 1, False
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cache_ram_mib = CACHED_PROMPTS_MIB
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], 0, [key]
    params.ui, params.endpoint_slots = False, True
    server = Server(params)
    address = Address(server.listening_address, key)
    _write(plan.state, json.dumps({"url": address.url, "key": address.key}))
    _stay(plan, address)


def _stay(plan: Plan, address: Address) -> None:
    """Return when the state file is gone, or was not touched for long while nothing was asked."""
    while True:
        time.sleep(min(LOOK_SECONDS, plan.idle / 4))
        try:
            unused = time.time() - plan.state.stat().st_mtime
        except FileNotFoundError:
            return
        if unused > plan.idle:
            if not _busy(address):
                plan.state.unlink(missing_ok=True)
                return
            os.utime(plan.state)


def _busy(address: Address) -> bool:
    try:
        return any(slot["is_processing"] for slot in address.get("/slots"))
    except (OSError, ValueError):
        return False


def _write(path: Path, text: str) -> None:
    """At once and for this user only."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def main(arguments: Sequence[str]) -> int:
    """Serve one file of weights; a second server of the same plan ends at once."""
    from filelock import Timeout

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--idle", type=float, default=900.0)
    options = parser.parse_args(arguments)
    plan = Plan(options.weights, options.threads, options.idle)
    try:
        with lock_of(plan.alive).acquire(timeout=LOOK_SECONDS):
            serve(plan)
    except Timeout:
        print("another server of this plan is running")
        return 1
    except (RuntimeError, ImportError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    if code := main(sys.argv[1:]):
        sys.exit(code)  # lets llama.cpp write the rest of its log
    os._exit(0)  # its threads are not asked to end
