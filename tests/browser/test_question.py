"""What the model asks back is answered in the page: a choice, a number, a column, by keyboard."""

import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SALES = """%load_ext caveagent_magic
import pandas as pd
sales = pd.DataFrame({"region": ["north", "south"], "city": ["A", "B"], "paid": [10.0, 20.0]})"""
CHOICE = "Two fit.\n\nASK: Which price do you mean? [list price | price paid]"
NUMBER = "ASK: From which price on? [number]"
COLUMN = "ASK: By which column? [column of sales]"
FOCUSED = "name => document.activeElement?.textContent === name"
PANEL = "() => document.activeElement?.matches('section.cave')"


def asking(lab, page, name, *questions):
    """A notebook whose cells ask these questions, open and loaded."""
    models = [lab.replies(f"{name}-{n}", question, "Thank you.") for n, question in enumerate(questions)]
    lab.write(f"{name}.ipynb", SALES, *(f"%%cave --model {model}\nGroup the sales." for model in models))
    notebook = Notebook(page, lab, f"{name}.ipynb").open()
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    notebook.run(0)
    return notebook


def answered(notebook, index):
    """What the finished turn says of the answer."""
    notebook.wait(index)
    return notebook.cell(index).locator(".cave-question").text_content()


def test_each_kind_of_question_is_answered_in_the_panel_by_keyboard(page, lab):
    notebook = asking(lab, page, "ask-panel", CHOICE, NUMBER, COLUMN)
    notebook.run(1, wait=False)
    notebook.button(1, "list price").focus()
    page.keyboard.press("Tab")
    notebook.picture("question-choice")
    page.keyboard.press("Enter")
    choice = answered(notebook, 1)
    notebook.run(2, wait=False)
    number = notebook.cell(2).get_by_label("Your answer")
    number.press("Enter")
    notebook.cell(2).get_by_text("Write a number.").wait_for()
    page.keyboard.type("12.5")
    notebook.picture("question-number")
    found = notebook.violations("section.cave")
    page.keyboard.press("Enter")
    amount = answered(notebook, 2)
    notebook.run(3, wait=False)
    offered = notebook.cell(3).locator(".cave-question button")
    offered.first.wait_for()
    columns = offered.all_inner_texts()
    notebook.picture("question-column")
    notebook.button(3, "city").press("Enter")
    column = answered(notebook, 3)

    assert "You answered: price paid" in choice and "You answered: 12.5" in amount
    assert columns == ["region", "city", "paid", "You decide"] and "You answered: city" in column
    assert found == []
    assert notebook.complaints == []


def test_a_question_is_answered_in_the_side_panel_by_keyboard_after_a_reload(page, lab):
    notebook = asking(lab, page, "ask-side", NUMBER, COLUMN)
    notebook.run(1, wait=False)
    notebook.cell(1).get_by_label("Your answer").wait_for()
    notebook.open(kernel=False, reload=True)
    side = notebook.side_panel()
    side.get_by_label("Your answer").wait_for()
    side.focus()
    page.keyboard.press("Alt+r")
    page.keyboard.type("12.5")
    notebook.picture("question-side")
    page.keyboard.press("Enter")
    page.wait_for_function(PANEL)
    notebook.wait_idle()
    side.get_by_label("Your answer").wait_for(state="detached")
    notebook.run(2, wait=False)
    side.get_by_role("button", name="region", exact=True).focus()
    page.keyboard.press("Tab")
    page.wait_for_function(FOCUSED, arg="city")
    notebook.picture("question-side-column")
    found = notebook.violations("#caveagent-magic")
    page.keyboard.press("Space")
    column = answered(notebook, 2)

    assert "You answered: city" in column
    assert found == []
    assert notebook.complaints == []
