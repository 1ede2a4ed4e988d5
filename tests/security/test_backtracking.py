"""Regular expressions that can read a text in exponentially many ways."""

from __future__ import annotations

import pytest

from caveagent_magic.security.exhaustion.backtracking import explodes


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$", r"(a|a)*$", r"(a|ab|b)*c", r"(a*)*b", r"(.*,)*x", r"(x+x+)+y", r"(\w+\s?)*$",
        r"^(([a-z])+.)+[A-Z]([a-z])+$", r"^(a|aa)+$", r"(\w*\d*)*!",
    ],
)  # fmt: skip
def test_one_that_explodes_is_known(pattern: str) -> None:
    assert explodes(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(\w+,)+$", r"(\d+)-(\d+)", r"^[\w.]+@([\w-]+\.)+\w+$", r"(?:\d{3},?)+", r'"([^"\\]|\\.)*"',
        r"\b(\w+)\b(?:\s+\w+)*", r"(\w+\s)*\w+", r"(a+)+", r"(", r"a" * 5000, r"(?>a+)+b",
    ],
)  # fmt: skip
def test_one_that_an_analysis_uses_is_left_alone(pattern: str) -> None:
    assert not explodes(pattern)


def test_where_the_whole_text_must_match_there_is_no_early_end() -> None:
    assert explodes(r"(a+)+", whole=True)
