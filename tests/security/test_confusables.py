"""Names that only look like others are found; names of other languages are not."""

from __future__ import annotations

import pytest

from caveagent_magic.events import Finding, Verdict
from caveagent_magic.security import check


def test_a_mixed_name_says_what_it_reads_like() -> None:
    message = "has the name оs, which reads like os but is another one"

    assert check("x = 1\nоs = 1") == Verdict("ask", (Finding("CAVE001", "unknown", message, 2, 0, 2, 2),))


@pytest.mark.parametrize(
    "code",
    [
        "рrint(1)",
        "орen = 1",
        "sаles = 2",
        "def f(рath): pass",
        "import numpy as nр",
        "х = 1\nx = 2",
        "d.саt = 1",
    ],
)
def test_letters_of_another_alphabet_among_latin_ones_are_found(code: str) -> None:
    assert "CAVE001" in {finding.code for finding in check(code, {"sales": 1}).findings}


def test_a_name_that_reads_like_a_variable_is_found() -> None:
    assert check("сор = 1", {"cop": 1}).decision == "ask"
    assert check("сор = 1").decision == "allow"


@pytest.mark.parametrize(
    "code",
    [
        "α = 1\na = 2",
        "μ, σ = 0, 1\nσ2 = σ ** 2",
        "größe = 1\nannée = 2\nfaçade = 3",
        "売上 = 1\n价格 = 2",
        "сумма = 1\nпродажи_2024 = 2",
        "df_продажи = 1",
        "Δx = 1\nλmax = 2\ndν = 3\nx_α = 4",
        "yıl = 3",
        "naïve = 'Кот оs'  # оs",
    ],
)
def test_names_of_formulas_and_other_languages_are_quiet(code: str) -> None:
    assert check(code) == Verdict("allow")


@pytest.mark.parametrize("name", ["größe", "σ_vals", "α_optimal", "Δt", "año_2"])
def test_a_name_that_is_there_is_not_like_itself(name: str) -> None:
    assert check(f"{name} + 1", {name: 1}) == Verdict("allow")
