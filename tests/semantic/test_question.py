"""A question that the model asks back is the last line of its reply, in one form."""

import pytest

from caveagent_magic.semantic.question import Asked, question_in


@pytest.mark.parametrize(
    ("prose", "asked"),
    [
        ("Two fit.\nASK: Which? [list | paid]", Asked("Which?", "choice", options=("list", "paid"))),
        ("**ASK:** How many? [number]", Asked("How many?", "number")),
        ("ASK: By which? [column of sales]\n", Asked("By which?", "column", of="sales")),
        ("> ASK: Which? [ a | b | a ].", Asked("Which?", "choice", options=("a", "b"))),
    ],
)
def test_a_question_has_a_type(prose, asked):
    assert question_in(prose) == asked


@pytest.mark.parametrize(
    "prose",
    [
        "",
        "ASK: What now?",
        "ASK: Which? [a]",
        "ASK: Which? [a | ]",
        "ASK: Which? [a | b]\nI take a.",
        "I could ASK: Which? [a | b]",
        "ASK: [a | b]",
        "ASK: Which? [" + " | ".join(map(str, range(13))) + "]",
    ],
)
def test_what_cannot_be_answered_so_is_no_question(prose):
    assert question_in(prose) is None
