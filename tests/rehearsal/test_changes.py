from __future__ import annotations

import copy
import datetime
import random
import string
import types

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caveagent_magic.events import Change, Changes
from caveagent_magic.rehearsal.changes import diff, snapshot
from caveagent_magic.rehearsal.fingerprint import fingerprint


def describe(thing):
    return (
        f"{type(thing).__name__}({len(thing)})"
        if isinstance(thing, (list, dict, set))
        else type(thing).__name__
    )


class Hostile:
    """Every look at it through code of its own is a failure."""

    def __init__(self):
        self.value = 1

    def _refuse(self, *_):
        raise AssertionError("user code was called")

    __eq__ = __len__ = __repr__ = __str__ = __iter__ = __bool__ = _refuse
    __hash__ = _refuse
    dtype = shape = property(_refuse)


def test_of_what_a_step_is_not_known_to_change_only_what_its_code_names_is_glanced_at():
    table = pd.DataFrame({"a": np.zeros(100_000), "b": ["x", None] * 50_000})
    namespace = {"known": [1], "named": table, "unnamed": [1], "bound": 1}
    before = snapshot(namespace, describe, closely=("known",), named=("named",))
    table["a"] = 1.0
    namespace["known"].append(2)
    namespace["unnamed"].append(2)
    namespace["bound"] = 2

    found = diff(before, namespace, describe)

    assert found.changed == (
        Change("known", "list(1) → list(2)"),
        Change("named", "changed in place"),
        Change("bound", "new object, int"),
    )


class Slotted:
    __slots__ = ()


class Loud(dict):
    items = values = keys = __iter__ = __len__ = Hostile._refuse


def frame(rows=100):
    return pd.DataFrame({"price": np.arange(rows, dtype="float64"), "name": ["a"] * rows, "n": range(rows)})


def compare(namespace, code):
    """What `diff` finds in this process, where no page table helps."""
    namespace |= {"np": np, "pd": pd, "pl": pl}
    before = snapshot(namespace, describe)
    exec(code, namespace)
    return diff(before, namespace, describe)


IN_PLACE = [
    ([1, 2], "x.append(3)", "list(2) → list(3)"),
    ([1, -1], "x[1] = -2", "changed in place"),
    ([[1], [2]], "x[0].append(9)", "changed in place"),
    ({"a": 1}, "x['a'] = 2", "changed in place"),
    ({"a": [1]}, "x['a'][0] = 1.0", "changed in place"),
    ({1, 2}, "x.discard(2); x.add(3)", "changed in place"),
    ([float("nan")], "x[0] = 0.0", "changed in place"),
    (bytearray(b"ab"), "x[0] = 0", "changed in place"),
    (types.SimpleNamespace(a=[1]), "x.a.append(2)", "changed in place"),
    (types.SimpleNamespace(a=1), "x.a = 2", "changed in place"),
    (np.zeros(10), "x[0] = 1", "changed in place"),
    (np.zeros(10)[::2], "x[0] = 1", "changed in place"),
    (np.zeros((3, 4)), "x.shape = (4, 3)", "shape (3, 4) → (4, 3)"),
    (np.array(["a", "b"], dtype=object), "x[0] = 'c'", "changed in place"),
    (np.zeros(10, dtype="datetime64[s]"), "x[0] = '2020-01-01'", "changed in place"),
    (frame(), "x.iloc[0, 0] = 99", "changed in place"),
    (frame(), "x.loc[5, 'name'] = 'b'", "changed in place"),
    (frame(), "x['margin'] = 1", "+margin"),
    (frame(), "x.drop(columns='price', inplace=True)", "−price"),
    (frame(), "x.drop(index=[0, 1], inplace=True)", "100 → 98 rows"),
    (frame(), "x['n'] = x['n'].astype('float64')", "n int64 → float64"),
    (frame(), "x.rename(columns={'price': 'cost'}, inplace=True)", "+cost, −price"),
    (frame(), "x.sort_values('price', ascending=False, inplace=True)", "changed in place"),
    (frame()["price"], "x.iloc[3] = -1", "changed in place"),
    (pd.DataFrame({"c": pd.Categorical(["a", "b"])}), "x.loc[0, 'c'] = 'b'", "changed in place"),
    (pd.DataFrame({"i": pd.array([1, None], dtype="Int64")}), "x.loc[0, 'i'] = 5", "changed in place"),
    (frame(), "x.loc[3:5, 'name'] = None", "3 new nulls in name"),
    (frame(), "x.set_index('price', inplace=True)", "−price, index Index → Index 'price'"),
    (frame(), "x.insert(0, 'price', x.pop('price').astype('int64'))", "price float64 → int64"),
    (frame(), "x.insert(1, 'price', x.pop('price'))", "columns in another order"),
    (frame(), "x.attrs['unit'] = 'EUR'", "changed in place"),
    (frame(), "x.index.name = 'row'", "index Index → Index 'row'"),
    (dict.fromkeys("abc", 1), "x.update(d=1, e=1); del x['a']", "+2 keys, −1 key"),
    ({"deep": [[1], [2]]}, "x['deep'][1].append(3)", "changed in place"),
    (list(range(100_000)), "x[77_777] = -2", "changed in place"),
    ({n: [n] for n in range(5_000)}, "x[4_321].append(1)", "changed in place"),
    (np.random.default_rng(1), "x.normal()", "changed in place"),
    (np.random.RandomState(1), "x.normal()", "changed in place"),
    (random.Random(1), "x.random()", "changed in place"),
    (np.zeros(3), "x.dtype = 'int64'", "float64 → int64"),
    (
        pd.DataFrame({"t": pd.to_datetime(["2020-01-01"])}),
        "x.loc[0, 't'] = pd.Timestamp(0)",
        "changed in place",
    ),
]


@pytest.mark.parametrize(("thing", "code", "summary"), IN_PLACE)
def test_a_change_in_place_is_found(thing, code, summary):
    thing = copy.deepcopy(thing)

    assert compare({"x": thing}, code) == Changes(changed=(Change("x", summary),))


@pytest.mark.parametrize(
    "thing", [thing for thing, _, _ in IN_PLACE] + [Hostile(), Slotted(), object(), 1j, None]
)
def test_reading_is_not_a_change(thing):
    assert (
        compare({"x": thing}, "try: x.columns, x.dtypes, x.sum()\nexcept (AttributeError, TypeError): pass")
        == Changes()
    )


def test_frames_say_rows_and_columns():
    namespace = {"sales": frame(10_000)}

    changes = compare(namespace, "sales = sales.iloc[:9912].assign(margin=1).drop(columns='price')")

    assert changes == Changes(changed=(Change("sales", "10,000 → 9,912 rows, +margin, −price"),))


def test_of_a_polars_frame_the_outline_is_compared_and_the_note_says_so():
    namespace = {"x": pl.DataFrame({"a": [1]}), "y": pl.DataFrame({"a": [1]})}

    changes = compare(namespace, "x.insert_column(1, pl.Series('b', [1]))")

    assert changes == Changes(
        changed=(Change("x", "+b"),), note="Only samples were checked for changes in place: y."
    )


def test_many_columns_are_counted():
    changes = compare({"x": frame()}, "[x.insert(3, f'c{i}', i) for i in reversed(range(9))]")

    assert changes == Changes(changed=(Change("x", "+c0, +c1, +c2, +c3, +c4, +c5, and 3 more columns"),))


def test_names_are_added_replaced_and_removed():
    namespace = {"a": 1, "f": frame(), "gone": [1], "_hidden": 1, "In": []}

    changes = compare(
        namespace, "import json\na = 'text'\nf = f.copy()\nb = []\ndel gone\n_hidden = 2\nIn = 3"
    )

    assert changes == Changes(
        added=(Change("json", "module json"), Change("b", "list(0)")),
        changed=(Change("a", "int → str", "1 → 'text'"), Change("f", "new object, DataFrame")),
        removed=(Change("gone", "list(1)"),),
    )


def test_binding_an_equal_small_value_again_is_no_change():
    assert compare({"a": 1000, "b": [1, "x"]}, "a = int('1000'); b = [1, 'x']") == Changes()


def test_no_code_of_the_users_is_called():
    hostile, loud = Hostile(), Loud(a=1)
    namespace = {
        "h": hostile,
        "l": loud,
        "many": [hostile, {"k": hostile}],
        "array": np.array([hostile], dtype=object),
    }

    changes = compare(namespace, "h.value = 2")

    assert [change.name for change in changes.changed] == ["h", "many", "array"]


def test_a_description_that_raises_leaves_the_type():
    def failing(thing):
        raise ValueError("no")

    assert diff(snapshot({}, failing), {"x": 1}, failing) == Changes(added=(Change("x", "int", "1"),))


def test_cycles_and_aliases_are_walked_once():
    cycle = [1]
    cycle.append(cycle)

    assert compare({"x": cycle}, "x[0] = 2").changed == (Change("x", "changed in place"),)


def test_an_alias_that_becomes_a_copy_is_a_change():
    inner = [1]

    assert compare({"x": [inner, inner]}, "x[1] = [1]").changed == (Change("x", "changed in place"),)


def test_without_time_only_bindings_are_compared_and_the_note_says_so():
    namespace = {f"n{i}": [i] for i in range(7)}
    before = snapshot(namespace, describe, seconds=-1)
    namespace["n0"].append(1)
    namespace["n1"] = 5

    assert diff(before, namespace, describe) == Changes(
        changed=(Change("n1", "list → int"),),
        note="Not checked for changes in place, for want of time: n0, n2, n3, n4, n5 and 1 more.",
    )


def test_one_element_in_the_middle_of_a_large_array_is_found():
    namespace = {"x": np.ones(5_000_000), "y": np.ones(5_000_000)}

    assert compare(namespace, "x[1_234_567] = 2") == Changes(changed=(Change("x", "changed in place"),))
    assert compare(namespace, "x.sum()") == Changes()


def test_without_time_a_large_array_is_sampled_and_the_note_says_so():
    array = np.ones(5_000_000)
    before, same = fingerprint(array), fingerprint(array)

    assert (before.compare(same), before.sampled) == ("partly", True)


def test_what_a_function_or_class_of_the_persons_holds_is_looked_at():
    namespace = {"__name__": "__main__"}
    exec("def f(a=[]): ...\nclass K:\n    limit = 1\n    def m(self): ...\nk = K()", namespace)

    changes = compare(namespace, "f.__defaults__[0].append(1); K.limit = 2")

    assert changes == Changes(changed=(Change("f", "changed in place"), Change("K", "changed in place")))


def test_memory_that_is_shared_is_read_and_not_left_to_the_page_table(tmp_path):
    namespace = {"x": np.memmap(tmp_path / "data", dtype="float64", mode="w+", shape=(1_000_000,))}

    assert compare(namespace, "x[500_123] = 2").changed == (Change("x", "changed in place"),)


def test_memory_that_became_shared_right_after_a_look_is_known_at_the_next(tmp_path, try_out, said):
    np.memmap(tmp_path / "data", dtype="f8", mode="w+", shape=(1_000_000,)).flush()
    source = """
snapshot({"big": big}, str)
mapped = np.memmap(path, dtype="f8", mode="r+", shape=(1_000_000,))
before = snapshot({"mapped": mapped}, str)
mapped[500_123] = 2
_emit({"output_type": "stream", "name": "stdout", "text": str(diff(before, {"mapped": mapped}, str).changed)})
"""
    namespace = {"np": np, "big": np.ones(2_000_000), "path": tmp_path / "data"}

    trial = try_out(source, namespace | {"snapshot": snapshot, "diff": diff})

    assert "changed in place" in said(trial)


def test_in_a_fork_one_element_of_a_large_array_is_found(try_out):
    namespace = {"x": np.ones(2_000_000), "y": np.ones(2_000_000), "f": pd.DataFrame(np.ones((500_000, 4)))}

    trial = try_out("x[1_234_567] = 2; f.iloc[77_777, 2] = 2; y.sum(); f.describe()", namespace)

    assert trial.changes == Changes(
        changed=(Change("x", "changed in place"), Change("f", "changed in place"))
    )


VALUES = st.recursive(
    st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=3) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)
STATEMENTS = st.sampled_from(
    [
        "l.append({v!r})", "l[:] = [{v!r}]", "l.sort(key=str)", "d[{n}] = {v!r}", "d.clear()", "a[{n}] = {n}",
        "a += {n}", "b[::2] = {n}", "big[{n} * 1000] = {n}", "f.iloc[{n}, 0] = {n}", "f['new{n}'] = {n}",
        "f.drop(index={n}, inplace=True, errors='ignore')", "f = f[f.x > {n}]",
        "f.sort_values('x', inplace=True)",
        "alias.append({v!r})", "view[{n}] = 7", "del l[:{n}]", "o.attribute = {v!r}", "o.items.append({n})",
        "del d", "l = {v!r}", "new = {v!r}",
    ]
)  # fmt: skip
PROGRAMS = st.lists(st.tuples(STATEMENTS, VALUES, st.integers(0, 9)), min_size=1, max_size=6)


def fresh():
    array, items = np.arange(100.0), [3, 1, 2]
    plain = types.SimpleNamespace(attribute=1, items=[1])
    table = pd.DataFrame({"x": range(50), "s": list(string.ascii_letters[:50])})
    return {
        "l": items, "alias": items, "d": {"k": [1]}, "a": array, "view": array[10:], "b": np.zeros((6, 6)),
        "big": np.zeros(300_000), "f": table, "o": plain,
    }  # fmt: skip


def content(namespace):
    """Everything, bit by bit."""
    return {
        "l": repr(namespace["l"]), "alias": namespace["alias"] is namespace["l"], "d": repr(namespace["d"]),
        "arrays": [namespace[name].tobytes() for name in ("a", "view", "b", "big")],
        "shared": np.shares_memory(namespace["a"], namespace["view"]),
        "f": namespace["f"].to_csv(), "o": repr(namespace["o"]), "names": sorted(namespace),
    }  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(program=PROGRAMS)
def test_whatever_is_rehearsed_the_parents_namespace_stays_bit_identical(try_out, program):
    namespace = fresh()
    before, identities = content(namespace), {name: id(thing) for name, thing in namespace.items()}
    lines = [
        f"try: {form.format(v=value, n=number)}\nexcept Exception: pass" for form, value, number in program
    ]

    trial = try_out("\n".join(lines), namespace)

    assert (content(namespace), {name: id(thing) for name, thing in namespace.items()}) == (
        before,
        identities,
    )
    assert trial.stopped == ""


@settings(max_examples=100, deadline=None)
@given(program=PROGRAMS)
def test_every_change_of_a_random_program_is_found(program):
    namespace = fresh()
    untouched = content(namespace)
    lines = [
        f"try: {form.format(v=value, n=number)}\nexcept Exception: pass" for form, value, number in program
    ]

    found = compare(namespace, "\n".join(lines))
    names = {change.name for change in (*found.added, *found.changed, *found.removed)}

    for name in ("l", "d", "f", "o"):
        now = (
            content({**fresh(), name: namespace.get(name)}).get(name)
            if name != "f" and name in namespace
            else None
        )
        if now is not None and now != untouched[name]:
            assert name in names


def test_the_fingerprint_of_the_same_content_is_the_same():
    rows = [[random.random(), str(i)] for i in range(100)]

    assert fingerprint(rows).digest == fingerprint([list(row) for row in rows]).digest


def test_an_array_that_is_remembered_can_be_resized():
    array = np.arange(3)
    before = snapshot({"array": array}, describe)

    array.resize(5, refcheck=False)

    assert diff(before, {"array": array}, describe).changed == (Change("array", "shape (3,) → (5,)"),)


VALUES = {
    "a number": (3, 5, "3 → 5"),
    "a text": ("Nord", "Süd", "'Nord' → 'Süd'"),
    "nothing": (None, True, "None → True"),
    "a date": (datetime.date(2026, 1, 2), 1.5, "datetime.date(2026, 1, 2) → 1.5"),
    "a long text": ("x" * 10_000, 0, f"'{'x' * 28}… → 0"),
    "a number that Python does not write": (1 << 1_000_000, 0, ""),
    "a list": ([1], [1, 2], ""),
}


@pytest.mark.parametrize(("old", "new", "values"), VALUES.values(), ids=VALUES)
def test_a_changed_value_is_shown_before_and_after(old, new, values):
    before = snapshot({"x": old}, lambda thing: type(thing).__name__)

    (change,) = diff(before, {"x": new}, lambda thing: type(thing).__name__).changed

    assert change.values == values
