from __future__ import annotations

import os
import random

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caveagent_magic.rehearsal.adopt import CannotMove, reaches_outside
from caveagent_magic.rehearsal.content import content_mark
from caveagent_magic.rehearsal.fork import Limits, rehearse
from caveagent_magic.step.rehearsal import names_in
from tests.rehearsal.conftest import describe


def try_out(source, namespace, **limits):
    return rehearse(
        lambda emit: exec(source, namespace),
        namespace,
        Limits(**{"seconds": 100.0, "adopt_seconds": 0, **limits}),
        describe,
        used=names_in(source),
    )


def adopt(source, namespace):
    """Rehearse and take over; the reason where that is refused."""
    trial = try_out(source, namespace)
    if trial.outcome is not None:
        trial.outcome.load(namespace).bind(namespace)
        trial.outcome.close()
    return trial.not_adoptable or trial.stopped


def fresh():
    return {
        "__name__": "__main__",
        "np": np,
        "pd": pd,
        "frame": pd.DataFrame({"a": range(5), "s": list("abcde")}),
        "items": [1, {"x": 1}],
        "array": np.zeros(10),
        "records": [{"n": n} for n in range(3)],
    }


MOVED = {
    "an old object inside a new one": ("b = {'raw': frame}", "b['raw'] is frame"),
    "an old object that refers to nothing": ("b = records[::2]", "b[0] is records[0]"),
    "an alias of a new object": ("b = [1]; c = {'k': b}", "c['k'] is b"),
    "an old object under a new name": ("b = items", "b is items"),
    "a frame with columns of an old one": ("b = frame.assign(z=1)[['a', 'z']]", "b.z.sum() == 5"),
    "a large array": ("b = np.arange(1e6)", "b.flags.writeable and b.sum() == 499999500000"),
    "an array that may only be read": ("b = np.zeros(9); b.flags.writeable = False", "not b.flags.writeable"),
    "a function that reads a global": ("def f(): return k\nk = 1", "f.__globals__ is globals() and f() == 1"),
    "a class and its object": ("class A: pass\na = A()", "type(a) is A"),
    "a function with a cell": ("def f(n): return lambda: n\ng = f(3)", "g() == 3"),
    "a name that is deleted": ("del items", "'items' not in globals()"),
    "a generator of random numbers": ("rng = np.random.default_rng(1)", "0 < rng.random() < 1"),
    "a module": ("import colorsys", "colorsys.__name__ == 'colorsys'"),
}


@pytest.mark.parametrize(("code", "holds"), MOVED.values(), ids=MOVED)
def test_what_is_moved_is_as_if_the_code_had_run(code, holds):
    namespace = fresh()

    refused = adopt(code, namespace)

    assert (refused, eval(holds, namespace)) == ("", True)


def test_an_object_of_an_older_class_keeps_its_class():
    namespace = fresh()
    exec("class A: pass", namespace)

    refused = adopt("a = A()", namespace)

    assert (refused, type(namespace["a"]) is namespace["A"]) == ("", True)


REFUSED = {
    "items.append(3)": "items was changed in place",
    "records[1]['n'] = 9": "records was changed in place",
    "frame.loc[0, 'a'] = 9": "frame was changed in place",
    "view = array[2:]": "an array shares its memory with an older one",
    "b = np.zeros(9); c = b[1:]": "two arrays share their memory",
    "b = (n for n in items)": "they cannot be pickled: TypeError: cannot pickle 'generator' object",
    "pd.set_option('display.max_rows', 7)": "pandas' options was changed in place",
    "import os; os.environ['CAVE_TEST'] = '1'": "the code changed environment variables",
}


@pytest.mark.parametrize(("code", "reason"), REFUSED.items(), ids=REFUSED)
def test_what_would_not_be_the_same_is_refused(code, reason):
    namespace = fresh()
    before = dict(namespace)

    refused = adopt(code, namespace)

    namespace.pop("__builtins__", None)
    assert (refused, {**namespace} == {**before} if "frame" not in code else True) == (reason, True)


def test_what_a_step_does_inside_an_object_that_cannot_be_looked_into_is_not_left_behind():
    namespace = fresh() | {"con": duckdb.connect()}

    refused = adopt("con.execute('create table t (a int)')\nb = 1", namespace)

    assert refused == "what the code did with con cannot be seen: it holds a _duckdb.DuckDBPyConnection"
    assert "b" not in namespace
    assert adopt("b = 1", namespace) == ""


def test_results_that_are_too_large_are_refused():
    trial = try_out("b = np.ones(1_000_000)", fresh(), adopt_bytes=1 << 20)

    assert (trial.outcome, trial.not_adoptable) == (None, "they are larger than 1 MB")


def test_the_generators_go_on_where_the_code_left_them():
    namespace = fresh()
    random.seed(5)
    np.random.seed(5)
    expected = [random.random() for _ in range(3)], np.random.rand(3).tolist()
    random.seed(5)
    np.random.seed(5)

    adopt("import random\nb = [random.random(), random.random()], np.random.rand(2).tolist()", namespace)

    assert [*namespace["b"][0], random.random()] == expected[0]
    assert [*namespace["b"][1], np.random.rand()] == expected[1]


@pytest.mark.parametrize(
    "code",
    ["pd.x = 1", "import json\njson.x = 1", "pd.DataFrame.f = 1", "setattr(a, 'b', 1)", "get_ipython()"],
)
def test_code_that_sets_what_belongs_to_modules_is_recognised(code):
    assert reaches_outside(code, fresh()) != ""


@pytest.mark.parametrize("code", ["a = 1", "frame['z'] = 1", "frame.loc[0, 'a'] = 2", "x = pd.DataFrame()"])
def test_code_that_sets_the_persons_own_is_not(code):
    assert reaches_outside(code, fresh()) == ""


LINES = st.sampled_from(
    [
        "x = [items, {n}]", "y = frame.assign(z={n})", "z = array + {n}", "x = {{'k': x, 'f': frame}}",
        "w = array[{n}:]", "items.append({n})", "v = [x, x]", "frame = frame[frame.a > {n}]", "del array",
        "array = array * 2", "records = records[{n}:]", "u = records[0]; u2 = [u]", "f = lambda: {n}",
        "class K: n = {n}", "k = K()", "y.loc[0, 'a'] = {n}", "r = np.random.rand()", "t = (items, records)",
        "x.append({n})", "s = frame['a']", "m = np.arange({n}).reshape(1, -1)", "q = m[0]",
    ]
)  # fmt: skip
PROGRAMS = int(os.environ.get("CAVEAGENT_PROGRAMS", "20"))
NAMES = ("x", "y", "z", "w", "v", "items", "frame", "array", "records", "u", "r", "t", "s", "m", "q")


@settings(max_examples=PROGRAMS, deadline=None)
@given(program=st.lists(st.tuples(LINES, st.integers(0, 4)), min_size=1, max_size=6))
def test_whatever_is_taken_over_equals_a_run(program):
    lines = [f"try: {line.format(n=n)}\nexcept Exception: pass" for line, n in program if "class" not in line]
    source, adopted, run = "\n".join(lines), fresh(), fresh()
    np.random.seed(1)

    refused = adopt(source, adopted)
    np.random.seed(1)
    exec(source, run)

    if not refused:
        assert structure(adopted) == structure(run)


def structure(namespace):
    """The content of each name, and which names share objects with which."""
    values = {name: namespace[name] for name in NAMES if name in namespace}
    marks = {name: content_mark(value, float("inf")) for name, value in values.items()}
    return marks, content_mark(values, float("inf")), sorted(n for n in namespace if n != "__builtins__")


MEANWHILE = {
    "content": ("b = {'raw': items}", "items.append(2)", "was changed since the rehearsal"),
    "content deep inside": ("b = items", "items[1]['x'] = 2", "was changed since the rehearsal"),
    "a value of a frame": ("b = [frame]", "frame.iloc[0, 0] = 9", "was changed since the rehearsal"),
    "a value of a large array": ("b = [large]", "large[77_777] = 1", "was changed since the rehearsal"),
    "a new binding": ("b = 1", "b = 2", "b was bound anew since the rehearsal"),
    "another binding": ("items = 1", "items = [1, {'x': 1}]", "items was bound anew since the rehearsal"),
    "a deleted name": ("items = 1", "del items", "items was bound anew since the rehearsal"),
}


@pytest.mark.parametrize(("source", "meanwhile", "reason"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_a_thread_of_the_persons_has_done_since_is_noticed(source, meanwhile, reason):
    namespace = fresh() | {"large": np.zeros(1 << 20)}
    trial = try_out(source, namespace)
    assert trial.outcome is not None, trial.not_adoptable
    exec(meanwhile, namespace)

    with pytest.raises(CannotMove, match=reason):
        trial.outcome.load(namespace)


def test_what_others_have_done_to_other_names_does_not_matter():
    namespace = fresh()
    trial = try_out("b = items", namespace)
    namespace["records"].append(1)
    namespace["more"] = 2

    trial.outcome.load(namespace).bind(namespace)

    assert namespace["b"] is namespace["items"]
