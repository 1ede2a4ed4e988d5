"""What a rehearsal costs beside a bare fork, and what a thousand steps leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

SIZES = (0.1, 1.0, 4.0)  # gigabytes
STEPS = (100, 1000)


@dataclass(frozen=True)
class Left:
    """What a process holds at one moment."""

    counts: dict[str, int] = field(default_factory=dict)
    resident: int = 0  # bytes


def left() -> Left:
    """What this process holds now; the folder for temporary files is its own."""
    children = f"/proc/self/task/{os.getpid()}/children"
    with open("/proc/self/mounts") as mounts, open("/proc/self/statm") as statm, open(children) as pids:
        counts = {
            "descriptors": len(os.listdir("/proc/self/fd")),
            "children": len(pids.read().split()),
            "threads": len(os.listdir("/proc/self/task")),
            "files": len(os.listdir(tempfile.gettempdir())),
            "mounts": len(mounts.readlines()),
            "shared memory": len(_of_this_process("/dev/shm")),
        }
        return Left(counts, int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))


def _of_this_process(folder: str) -> list[str]:
    return [name for name in os.listdir(folder) if str(os.getpid()) in name or name.startswith("cave")]


def step_in(shell: Any) -> Callable[[str], None]:
    """Rehearse, checkpoint and run as a step does."""
    from caveagent_magic.injection.card import summary
    from caveagent_magic.rehearsal.changes import diff, snapshot
    from caveagent_magic.rehearsal.checkpoint import Checkpoint
    from caveagent_magic.rehearsal.fork import Limits, rehearse
    from caveagent_magic.shell.apart import run_apart

    namespace = shell.user_ns
    taken = []

    def take(code: str) -> None:
        rehearse(lambda emit: run_apart(shell, code, emit), namespace, Limits(), summary)
        checkpoint, before = Checkpoint.take(namespace), snapshot(namespace, summary)
        shell.run_cell(code, store_history=False, silent=True)
        checkpoint.narrow(diff(before, namespace, summary))
        taken.append(checkpoint)
        del taken[:-5]

    return take


def steps(early: int, late: int) -> tuple[Left, Left]:
    """What is held after so many steps and after so many more."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.run_cell("import numpy as np\nbig = np.ones((1000, 200))\nnumbers = [1, 2]", silent=True)
    take = step_in(shell)
    codes = ("x = len(numbers)", "numbers[0] += 1", "y = big[:10] * 2", "1 / 0", "big[0, 0] = 5", "print(x)")
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for number in range(early):
            take(codes[number % len(codes)])
        first = left()
        for number in range(early, late):
            take(codes[number % len(codes)])
        return first, left()


def steps_in_a_process(early: int, late: int) -> tuple[Left, Left]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "steps", str(early), str(late)]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "TMPDIR": folder}
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    first, second = (Left(**data) for data in json.loads(ran.stderr.splitlines()[-1]))
    return first, second


def median(action: Callable[[], object], times: int = 15) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


def bare_fork() -> None:
    """`os.fork() + os._exit()`."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def overhead(gigabytes: float) -> None:
    """Print what an empty step's rehearsal takes in a process of this size."""
    import pandas as pd

    from caveagent_magic.injection.card import summary
    from caveagent_magic.rehearsal.fork import Limits, rehearse

    rows = int(gigabytes * (1 << 30) / 80)
    namespace = {"frame": pd.DataFrame({f"c{number}": range(rows) for number in range(10)}, dtype="float64")}
    limits = Limits(seconds=60)

    def empty() -> None:
        rehearse(lambda emit: None, namespace, limits, summary)

    empty()
    bare, whole = median(bare_fork), median(empty)
    print(f"{gigabytes:4g} GB: fork {bare:6.1f} ms, rehearsal {whole:6.1f} ms, ratio {whole / bare:5.1f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["steps", early, late]:
            print("\n" + json.dumps([asdict(each) for each in steps(int(early), int(late))]), file=sys.stderr)
        case ["size", gigabytes]:
            overhead(float(gigabytes))
        case _:
            for size in SIZES:
                subprocess.run([sys.executable, __file__, "size", str(size)], check=True)
            first, second = steps_in_a_process(*STEPS)
            print(f"after {STEPS[0]} steps:  {first}\nafter {STEPS[1]} steps: {second}")
