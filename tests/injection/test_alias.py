"""Aliases in code: mapped back at exact places, refused where two things could be meant."""

import pandas as pd
import pytest

from caveagent_magic.errors import UsageError
from caveagent_magic.injection.alias import Aliases, AmbiguousAlias, Reading, new_alias
from caveagent_magic.injection.levels import Alias

ALIASES = Aliases((Alias("v.ward", "ward", "col_01"), Alias("v.Blood group", "Blood group", "col_02")))


@pytest.mark.parametrize(
    ("written", "runs"),
    [
        ("df.col_01.max()  # of col_01\n", "df.ward.max()  # of col_01\n"),
        ('é = df["ü"] + df[ "col_01" ]', 'é = df["ü"] + df[ "ward" ]'),
        ("df.col_02.mean()", "df['Blood group'].mean()"),
        ("df.query(\"col_01 == 'x' and col_02 > 3\")", "df.query(\"ward == 'x' and `Blood group` > 3\")"),
        ("df.assign(col_01=df.a)", "df.assign(ward=df.a)"),
        ("f'{df.col_01.max():.2f} of col_01'", "f'{df.ward.max():.2f} of ward'"),
        ("getattr(df, 'col_01')", "getattr(df, 'ward')"),
        ("df['col_011']", "df['col_011']"),
    ],
)
def test_code_runs_with_the_real_names_and_its_layout(written, runs):
    assert ALIASES.code(written, {}) == runs


@pytest.mark.parametrize(
    ("code", "because"),
    [
        ("col_01 = 3", "the name of a column"),
        ("def col_01(): ...", "the name of a column"),
        ("df.assign(col_02=1)", "cannot be a keyword argument"),
        ("df['col_' + '01']", "from pieces"),
        ("df[f'col_{n:02}']", "from pieces"),
        ("f'{df.col_02}'", "inside an f-string"),
        ("df['col_01'", "no valid Python"),
    ],
)
def test_what_could_be_meant_in_two_ways_is_refused_with_a_reason(code, because):
    with pytest.raises(AmbiguousAlias, match=because):
        ALIASES.code(code, {})


def test_an_alias_that_has_become_a_name_in_the_data_is_refused():
    with pytest.raises(AmbiguousAlias, match="now a name in `other` too"):
        ALIASES.code("df.col_01", {"other": pd.DataFrame({"col_01": [1]})})


def test_a_new_alias_takes_the_first_number_that_is_free():
    names = {"v": pd.DataFrame({"ward": [1], "col_01": [2]})}

    assert new_alias("v.ward", "ward", (), names) == Alias("v.ward", "ward", "col_02")


def test_a_column_called_like_an_attribute_gets_no_alias():
    with pytest.raises(UsageError, match="also an attribute of tables"):
        new_alias("v.count", "count", (), {"v": pd.DataFrame({"count": [1]})})


def test_an_alias_that_arrives_in_pieces_is_read_as_one():
    reading = Reading(ALIASES)

    assert (
        "".join((reading.feed("by co"), reading.feed("l_0"), reading.feed("1."), reading.rest()))
        == "by ward."
    )


def test_whole_words_only_are_told_by_alias():
    assert (
        ALIASES.told("ward, Wards, wards, ward_2, 'Blood group'") == "col_01, Wards, wards, ward_2, 'col_02'"
    )
