"""What cards cost: ten million rows against a thousand, and a namespace of two hundred variables.

Run with `python tests/benchmarks/cards.py`; times are medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from caveagent_magic.injection.card import describe
from caveagent_magic.injection.choose import changed, choose, known
from caveagent_magic.injection.levels import LEVELS, Level
from caveagent_magic.injection.look import look
from caveagent_magic.injection.words import card_text

ROUNDS = 50
FRESH = 5  # namespaces of new objects


def frame(rows: int) -> pd.DataFrame:
    """Numbers, times and categories, with memory that is only touched where it is looked at."""
    numbers = pd.DataFrame(np.zeros((rows, 8)), columns=[f"measure_{i}" for i in range(8)], copy=False)
    region = pd.Categorical.from_codes(np.zeros(rows, dtype=np.int8), ["north", "south"])
    return numbers.assign(region=region, day=np.zeros(rows, dtype="datetime64[us]"))


def namespace(large: pd.DataFrame) -> dict[str, object]:
    """Two hundred objects that no look has met yet: frames, lists, dictionaries, functions and numbers."""
    names: dict[str, object] = {f"large_{i}": large.copy(deep=False) for i in range(20)}
    names |= {f"df_{i}": frame(1000) for i in range(60)}
    names |= {f"list_{i}": list(range(1000)) for i in range(40)}
    names |= {f"dict_{i}": {"host": "h", "ports": [i]} for i in range(20)}
    names |= {f"function_{i}": median_ms for i in range(20)}
    return names | {f"number_{i}": i for i in range(40)}


def median_ms(work: Callable[[], object], rounds: int) -> float:
    return statistics.median(timed(work)[0] for _ in range(rounds))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds by the clock, and of the processor."""
    started, used = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - started) * 1000, (time.process_time() - used) * 1000


def tokens(text: str) -> float:
    return len(text) / 4


def measure(large: pd.DataFrame, level: Level) -> None:
    """The first look at a namespace, and one when all is known and nothing has changed."""
    first, again = [], []
    for _ in range(FRESH):
        names = namespace(large)
        seen = partial(look, names, levels=dict.fromkeys(names, level))
        first.append(timed(seen))
        for _ in range(10):  # until there was time for all
            seen()
        again += [timed(seen) for _ in range(5)]
    for word, times in (("first", first), ("again", again)):
        wall, cpu = (statistics.median(each) for each in zip(*times, strict=True))
        print(f"200 variables, {level}, {word}: {wall:.1f} ms, {cpu:.1f} ms of them computing")


def main() -> None:
    few, many = frame(10**3), frame(10**7)
    short, long = (card_text(describe("sales", df)) for df in (few, many))
    time_few, time_many = (median_ms(lambda df=df: describe("sales", df), ROUNDS) for df in (few, many))
    print(long)
    ratio = tokens(long) / tokens(short)
    print(f"tokens: {tokens(short):.0f} for 10^3 rows, {tokens(long):.0f} for 10^7, ratio {ratio:.3f}")
    print(f"time: {time_few:.3f} ms for 10^3 rows, {time_many:.3f} ms for 10^7")

    look({"warm": few})
    for level in LEVELS[1:3]:
        measure(many, level)

    names = namespace(many)
    chosen = choose(names, prompt="Compare df_1 with df_2", recent=[], budget_tokens=2000)
    spent = median_ms(
        lambda: choose(names, prompt="Compare df_1 with df_2", recent=[], budget_tokens=2000), 20
    )
    told = changed(known({}, chosen), chosen)
    print(f"200 variables chosen within a budget: {spent:.1f} ms; told again: {len(told.cards)} cards")


if __name__ == "__main__":
    main()
