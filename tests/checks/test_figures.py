"""Figures of an answer are linked to the step whose output holds them, and no more is said."""

import pytest

from caveagent_magic.checks.figures import IN_CARDS, NOT_FOUND, Source, figures


def notes(answer, *outputs, prompt="", cards="", values=()):
    sources = [Source(0, cards), *(Source(step, text) for step, text in enumerate(outputs, 1))]
    return {each.text: each.note for each in figures(answer, prompt, sources, dict(values).get)}


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("12,345.6", "12345.61"),
        ("12,346", "12345.61"),
        ("12345.61", "12,345.61"),
        ("12 345,6", "12345.61"),
        ("12.345,61", "12345.61"),
        ("1\u202f234\u202f567", "1234567"),
        ("12 %", "0.1234"),
        ("12.3%", "share    0.1234"),
        ("12.3 percent", "12.34%"),
        ("0.12", "12.3%"),
        ("1.2k", "1234"),
        ("1.2 million", "1234567.0"),
        ("2.3bn", "2.31e+09"),
        ("$1.5M", "1.4999e6"),
        ("about 12,000", "12345.6"),
        ("nearly 900", "871"),
        ("-0.42", "r = -0.4190"),
        ("1,234,568", "1.234568e+06"),
        ("98.6", "np.float64(98.6)"),
        ("15", "dtype: int64\n0    15\n"),
        ("3", "3"),
    ],
)
def test_a_figure_is_found_however_it_is_rounded_and_written(answer, output):
    [note] = notes(f"It is {answer} in all.", output).values()

    assert note == "found in step 1"


@pytest.mark.parametrize(
    ("answer", "output"),
    [
        ("12,345.7", "12345.61"),
        ("12.35", "12.3"),
        ("13 %", "0.1234"),
        ("12,000", "12345.6"),
        ("1.3k", "1234"),
        ("18", "17.2"),
        ("250", "int250 x250"),
    ],
)
def test_a_figure_that_no_output_holds_is_marked(answer, output):
    [note] = notes(f"It is {answer} in all.", output).values()

    assert note == NOT_FOUND


@pytest.mark.parametrize(
    "answer",
    [
        "There are two regions, and 3 cities in 2024.",
        "1. North\n2. South\n10. East",
        "The 1st and the 22nd of the list; see step 14 and table 17.",
        "On 2024-03-17, at 14:35, on 17.03.2024 and March 17, with pandas 2.2.3.",
        "The result is in `lost_2025` as x99, for Q1 and covid19.",
        "```\n4711\n```",
        "The 95% confidence interval, p < 0.01, the top 20.",
        "See https://example.org/4711.",
    ],
)
def test_what_is_no_figure_of_the_data_is_not_spoken_of(answer):
    assert notes(answer, "nothing") == {}


def test_a_number_of_the_request_is_marked_only_where_it_was_found():
    assert notes("Above 4,711 there are none.", "x", prompt="Which are above 4711?") == {}
    assert notes("Above 4,711: none.", "4711", prompt="Which are above 4711?") == {"4,711": "found in step 1"}


def test_the_last_step_that_holds_a_figure_is_named_and_then_what_was_known_before():
    found = notes("15.5 of 9,912 rows, then 77.", "15.5", "15.50", cards="9,912 rows")

    assert found == {"15.5": "found in step 2", "9,912": IN_CARDS, "77": NOT_FOUND}


def test_a_figure_is_worked_out_again_from_the_expression_that_is_cited():
    values = {"a / b": 12.34, "c - d": 5.0, "total": 61.0}
    found = notes("It is 12.3 (`a / b`), 99.5 (= `c - d`), 60 (`total`) and 61 in `total`.", values=values)

    assert found == {
        "12.3": "worked out again from a / b",
        "99.5": "c - d gives 5",
        "60": NOT_FOUND,
        "61": NOT_FOUND,
    }
