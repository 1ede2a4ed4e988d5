"""Columns of live tables are read as numpy keeps them, and nothing of a person's is run for that."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.security.objects.columns import column_of, dates_of

FRAME = pd.DataFrame(
    {"n": [1, 2], "x": [0.5, 1.5], "t": pd.to_datetime(["2024-01-01", "2024-01-03"]), "s": ["a", "b"]}
)


def test_numbers_and_dates_are_read() -> None:
    assert column_of(FRAME, "n").tolist() == [1, 2]
    assert column_of(FRAME, "x").tolist() == [0.5, 1.5]
    assert column_of(FRAME, "t").dtype.kind == "M"
    assert column_of(FRAME.assign(t=FRAME.t.dt.tz_localize("UTC")), "t").dtype.kind == "M"
    assert dates_of(FRAME.set_index("t")).dtype.kind == "M"


@pytest.mark.parametrize("name", ["missing", 3, None])
def test_what_is_not_there_is_none(name: object) -> None:
    assert column_of(FRAME, name) is None
    assert dates_of(FRAME) is None


def test_no_label_and_no_class_of_the_persons_is_asked() -> None:
    class Label(str):
        def __eq__(self, other: object) -> bool:
            raise AssertionError("was asked")

        __hash__ = str.__hash__

    class Frame(pd.DataFrame):
        def __getattr__(self, name: str) -> object:
            raise AssertionError("was asked")

    labelled = pd.DataFrame(np.ones((2, 2)))
    labelled.columns = pd.Index(np.array([Label("n"), "m"], dtype=object), dtype=object)

    assert column_of(labelled, "n") is None
    assert column_of(labelled, "m").tolist() == [1, 1]
    assert column_of(Frame(np.ones((2, 2))), "m") is None
