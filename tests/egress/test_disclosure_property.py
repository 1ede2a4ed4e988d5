"""Whatever random sessions print, raise, plot or return: no marked cell of a frame is in what is sent."""

import os
import random
import re
from pathlib import Path

import matplotlib
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caveagent_magic.egress.disclosure import Disclosure
from tests.egress.conftest import requests_of

matplotlib.use("Agg")
SESSIONS = int(os.environ.get("CAVEAGENT_SESSIONS", "12"))
LETTERS = "bcdfghjklmnpqrstvwxz"

# What models write, with the columns s (text), n (whole numbers), f (fractions) and t (days) of `df`.
STATEMENTS = Path(__file__).with_name("disclosure.cells").read_text().strip().split("\n\n")


def mark(rng):
    return "".join(rng.choice(LETTERS) for _ in range(9))


def world(rng, rows):
    """A namespace of the person's, and all the marks in it."""
    texts = [f"{mark(rng)} {mark(rng)}" if rng.random() < 0.4 else mark(rng) for _ in range(rows)]
    whole = [rng.randrange(10**6, 10**9) for _ in range(rows)]
    parts = [rng.uniform(10, 10**4) for _ in range(rows)]
    days = pd.to_datetime([f"{rng.randrange(1900, 2020)}-{rng.randrange(1, 13):02}-17" for _ in range(rows)])
    df = pd.DataFrame({"s": texts, "n": whole, "f": parts, "t": days})
    other = pd.DataFrame({"s": [mark(rng)], "n": [rng.randrange(10**6, 10**9)]})
    namespace = {
        "df": df, "pd": pd, "nested": {"inner": other}, "series": df.n.copy(),
        "arr": df.f.to_numpy(copy=True), "lookup": dict(zip(df.s, df.n, strict=True)),
    }  # fmt: skip
    words = {word for text in (*texts, *other.s) for word in text.split()}
    numbers = {str(number) for number in (*whole, *other.n)} | {f"{number:.3f}" for number in parts}
    return namespace, words, numbers


def sent_by(shell, namespace, steps):
    """The text of every request of a session with these steps."""
    return "\n".join(
        f"{request.system}\n" + "\n".join(message.text for message in request.messages)
        for request in requests_of(shell, namespace, steps)
    )


def leaked(text, words, numbers):
    """The marks that are in a text, however they are written."""
    plain = re.sub(r"(?<=\d)[,_](?=\d{3})", "", text).casefold()
    return {word for word in words if word in plain} | {number for number in numbers if number in plain}


@settings(
    max_examples=SESSIONS, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(4, 40),
    steps=st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=5),
)
def test_no_cell_of_a_frame_goes_over_the_wire_at_level_schema(shell, seed, rows, steps):
    namespace, words, numbers = world(random.Random(seed), rows)

    text = sent_by(shell, namespace, steps)

    assert leaked(text, words, numbers) == set()


def test_keys_that_were_cells_stay_here_when_their_frame_is_gone(shell):
    namespace, words, numbers = world(random.Random(118), 4)

    text = sent_by(shell, namespace, ["print(df); del df", "len(lookup)"])

    assert leaked(text, words, numbers) == set()


def test_marks_would_be_found_if_output_were_told_as_it_is(shell, monkeypatch):
    monkeypatch.setattr(Disclosure, "outputs", lambda self, outputs, namespace: outputs)
    namespace, words, numbers = world(random.Random(1), 8)

    text = sent_by(shell, namespace, ["print(df.to_string())", "raise ValueError(df.s[0])"])

    assert len(leaked(text, words, numbers)) > 8


def test_sums_means_and_counts_are_told(shell):
    namespace, *_ = world(random.Random(2), 8)
    df = namespace["df"]

    text = sent_by(shell, namespace, ["print(len(df), df.n.sum(), df.f.mean())"])

    assert f"8 {df.n.sum()} {df.f.mean()}" in text
