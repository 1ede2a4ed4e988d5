"""What shall stay true of data: read once, measured again, the same for pandas, polars and Arrow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from caveagent_magic.checks.kept import Checks
from caveagent_magic.errors import UsageError
from caveagent_magic.events import Change, Changes

BEFORE = {"id": [1, 2, 3], "price": [1.0, None, 3.0], "city": ["a", "b", "b"]}
AFTER = {"id": [1, 1, 5], "price": [None, None, 3.0], "city": ["a", "b", "z"]}
TOUCHED = Changes(changed=(Change("sales", ""),))


@pytest.fixture(params=[pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def make(request):
    return request.param


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sales.id unique", "2 rows share their value with another"),
        ("sales.id, sales.city unique", None),
        ("no new nulls in sales.price", "sales.price has 1 more"),
        ("no new nulls", "sales.price has 1 more"),
        ("no nulls in sales.city", None),
        ("rows unchanged", None),
        ("columns unchanged", None),
        ("sales.id.sum() unchanged", "it was 6 and is 7"),
        ("sales.id.max() <= 3", "it is 5"),
        ("len(sales) == 3 and sales.id.nunique() == 3", "it is not so"),
        ("sales['city'] in ['a', 'b']", "it is not so"),
        ("sales.price > 0.5", None),
        ("0 < sales.id < 4", "it is not so"),
        ("4 >= sales.id.max()", "it is 5"),
        ("sales unchanged", "its content is another one"),
        ("sales.city unchanged", "its content is another one"),
        ("not sales.id.min() == 0", None),
        ("abs(sales.id.sum() - 6) < 0.5", "it is 1"),
    ],
)
def test_a_check_complains_of_what_no_longer_holds_and_of_nothing_else(make, text, complaint):
    namespace, checks = {"sales": make(BEFORE)}, Checks()
    [check] = checks.add("sales", text, namespace)

    namespace["sales"] = make(AFTER)

    expected = (Change(check.text, "no longer holds", complaint),) if complaint else ()
    assert checks.broken(TOUCHED, namespace) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sales.to_csv('x') == 1", "cannot use"),
        ("__import__('os').system('true')", "cannot use"),
        ("sales.__class__.mro() == 1", "cannot use"),
        ("[x for x in sales] == 1", "cannot use"),
        ("(lambda: 1)() == 1", "cannot use"),
        ("f'{sales}' == 'x'", "cannot use"),
        ("len(sales) == 4", "does not hold now: it is 3"),
        ("sales.id", "is no check"),
        ("sales.nope unique", "there is no 'nope' in it"),
        ("other unchanged", "speaks of other"),
        ("sales.id ==", "cannot be read"),
        ("sales.id == 1" + " or 1 == 1" * 100, "at most 1,000 characters"),
        ("round(1, -10 ** 9) == 1", "cannot use"),
        ("round(1, -999999999) == 1", "rounded to 20 digits"),
        ("'x' * 999999999999 == 'x'", "a str is no number"),
        ("'%999999999d' % 1 == 'x'", "a str is no number"),
        ("[1] * 999999999999 == 1", "a list is no number"),
        ("", "Say what shall stay true"),
    ],
)
def test_what_cannot_be_a_check_is_refused_and_nothing_is_set(make, text, words):
    checks = Checks()

    with pytest.raises(UsageError, match=words.replace("(", "\\(")):
        checks.add("sales", text, {"sales": make(BEFORE)})
    assert checks.all() == []


def test_what_can_no_longer_be_told_does_not_hold(make):
    namespace, checks = {"sales": make(BEFORE)}, Checks()
    checks.add("sales", "sales.id unique; rows unchanged", namespace)

    del namespace["sales"]

    broken = checks.broken(Changes(removed=(Change("sales", ""),)), namespace)
    assert [each.values for each in broken] == ["it cannot be checked: 'sales' is not there"] * 2


def test_only_what_may_have_been_touched_is_measured():
    namespace, checks = {"sales": pd.DataFrame(BEFORE), "x": np.array([1, 2])}, Checks()
    checks.add("x", "x.sum() == 3; len(x) unchanged", namespace)
    namespace["x"] = np.array([1, 2, 3])

    assert checks.broken(TOUCHED, namespace) == ()
    assert len(checks.broken(Changes(changed=(Change("x", ""),)), namespace)) == 2
    assert len(checks.broken(Changes(note="Not checked."), namespace)) == 2


def test_a_lazy_frame_is_not_computed():
    lazy = pl.DataFrame(BEFORE).lazy().map_batches(lambda frame: pytest.fail("it was computed"))

    with pytest.raises(UsageError, match="lazy frame is not computed"):
        Checks().add("lazy", "rows unchanged", {"lazy": lazy})


def test_what_does_not_hold_when_the_turn_begins_is_not_held_against_its_steps():
    namespace, checks = {"sales": pd.DataFrame(BEFORE)}, Checks()
    checks.add("sales", "sales.id unique; rows unchanged", namespace)
    namespace["sales"] = pd.DataFrame(AFTER)

    said = checks.begin(namespace)

    assert said.startswith("Not guarded in this turn: sales.id unique")
    assert checks.broken(TOUCHED, namespace) == ()
    assert checks.texts() == ["len(sales) unchanged"]


def test_a_table_whose_content_is_the_same_again_is_unchanged(make):
    namespace, checks = {"sales": make(BEFORE)}, Checks()
    checks.add("sales", "unchanged; sales.price unchanged", namespace)

    namespace["sales"] = make(BEFORE)

    assert checks.broken(TOUCHED, namespace) == ()
