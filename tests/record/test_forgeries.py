"""What somebody else wrote, changed or rearranged is never what this user approved."""

import importlib.util
from pathlib import Path

import pytest

from caveagent_magic.record.key import Key
from caveagent_magic.record.match import match

MINE, THEIRS = Key(b"m" * 32), Key(b"t" * 32)
SPEC = importlib.util.spec_from_file_location("forgeries", Path(__file__).with_name("forgeries.py"))
CORPUS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(CORPUS)


def found(notebook, lines):
    contents = notebook.contents(lines=lines)
    return match(contents, notebook.asked, notebook.schema()), contents


@pytest.mark.parametrize("name", CORPUS.FORGERIES)
def test_a_forged_record_answers_nothing(notebook, name):
    notebook.record()
    good = list(notebook.journal.lines())
    assert found(notebook, good)[0].turn is not None

    forged, contents = found(notebook, CORPUS.FORGERIES[name](good, MINE, THEIRS))

    assert forged.turn is None
    assert contents.locked is False


@pytest.mark.parametrize("name", CORPUS.HARMLESS)
def test_lines_that_count_for_nothing_do_not_spoil_the_others(notebook, name):
    notebook.record()
    good = list(notebook.journal.lines())

    kept, contents = found(notebook, CORPUS.HARMLESS[name](good))

    assert kept.turn == found(notebook, good)[0].turn
    assert len(contents.turns) == 1


def test_a_turn_of_another_notebook_is_not_this_ones(notebook, another):
    other = another(name="other")
    other.record()

    moved, contents = found(notebook, other.journal.lines())

    assert (moved.turn, moved.reason) == (
        None,
        "Line 1 of the record was recorded for another notebook, 'other'.",
    )
    assert len(contents.faults) == 4


def test_steps_of_two_turns_cannot_be_put_together(notebook):
    notebook.record("total = 1", turn="t1")
    notebook.record("total = 2", turn="t2")
    first, second = notebook.journal.lines()[:4], notebook.journal.lines()[4:]

    mixed, _ = found(notebook, [first[0], *second[1:3], first[3]])

    assert mixed.turn is None


def test_why_a_line_does_not_count_is_said(notebook):
    notebook.record()
    lines = CORPUS.changed(list(notebook.journal.lines()), 1, code=CORPUS.EVIL)

    contents = notebook.contents(lines=[*lines, b"{"])

    assert [(fault.line, fault.reason) for fault in contents.faults] == [
        (2, "was changed after it was signed"),
        (3, "does not follow on what was recorded of its turn before"),
        (4, "does not follow on what was recorded of its turn before"),
        (5, "is damaged or incomplete"),
    ]
