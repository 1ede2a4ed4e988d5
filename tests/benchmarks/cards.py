"""What cards cost: ten million rows against ten, and a namespace of two hundred variables.

Run with `python tests/benchmarks/cards.py`; times are medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from caveagent_magic.injection.card import card_text, describe
from caveagent_magic.injection.choose import changed, choose, known

ROUNDS = 200


def frame(rows: int) -> pd.DataFrame:
    """Numbers, times and categories, with memory that is only touched where it is looked at."""
    numbers = pd.DataFrame(np.zeros((rows, 8)), columns=[f"measure_{i}" for i in range(8)], copy=False)
    region = pd.Categorical.from_codes(np.zeros(rows, dtype=np.int8), ["north", "south"])
    return numbers.assign(region=region, day=np.zeros(rows, dtype="datetime64[us]"))


def median_ms(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def tokens(text: str) -> float:
    return len(text) / 4


def main() -> None:
    few, many = frame(10), frame(10**7)
    short, long = (card_text(describe("sales", df)) for df in (few, many))
    time_few, time_many = (median_ms(lambda df=df: describe("sales", df), ROUNDS) for df in (few, many))
    print(long)
    ratio = tokens(long) / tokens(short)
    print(f"tokens: {tokens(short):.0f} for 10 rows, {tokens(long):.0f} for 10^7, ratio {ratio:.3f}")
    print(
        f"time: {time_few:.3f} ms for 10 rows, {time_many:.3f} ms for 10^7, ratio {time_many / time_few:.2f}"
    )

    names: dict[str, object] = {f"df_{i}": (few, many)[i % 2] for i in range(100)}
    names |= {f"n_{i}": i for i in range(50)} | {f"l_{i}": list(range(1000)) for i in range(50)}

    def look_at_all() -> None:
        choose(names, prompt="Compare df_1 with df_2", recent=[], budget_tokens=2000)

    chosen = choose(names, prompt="Compare df_1 with df_2", recent=[], budget_tokens=2000)
    again = changed(known({}, chosen), chosen)
    spent = median_ms(look_at_all, 20)
    print(f"200 variables: {spent:.1f} ms, {len(chosen.cards)} cards, {chosen.left_out} counted")
    print(f"told again when nothing changed: {len(again.cards)} cards")


if __name__ == "__main__":
    main()
