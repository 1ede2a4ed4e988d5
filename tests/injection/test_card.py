import functools
import sys
from dataclasses import dataclass
from types import FrameType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.card import Chosen, describe, summary
from caveagent_magic.injection.words import card_text, cards_text

MARK = "zq7-"  # not an identifier, so that it can stand for data in keys too


def told(obj: object) -> str:
    return card_text(describe("x", obj))


def frame(rows: int) -> pd.DataFrame:
    numbers = pd.DataFrame(np.zeros((rows, 9)), columns=[f"measure_{i}" for i in range(9)], copy=False)
    return numbers.assign(region=pd.Categorical.from_codes(np.zeros(rows, dtype=np.int8), ["north", "south"]))


def calls_of(obj: object) -> int:
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        describe("x", obj)
    finally:
        sys.setprofile(None)
    return calls


def test_a_card_tells_what_code_needs_to_know_of_a_frame() -> None:
    sales = pd.DataFrame({"year": [2024], "price paid": [1.5], "region": ["north"]})

    card = describe("sales", sales)

    assert card == VariableCard(
        name="sales",
        type_name="DataFrame",
        qualified_type=f"{type(sales).__module__}.DataFrame",
        summary="DataFrame 1 × 3",
        details=("year int64, 'price paid' float64, region str",),
    )
    assert card_text(card) == "sales: DataFrame 1 × 3 [year int64, 'price paid' float64, region str]"


def test_many_columns_are_grouped_by_type() -> None:
    wide = pd.DataFrame({f"n{i}": [i] for i in range(7)} | {f"t{i}": [str(i)] for i in range(6)})

    assert told(wide) == (
        "x: DataFrame 1 × 13 [int64: n0, n1, n2, n3, n4, n5, n6; str: t0, t1, t2, t3, t4, t5]"
    )


def test_very_many_columns_are_cut_with_their_number() -> None:
    wide = pd.DataFrame(np.zeros((1, 1000)), columns=[f"c{i}" for i in range(1000)])

    details = describe("x", wide).details

    assert details[0].endswith("c58, c59")
    assert details[1:] == ("… 940 more",)


def test_a_hidden_column_is_counted_but_not_named() -> None:
    staff = pd.DataFrame({"name": ["a"], "salary": [1]})

    assert describe("staff", staff, frozenset({"salary"})).details == ("name str", "1 hidden")


def test_ten_million_rows_cost_as_many_tokens_and_calls_as_a_thousand() -> None:
    few, many = frame(10**3), frame(10**7)

    assert told(many).replace("10,000,000", "1,000") == told(few)
    assert calls_of(many) <= calls_of(few) + 100  # to find a step through the rows


def test_a_long_list_costs_as_many_calls_as_one_of_twenty() -> None:
    calls_of([])  # what is remembered of the class

    assert calls_of(list(range(10**6))) == calls_of(list(range(20)))


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (12345678, "int"),
        (1.25, "float"),
        (True, "bool"),
        (None, "NoneType"),
        ("secret", "str, 6 characters"),
        (b"secret", "bytes, 6 long"),
        ([1, "a", None], "list[int | str | None], 3 items"),
        ([], "list, 0 items"),
        (list(range(1000)), "list[int], 1,000 items (20 seen)"),
        ([[1, 2], [3]], "list[list[int]], 2 items"),
        ((1, "a"), "tuple[int, str]"),
        ({1, 2}, "set[int], 2 items"),
        ({"host": "h", "ports": [1]}, "dict, 2 items [host str, ports list[int]]"),
        ({"a b": 1}, "dict[str, int], 1 item"),
        ([{"id": 1, "name": "n"}], "list[dict{id: int, name: str}], 1 item"),
        (np.zeros((3, 4)), "ndarray 3 × 4 float64"),
        (np.zeros(3, dtype="i2"), "ndarray of 3 int16"),
        (np.float32(3.5), "numpy.float32"),
        (pd.Series([1, 2], name="v"), "Series of 2 int64, name v"),
        (pd.Index(["a"]), "Index of 1 str"),
        (np, f"module numpy {np.__version__}"),
        (len, "builtin(obj, /) [Return the number of items in a container.]"),
    ],
)
def test_a_card_names_types_and_sizes_and_no_value(obj: object, text: str) -> None:
    assert told(obj) == f"x: {text}"


def test_a_dictionary_of_more_than_twenty_keys_does_not_show_them() -> None:
    assert told({f"k{i}": i for i in range(21)}) == "x: dict[str, int], 21 items (20 seen)"


def test_indexes_and_dtypes_are_told_without_their_values() -> None:
    typed = pd.DataFrame(
        {
            "kind": pd.Categorical(["gold", "tin"]),
            "when": pd.to_datetime(["2020-01-01", "2020-01-02"], utc=True),
            "n": pd.array([1, None], dtype="Int64"),
            "sparse": pd.arrays.SparseArray([0, 77]),
            "mixed": pd.Series(["a", 1], dtype=object),
        }
    ).set_index(["kind", "when"])

    assert told(typed) == (
        "x: DataFrame 2 × 3 [n Int64 50% null, sparse Sparse[int64], mixed object[str | int]; "
        f"index: (kind category[2 str], when {typed.index.levels[1].dtype})]"
    )


def test_a_function_is_its_signature_and_first_line() -> None:
    def clean(df: pd.DataFrame, /, by: str | None = None, *args: int, key: str = "s3cret") -> dict[str, int]:
        """Drop what has no price.

        More of it.
        """
        return {}

    assert told(clean) == (
        "x: function(df: DataFrame, /, by: str | None = None, *args, key: str = …) -> dict[str, int]"
        " [Drop what has no price.]"
    )


def test_a_decorated_function_shows_what_it_wraps() -> None:
    def inner(a: int) -> None: ...

    @functools.wraps(inner)
    def outer(*args: object) -> None: ...

    assert summary(outer) == "function(a: int) -> None"


def test_classes_and_objects_show_what_they_offer() -> None:
    class Client:
        """Talks to the shop."""

        def __init__(self, url: str) -> None:
            self.url = url

        def orders(self) -> list[int]:
            return []

        @property
        def state(self) -> str:
            raise AssertionError

    offered = "methods: orders; properties: state"
    assert told(Client) == f"x: class(url: str) [Talks to the shop.; {offered}]"
    assert describe("x", Client("u")).details == (offered.split("; ")[0], offered.split("; ")[1])
    assert told(Client("u").orders) == "x: method() -> list[int]"


def test_a_dataclass_instance_shows_its_fields() -> None:
    @dataclass
    class Settings:
        host: str
        retries: int | None = None

    assert describe("x", Settings("h")).details == ("host str, retries int | None",)


def test_no_text_means_that_there_is_nothing_to_tell() -> None:
    assert cards_text(Chosen(())) == ""


def test_what_is_left_out_and_gone_is_said() -> None:
    card = VariableCard("a", "int", "int", "int")

    assert cards_text(Chosen((card,), omitted=("b", "c"), gone=("d",))) == (
        "a: int\nno longer listed: d\n… 2 more variables; dir() names them"
    )


values = st.text(alphabet="abcdef0123456789", min_size=6, max_size=12).map(MARK.__add__) | st.integers(
    min_value=10**12, max_value=10**13
)
nested = st.recursive(
    values,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(values, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
        | st.sets(values, max_size=4)
    ),
    max_leaves=12,
)
columns = st.lists(values, min_size=3, max_size=3)


def assert_no_value_in(text: str) -> None:
    assert MARK not in text
    assert not any(len(run) >= 13 for run in "".join(c if c.isdigit() else " " for c in text).split())


@given(nested)
@settings(max_examples=150, deadline=None)
def test_no_value_of_a_container_appears_on_its_card(obj: object) -> None:
    assert_no_value_in(told(obj))


@given(columns, columns, columns)
@settings(max_examples=60, deadline=None)
def test_no_cell_of_a_frame_appears_on_its_card(
    cells: list[object], categories: list[object], index: list[object]
) -> None:
    obj = pd.DataFrame(
        {
            "cells": pd.Series(cells, dtype=object),
            "nested": pd.Series([cells, {"k": cells[0]}, None], dtype=object),
            "kind": pd.Categorical([str(each) for each in categories]),
        }
    ).set_index(pd.Index(index, name="key"))

    groups = obj.groupby("kind", observed=True)
    for part in (obj, obj["cells"], obj["kind"], obj.index, obj.to_numpy(), groups):
        assert_no_value_in(told(part))
