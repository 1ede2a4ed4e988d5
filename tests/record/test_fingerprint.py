"""Fingerprints are the same in every process, differ with the content, and tell nothing without the key."""

import json
import os
import subprocess
import sys
import time

import pytest

from caveagent_magic.record.fingerprint import mark_of, mark_of_outputs
from caveagent_magic.record.key import Key

MINE, THEIRS = Key(b"m" * 32), Key(b"t" * 32)

PROGRAM = """
import json, sys, time, datetime, decimal
import numpy as np, pandas as pd, polars as pl
from caveagent_magic.record.fingerprint import mark_of
from caveagent_magic.record.key import Key
class Model:
    def __init__(self, x): self.weights = np.array([x, 2.0]); self.name = "m"
def made(x):
    def area(r, k=x): return r * k * 3
    return {
        "int": x, "float": x + 0.5, "text": f"é{x}", "list": [None, x], "nested": {"a": [1, {"b": x}]},
        "set": {"p", "q", f"r{x}"}, "bytes": bytes([x]), "date": datetime.date(2026, 1, x),
        "decimal": decimal.Decimal(x), "array": np.arange(x + 3), "texts": np.array(["a", f"b{x}"]),
        "objects": np.array(["a", x], dtype=object), "scalar": np.float64(x),
        "frame": pd.DataFrame({"a": [1, x], "b": ["u", f"v{x}"], "c": [1.5, None]}),
        "series": pd.Series([1.0, x], name="s"), "index": pd.DataFrame({"a": [1]}, index=[f"i{x}"]),
        "category": pd.DataFrame({"k": pd.Categorical(["a", f"b{x}"])}),
        "dates": pd.DataFrame({"d": pd.to_datetime([f"2026-01-0{x}"])}),
        "multi": pd.DataFrame({"a": [1, 2], "b": [1, x], "v": [1, 2]}).set_index(["a", "b"]),
        "polars": pl.DataFrame({"a": [1, x], "b": ["u", "v"]}), "model": Model(x), "function": area,
    }
key, deadline = Key(b"m" * 32), time.monotonic() + 60
print(json.dumps({n: mark_of(v, key, deadline) for n, v in made(int(sys.argv[1])).items()}))
"""


def marks(seed, x):
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(x)], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_equal_content_has_equal_fingerprints_in_every_process_and_other_content_others():
    first, again, other = marks("1", 3), marks("2", 3), marks("1", 4)

    assert first == again
    assert [name for name in first if first[name] is None or first[name] == other[name]] == []


def mark(thing, key=MINE):
    return mark_of(thing, key, time.monotonic() + 60)


def test_types_and_structure_count():
    things = [1, 1.0, True, "1", b"1", [1], (1,), {1}, {1: 1}, [[1], []], [[], [1]], None, [None], range(1)]

    assert len({mark(thing) for thing in things}) == len(things)


def test_a_cycle_ends():
    circle = [1]
    circle.append(circle)

    assert mark(circle) is not None


@pytest.mark.parametrize("thing", [iter([1]), open, object()])
def test_what_cannot_be_looked_into_has_no_fingerprint(thing):
    class Slotted:
        __slots__ = ("x",)

    assert mark(Slotted()) is None
    assert thing is open or mark(thing) is None


def test_code_of_the_class_is_not_run():
    class Trap:
        def __init__(self):
            self.value = 1

        def __getattribute__(self, name):
            raise AssertionError("looked at through its own code")

        __eq__ = __hash__ = __repr__ = __reduce__ = None

    assert mark(Trap()) is not None


def test_without_the_key_a_small_value_cannot_be_guessed_from_its_fingerprint():
    assert mark(6, MINE) != mark(6, THEIRS)


def test_addresses_and_durations_in_outputs_do_not_count():
    def printed(text):
        return ({"output_type": "stream", "name": "stdout", "text": text},)

    same = [mark_of_outputs(printed(f"<obj at 0x7f{n}0000> in {n} ms"), MINE) for n in (1, 2)]
    assert same[0] == same[1] != mark_of_outputs(printed("something else"), MINE)
