"""What is told of a frame, an array or a dictionary that has changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.rehearsal.alteration import alteration, outline_of


def frame():
    return pd.DataFrame({"region": ["N", "S", None], "price": [1, 2, 3]})


def with_nulls():
    changed = frame()
    changed.loc[0, "region"] = None
    return changed


TOLD = {
    "rows": (frame(), frame().head(2), "3 → 2 rows, 1 fewer null in region"),
    "an added column": (frame(), frame().assign(margin=0), "+margin"),
    "a removed column": (frame(), frame().drop(columns="price"), "−price"),
    "another type": (frame(), frame().astype({"price": "float64"}), "price int64 → float64"),
    "nulls": (frame(), with_nulls(), "1 new null in region"),
    "an index": (frame(), frame().set_index("price"), "−price, index Index → Index 'price'"),
    "an index of dates": (
        frame(),
        frame().set_index(pd.date_range("2026", periods=3)),
        "index Index → DatetimeIndex",
    ),
    "the order of columns": (frame(), frame()[["price", "region"]], "columns in another order"),
    "the order of rows, which is no outline": (frame(), frame().iloc[::-1], ""),
    "many columns": (
        frame(),
        frame().assign(**{f"c{number}": 0 for number in range(9)}),
        "+c0, +c1, +c2, +c3, +c4, +c5, and 3 more columns",
    ),
    "a shape": (np.zeros(3), np.zeros((2, 2)), "shape (3,) → (2, 2)"),
    "a kind of number": (np.zeros(3), np.zeros(3, dtype="int8"), "float64 → int8"),
    "keys": ({"a": 1, "b": 2, "c": 3}, {"a": 1, "d": 4}, "+1 key, −2 keys"),
    "values alone": ({"a": 1}, {"a": 2}, ""),
    "a frame that is none any more": (frame(), 3, ""),
}


@pytest.mark.parametrize(("old", "new", "words"), TOLD.values(), ids=TOLD)
def test_what_has_changed_is_told_in_words(old, new, words):
    assert alteration(outline_of(old), outline_of(new)) == words


class Key:
    """Its hash may be asked for once: by the dictionary."""

    asked = False

    def __hash__(self):
        if self.asked:
            raise AssertionError("the person's code was called")
        self.asked = True
        return 1


def test_a_dictionary_whose_keys_run_code_of_the_persons_has_no_keys_to_tell():
    assert outline_of({Key(): 1}).keys is None
