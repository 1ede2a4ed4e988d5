"""Which steps and cells a session has come to."""

from caveagent_magic.events import Effect
from caveagent_magic.export.piece import Piece
from caveagent_magic.export.prune import select


def cell(code, number=1):
    return Piece(code, code, cell=number)


def step(code, number=1, **more):
    return Piece(code, code, turn="t", step=number, request="Do it.", **more)


def kept(*pieces, **live):
    return [piece.source for piece in select(pieces, live).kept]


def test_a_step_that_shows_nothing_and_whose_results_are_overwritten_is_left_out():
    found = select([step("a = 1"), step("a = 2", 2)], {"a": 2})

    assert [piece.source for piece in found.kept] == ["a = 2"]
    assert found.left_out == ("Step 1 of “Do it.”: nothing that is kept uses what it made.",)


def test_a_step_whose_results_were_used_before_they_were_overwritten_is_kept():
    assert kept(step("a = 1"), step("b = a", 2), step("a = 2", 3), a=2, b=1) == ["a = 1", "b = a", "a = 2"]


def test_a_step_with_output_or_a_lasting_effect_is_kept():
    wrote = Effect("write_file", "out.csv", allowed=True)
    refused = Effect("write_file", "out.csv", allowed=False)

    assert kept(step("len(x)", shows=True)) == ["len(x)"]
    assert kept(step("save()", effects=(wrote,))) == ["save()"]
    assert kept(step("save()", effects=(refused,))) == []


def test_cells_are_kept_only_for_what_kept_steps_use_and_in_their_order():
    pieces = [
        cell("import os"),
        cell("n = 1"),
        cell("n += 1"),
        step("m = n"),
        cell("m = m * 2"),
        cell("k = m"),
    ]

    assert kept(*pieces, os=None, n=2, m=4, k=4) == ["n = 1", "n += 1", "m = n", "m = m * 2"]


def test_a_function_brings_along_what_it_reads_even_if_that_was_bound_after_it():
    pieces = [cell("def grow(x):\n    return x * RATE"), cell("RATE = 2"), step("y = grow(1)")]

    assert kept(*pieces, grow=None, RATE=2, y=2) == [piece.source for piece in pieces]


def test_a_change_in_place_that_was_seen_counts_though_the_code_does_not_tell():
    assert kept(cell("t = load()"), step("mend(t)", touched=frozenset({"t"})), t=1) == [
        "t = load()",
        "mend(t)",
    ]


def test_names_that_nothing_binds_are_told():
    assert select([step("y = x + 1")], {"x": 1, "y": 2}).unbound == ("x",)


def test_an_undone_step_is_out_and_what_was_there_before_it_counts_again():
    found = select([step("a = 1"), step("a = 2", 2, undone=True)], {"a": 1})

    assert [piece.source for piece in found.kept] == ["a = 1"]
    assert found.left_out == ("Step 2 of “Do it.” was undone.",)


def test_a_request_is_one_short_line():
    piece = Piece(
        "a", "a", turn="t", step=1, request="Which regions\nlost customers after the price rise in March?"
    )

    assert piece.title == "step 1 of “Which regions lost customers after the price rise…”"
