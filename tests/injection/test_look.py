"""A look at the whole namespace: what is drawn again, what is joined, and what there is time for."""

import gc
import itertools
import weakref

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.injection import remembered
from caveagent_magic.injection.card import Allowance
from caveagent_magic.injection.look import look


def details(**names: object) -> dict[str, tuple[str, ...]]:
    return {card.name: card.details for card in look(names)}


def flights() -> pd.DataFrame:
    return pd.DataFrame({"carrier": ["UA", "AA"], "delay": [1.5, None], "year": [2013, 2013]})


AIRLINES = pd.DataFrame({"carrier": ["UA"], "name": ["United"]})


def test_the_smaller_table_says_what_it_joins() -> None:
    found = details(flights=flights(), airlines=AIRLINES)

    assert found["airlines"] == ("carrier str, name str", "joins flights on carrier")
    assert found["flights"] == ("carrier str, delay float64 50% null, year int64",)


def test_a_copy_of_some_columns_is_no_join() -> None:
    source = flights()

    assert details(source=source, part=source[["carrier", "year"]])["part"] == ("carrier str, year int64",)


def test_a_hidden_column_joins_nothing() -> None:
    cards = look({"flights": flights(), "airlines": AIRLINES}, {"airlines": frozenset({"carrier"})})

    assert cards[1].details == ("name str", "1 hidden")


def test_an_unchanged_frame_is_not_drawn_again() -> None:
    frame = flights()
    look({"f": frame})
    first = remembered._KEPT[id(frame)].drawn

    look({"f": frame})

    assert remembered._KEPT[id(frame)].drawn is first


def rename(frame: pd.DataFrame) -> None:
    frame.columns = pd.Index(["a", "b", "c"])


def fill(frame: pd.DataFrame) -> None:
    frame["delay"] = frame["delay"].fillna(0.0)


def fill_in_place(frame: pd.DataFrame) -> None:
    frame.loc[frame["delay"].isna(), "delay"] = 0.0


def add(frame: pd.DataFrame) -> None:
    frame["new"] = 1


def name_index(frame: pd.DataFrame) -> None:
    frame.index.name = "row"


def drop_rows(frame: pd.DataFrame) -> None:
    frame.drop(index=0, inplace=True)


@pytest.mark.parametrize("change", [rename, fill, fill_in_place, add, name_index, drop_rows])
def test_a_changed_frame_is_drawn_again(change: object) -> None:
    frame = flights()
    before = look({"f": frame})

    change(frame)  # type: ignore[operator]

    again = look({"f": frame})
    assert again != before
    assert again == look({"f": frame.copy()})


def test_an_index_is_compared_by_identity() -> None:
    frame = flights()
    look({"f": frame})
    held = frame.columns  # alive, and of another length than the new one

    add(frame)

    assert look({"f": frame}) == look({"f": frame.copy()})
    assert len(held) < len(frame.columns)


def test_another_level_is_drawn_again() -> None:
    frame = flights()

    by_level = {level: look({"f": frame}, levels={"f": level})[0] for level in ("names", "schema", "stats")}  # type: ignore[dict-item]

    assert (by_level["names"].summary, by_level["names"].details) == ("DataFrame", ())
    assert by_level["schema"].statistics == ()
    assert by_level["stats"].details == by_level["schema"].details
    assert by_level["stats"].statistics[:2] == ("carrier: 2 distinct", "delay: 1.5 … 1.5")


def test_a_look_keeps_no_object_alive() -> None:
    frame = flights()
    key, alive = id(frame), weakref.ref(frame)
    data = weakref.ref(frame._mgr.blocks[0].values)
    look({"f": frame})

    del frame
    gc.collect()

    details(other=AIRLINES.copy())

    assert (alive(), data(), key in remembered._KEPT) == (None, None, False)


def test_what_there_is_no_time_for_is_left_to_the_next_look() -> None:
    names = {"a": flights(), "b": flights().rename(columns={"year": "y"})}
    seconds = itertools.count()

    hurried = look(names, allowance=Allowance(1, clock=lambda: next(seconds)))
    later = look(names)

    assert [card.details[0] for card in hurried] == [
        "carrier str, delay float64 50% null, year int64",
        "carrier str, delay float64, y int64",
    ]
    assert later[1].details[0] == "carrier str, delay float64 50% null, y int64"


def test_nulls_that_follow_a_pattern_are_found_in_a_sample() -> None:
    values = np.arange(10**5, dtype=float)
    values[::4] = np.nan

    assert details(f=pd.DataFrame({"a": values}))["f"] == ("a float64 ~25% null",)


def test_a_look_leaves_no_callback_of_ours_on_an_object() -> None:
    frame = flights()
    details(frame=frame)

    assert [ref.__callback__ for ref in weakref.getweakrefs(frame) if ref.__callback__] == []
