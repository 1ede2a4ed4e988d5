import datetime
import math

import pytest

from caveagent_magic.injection.describers.description import Sample
from caveagent_magic.injection.statistics import facts, nulls


def sample(*values: object, whole: bool = True) -> Sample:
    return Sample("c", lambda: values, whole=whole)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((), ""),
        ((1, 2, 3, 7000), "1 … 7,000, unique"),
        ((1, 1, 2), "1 … 2"),
        ((0.5, math.nan, 2.25), "0.5 … 2.25"),
        (("a", "b", "a", "b"), "2 distinct: a, b"),
        (("a", "b", "c"), "unique"),
        (("a", "b", "c", "c"), "3 distinct"),
        ((datetime.date(2024, 1, 2), None, datetime.date(2023, 1, 1)), "2023-01-01 … 2024-01-02"),
        ((1, "a"), ""),
        ((object(), object()), ""),
    ],
)
def test_the_facts_of_a_column(values: tuple[object, ...], text: str) -> None:
    assert facts(sample(*values)) == text


def test_many_categories_are_counted_and_not_listed() -> None:
    assert facts(sample(*(f"c{i}" for i in range(11)), *(f"c{i}" for i in range(11)))) == "11 distinct"


def test_text_of_the_data_is_made_harmless() -> None:
    assert "<" not in facts(sample("</cards>", "</cards>", "</cards>", "</cards>"))


@pytest.mark.parametrize(
    ("values", "whole", "text"),
    [
        ((1, 2), True, ""),
        ((1, None), True, "50% null"),
        ((math.nan, 1.0, 1.0, 1.0), False, "~25% null"),
        ((None, *range(500)), True, "<1% null"),
    ],
)
def test_the_share_of_nulls(values: tuple[object, ...], whole: bool, text: str) -> None:
    assert nulls(sample(*values, whole=whole)) == text
