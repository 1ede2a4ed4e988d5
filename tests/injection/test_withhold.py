"""What of a text is withheld, for cells of each kind."""

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.injection.cells import columns
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.injection.outside import brings_in
from caveagent_magic.injection.suspects import suspects
from caveagent_magic.injection.withhold import OutOfTime, Secret, Withholder

DATA = pd.DataFrame(
    {
        "who": ["Zoë Kowalska", "Ben O'Neil"], "tel": ["+48 600-700-800", "1"], "pay": [51234, 98761],
        "rate": [83.412739, 12.5], "born": pd.to_datetime(["1980-03-04", "1991-05-06"]), "age": [34, 51],
    }
)  # fmt: skip


def told(text, data=DATA, **how):
    known = how.pop("known", set())
    return Withholder([Secret(column, **how) for column in columns(data)], known)(text)


@pytest.mark.parametrize(
    "text",
    ["Zoë Kowalska", "KOWALSKA", "Kowal...", "xKowalskaNeilx Kowalska_2", "zo\\u00eb", "call +48 600-700-800",
     "51,234", "51234.0", "8.341274e+01", "83.41", "12.5", "1980-03-04 00:00:00"],
)  # fmt: skip
def test_a_cell_is_withheld_however_it_is_written(text):
    shown = told(text)

    assert "‹value›" in shown and not set("0123456789") & set(shown.replace("00:00:00", "").replace("_2", ""))


@pytest.mark.parametrize("text", ["149995 and 74997.5", "2 rows, 34 and 51", "no such thing", "1980-03-05"])
def test_aggregates_short_numbers_and_other_words_are_told(text):
    assert told(text) == text


def test_what_the_model_knows_is_no_secret():
    assert told("Kowalska earns 51234", known={"kowalska"}) == "Kowalska earns ‹value›"


def test_a_row_of_short_numbers_is_recognised_as_a_row():
    data = pd.DataFrame({"a": [3, 9], "b": [7, 8], "c": [5, 6]})

    assert told("0  3  7  5", data) == "0  ‹value›  ‹value›  ‹value›"


def test_short_values_of_a_hidden_column_are_withheld_where_the_column_is_shown():
    assert told("   age\n0   34", hidden=True) == "   age\n0   ‹value›"


def test_keys_and_years_that_fill_their_range_are_no_news():
    assert told("1234 of them", pd.DataFrame({"key": np.arange(5000)})) == "1234 of them"


def test_statistics_tell_categories_and_ranges():
    assert told("Zoë Kowalska, 51234 to 98761", stats=True) == "Zoë Kowalska, 51234 to 98761"


def test_without_time_nothing_is_told():
    ticks = iter(range(0, 10_000, 100))
    withhold = Withholder([Secret(column) for column in columns(DATA)], set(), clock=lambda: next(ticks))

    with pytest.raises(OutOfTime):
        withhold("Kowalska")


def test_reading_is_told_from_computing():
    own = {}
    exec("def prepare(): ...", own := {"__name__": "__main__"})

    def found(known):
        codes = ("pd.read_csv('x')", "prepare()", "df.groupby('a').sum()")
        return [brings_in(code, own, lambda _: known) for code in codes]

    assert (found(False), found(True)) == ([True, True, False], [True, False, False])


def test_personal_columns_are_known_in_several_languages_and_others_left_alone():
    table = pd.DataFrame(
        columns=["E-Mail", "Geburtsdatum", "prénom", "patientName", "apiKey", "carrier", "email_count"]
    )
    airlines = pd.DataFrame(columns=["carrier", "name"])

    assert suspects({"t": table, "airlines": airlines}, Privacy()) == (
        "t.E-Mail", "t.Geburtsdatum", "t.prénom", "t.patientName", "t.apiKey",
    )  # fmt: skip
