"""The same in Notebook 7, which has one notebook in a page."""

import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SETUP = """%load_ext caveagent_magic
import pandas as pd
staff = pd.DataFrame({"who": ["Kowalska", "Oneil"], "pay": [51234, 98761]})"""
SUM = "I add them up.\n\n```python\ntotal = int(staff.pay.sum())\ntotal\n```\n"


@pytest.fixture
def notebook(page, notebook_seven, request):
    """A notebook that asks twice."""
    name = f"{request.node.originalname}.ipynb"  # another file: what was approved in one runs again unasked
    models = [notebook_seven.replies(f"seven-{n}", SUM, "That is all.") for n in (1, 2)]
    cells = [f"%%cave --model {model}\nWhat is the sum of pay?" for model in models]
    notebook_seven.write(name, SETUP, *cells, "total")
    opened = Notebook(page, notebook_seven, name).open()
    opened.its_own = list(opened.complaints)  # Notebook 7.6 has one at every start, without any extension
    opened.run(0)
    yield opened
    notebook_seven.shut_kernels_down()


def test_edit_then_run_then_skip_with_a_note(notebook):
    notebook.run(1, wait=False)
    notebook.button(1, "Edit").click()
    notebook.cell(1).locator("textarea").fill("total = int(staff.pay.max())")
    notebook.button(1, "Check again").click()
    notebook.button(1, "Run").click()
    notebook.wait(1)
    notebook.run(3)
    edited = notebook.output(3)
    notebook.run(2, wait=False)
    notebook.cell(2).get_by_label("Note to the model").fill("no, thanks")
    notebook.picture("notebook-7-waiting")
    notebook.button(2, "Skip").click()
    notebook.wait(2)

    assert edited == "98761"
    assert "you skipped it" in notebook.cell(2).text_content()
    assert notebook.complaints == notebook.its_own


def test_the_side_panel_answers_after_a_reload_hides_a_column_undoes_and_makes_cells(notebook):
    page = notebook.page
    notebook.run(1, wait=False)
    notebook.button(1, "Run").wait_for()
    notebook.open(kernel=False)
    side = notebook.side_panel()
    side.get_by_role("button", name="Run", exact=True).click()
    notebook.wait_idle()
    side.locator(".cave-look-text", has_text="who").wait_for()
    side.locator(".cave-look-variable > summary", has_text="staff").click()
    side.get_by_role("button", name="Hide staff.who from the model").click()
    side.locator(".cave-look-hidden").wait_for()
    text = side.locator(".cave-look-text").inner_text()
    side.get_by_role("button", name="Make cells").click()
    side.get_by_text("1 cell was made").wait_for()
    notebook.picture("notebook-7-side")
    side.get_by_role("button", name="Undo last step").click()
    side.locator(".cave-undone", has_text="Undone: total").wait_for()

    assert "pay" in text and "who" not in text
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == 5


def test_the_kernel_is_restarted_while_a_step_waits(notebook):
    notebook.run(1, wait=False)
    notebook.button(1, "Run").wait_for()
    notebook.page.evaluate(
        "() => void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    notebook.cell(1).get_by_text("was restarted").wait_for()
    notebook.wait_idle()

    assert notebook.button(1, "Run").count() == 0
