"""Guards on data: checked in the rehearsal and after each step, told to the model, and undo is offered."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.kernel

SALES = "import pandas as pd\nsales = pd.DataFrame({'id': [1, 2, 3], 'price': [1.0, 2.5, 4.0]})"
DROP = "I drop the first row.\n```python\nsales.drop(index=0, inplace=True)\n```"
ADD = "I compute it beside.\n```python\ndearest = sales.price.max()\ndearest\n```"


@pytest.fixture
def guarded(kernel):
    """A kernel with `sales`, whose rows and keys are guarded."""
    kernel.run(SALES)
    kernel.run("%cave guard sales: rows unchanged; sales.id unique; no new nulls in sales.price")
    assert kernel.text().startswith("These hold")
    return kernel


def test_a_step_that_would_break_a_guard_is_not_run_and_the_model_hears_of_it(guarded, replies):
    guarded.run(f"%%cave --auto --model {replies(DROP, ADD, 'It is 4.0.')}\nWhat is the dearest price?")
    [rehearsed, _] = [event for event in guarded.events() if event["type"] == "rehearsed"]
    told = next(event["text"] for event in guarded.events() if event["type"] == "observed")

    assert rehearsed["changes"]["broken"] == [
        {"name": "len(sales) unchanged", "summary": "no longer holds", "values": "it was 3 and is 2"}
    ]
    assert "len(sales) unchanged" in told
    assert "it was 3" not in told
    assert guarded.value("(len(sales), dearest)") == "(3, np.float64(4.0))"


def test_the_model_is_told_what_must_stay_true(guarded, replies):
    guarded.run(f"%%cave --auto --model {replies('Nothing to do.')}\nLook.")

    assert "sales.id unique\nno new nulls in sales.price" in guarded.events()[0]["request_text"]


def test_a_guard_that_names_a_hidden_column_is_checked_and_not_told(guarded, replies):
    guarded.run("%cave hide sales.id")
    same = "I give all the same key.\n```python\nsales['id'] = 1\n```"
    guarded.run(f"%%cave --auto --model {replies(same, 'It cannot be done.')}\nLook.")
    asked, *_ = guarded.events()
    told = next(event["text"] for event in guarded.events() if event["type"] == "observed")

    assert "sales.id" not in asked["request_text"] + told
    assert "no new nulls in sales.price" in asked["request_text"]
    assert "broke what must stay true" in told
    assert guarded.value("sales.id.is_unique") == "True"


def test_a_step_that_broke_a_guard_ends_the_turn_as_an_error_and_can_be_undone(guarded, replies):
    guarded.run("%config CaveMagics.rehearse = False")
    guarded.run(f"%%cave --auto --model {replies(DROP, ADD, 'Done.')}\nDrop the first row.")
    error = guarded.outputs[-1]
    ended = guarded.events()[-1]

    assert (error["ename"], ended["reason"]) == ("GuardBroken", "broken")
    assert "len(sales) unchanged (it was 3 and is 2)" in ended["answer"]
    assert guarded.value("len(sales)") == "2"
    guarded.run("%cave undo")
    assert guarded.value("len(sales)") == "3"


def test_what_the_person_changed_is_not_held_against_a_step(guarded, replies):
    guarded.run("sales = sales[1:]")
    reply = guarded.run(f"%%cave --auto --model {replies(ADD, 'It is 4.0.')}\nWhat is the dearest price?")

    assert reply["status"] == "ok"
    assert "Not guarded in this turn: len(sales) unchanged" in guarded.text()


def test_guards_are_listed_with_what_is_found_and_let_go(guarded):
    guarded.run("sales = sales[1:]\n%cave guard")
    listed = guarded.text()
    guarded.run("%cave unguard sales\n%cave guard")

    assert "it was 3 and is 2" in listed
    assert "sales.id unique" in listed
    assert "3 checks let go" in guarded.text()
    assert "Nothing is guarded" in guarded.text()


def test_a_guard_that_does_not_hold_or_cannot_be_read_is_one_sentence(guarded):
    guarded.run("%cave guard sales: len(sales) == 4; sales.id unique")
    refused = guarded.outputs[-1]["evalue"]
    guarded.run("%cave guard sales: sales.to_csv('x') == 1")

    assert refused == "'len(sales) == 4' does not hold now: it is 3."
    assert "cannot use" in guarded.outputs[-1]["evalue"]
    assert guarded.value("len(sales)") == "3"
