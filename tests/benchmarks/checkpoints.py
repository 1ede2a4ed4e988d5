"""What a checkpoint costs: to take, to narrow, to undo, and in memory while the step runs."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from caveagent_magic.events import Changes
from caveagent_magic.rehearsal.checkpoint import Checkpoint

STEPS = {
    "nothing": "pass",
    "one cell": "frame.iloc[0, 0] = 5.0",
    "a new column": "frame['new'] = 1",
    "every value": "frame.iloc[:, :] = 0.0",
}


def kernel(gigabytes: float) -> dict[str, Any]:
    """A namespace with one frame of this size, and some smaller things."""
    rows = int(gigabytes * (1 << 30) / 8 / 8)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("import numpy as np, pandas as pd", namespace)
    exec(f"frame = pd.DataFrame(np.random.rand({rows}, 8), columns=list('abcdefgh'))", namespace)
    namespace["things"] = [{"number": number, "list": [number]} for number in range(5_000)]
    return namespace


def measured(namespace: dict[str, Any], code: str) -> tuple[float, float, float]:
    """Milliseconds to take and narrow the checkpoint, and to undo."""
    start = time.perf_counter()
    checkpoint = Checkpoint.take(namespace)
    taken = time.perf_counter()
    exec(code, namespace)
    ran = time.perf_counter()
    checkpoint.narrow(Changes())
    narrowed = time.perf_counter()
    assert not checkpoint.record.restore(namespace).not_undone
    undone = time.perf_counter()
    return (taken - start) * 1000, (narrowed - ran) * 1000, (undone - narrowed) * 1000


def private_kilobytes(pid: int) -> int:
    """Memory of this process that no other one shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_", "Swap:")))


def memory(gigabytes: float) -> None:
    """What a checkpoint adds to a kernel that holds so much and does nothing."""
    namespace = kernel(gigabytes)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    checkpoint = Checkpoint.take(namespace)
    frozen = checkpoint._memory.frozen
    assert frozen is not None
    time.sleep(1)
    own, fork = private_kilobytes(os.getpid()), private_kilobytes(frozen.pid)
    checkpoint.narrow(Changes())
    print(
        f"{gigabytes:g} GB, idle: {resident / 1024:,.0f} MB resident; private to the frozen fork "
        f"{fork / 1024:.1f} MB, to the kernel {own / 1024:.1f} MB while it lives: "
        f"{(fork + own) / resident:.2%} of the kernel; nothing of the fork is left after the step"
    )


def times(gigabytes: float) -> None:
    """The median of five of each kind of step."""
    namespace = kernel(gigabytes)
    for label, code in STEPS.items():
        rows = [measured(namespace, code) for _ in range(5)]
        take, narrow, undo = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{gigabytes:g} GB, {label}: take {take:.0f} ms, narrow {narrow:.0f} ms, undo {undo:.0f} ms")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        part = {"memory": memory, "times": times}[sys.argv[1]]
        part(float(sys.argv[2]))
    else:
        for what, size in (("times", "0.1"), ("times", "1"), ("memory", "1")):
            subprocess.run([sys.executable, __file__, what, size], check=True)
        print("the 4 GB of the bar: tests/benchmarks/checkpoints.py memory 4")
