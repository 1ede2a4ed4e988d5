"""What the guard costs a run: file opens, a pandas group-by, Python calls, each with and without it.

Run with `python tests/benchmarks/guarding.py`; ratios are of medians over rounds that take turns.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from caveagent_magic.security import guard

OPENS, CALLS, ROUNDS = 10_000, 10**6, 5


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def compared(work: Callable[[], object], root: str, rounds: int = ROUNDS) -> tuple[float, float]:
    """Median seconds of CPU without and with the guard; the two take turns, as a busy machine slows both."""
    times: dict[bool, list[float]] = {False: [], True: []}
    work()
    for turn in range(2 * rounds):
        guarded = turn % 4 in (1, 2)  # A B B A
        with guard(set(), root=root) if guarded else contextlib.nullcontext():
            times[guarded].append(seconds(work))
    return statistics.median(times[False]), statistics.median(times[True])


def main() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"key": rng.integers(0, 100, 500_000), "value": rng.random(500_000)})

    def group() -> None:
        frame.groupby("key")["value"].agg(["mean", "std"])

    def call() -> None:
        function = abs
        add = lambda x: x  # noqa: E731  # a Python function, the cheapest there is
        for number in range(CALLS // 2):
            function(number)
            add(number)

    with tempfile.TemporaryDirectory(dir=Path.home()) as root:
        one = Path(root, "one.txt")
        one.write_text("x")
        many = [str(Path(root, f"{number}.txt")) for number in range(OPENS)]
        for path in many:
            Path(path).write_text("x")

        def open_one(path: str = str(one)) -> None:
            for _ in range(OPENS):
                open(path).close()

        def open_many() -> None:
            for path in many:
                open(path).close()

        def open_binary() -> None:
            for path in many:
                open(path, "rb").close()

        works: dict[str, tuple[Callable[[], object], float]] = {
            f"{OPENS:,} opens of one file": (open_one, 1.25),
            f"{OPENS:,} files opened": (open_many, 1.25),
            f"{OPENS:,} files opened as bytes": (open_binary, 1.25),
            "group-by of 500,000 rows": (group, 1.02),
            f"{CALLS:,} calls": (call, 1.02),
        }
        for label, (work, bar) in works.items():
            without, guarded = compared(work, root, ROUNDS if bar > 1.1 else 3 * ROUNDS)
            print(
                f"{label}: {without * 1000:.0f} ms without, {guarded * 1000:.0f} ms with the guard, "
                f"ratio {guarded / without:.3f} (at most {bar})"
            )


if __name__ == "__main__":
    main()
