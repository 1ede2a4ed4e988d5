"""The same in Notebook 7, which has one notebook in a page."""

import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SETUP = """%load_ext caveagent_magic
import pandas as pd
staff = pd.DataFrame({"who": ["Kowalska", "Oneil"], "pay": [51234, 98761]})"""
SUM = "I add them up.\n\n```python\ntotal = int(staff.pay.sum())\ntotal\n```\n"


@pytest.fixture
def notebook(page, notebook_seven):
    """A notebook that asks twice."""
    models = [notebook_seven.replies(f"seven-{n}", SUM, "That is all.") for n in (1, 2)]
    cells = [f"%%cave --model {model}\nWhat is the sum of pay?" for model in models]
    notebook_seven.write("seven.ipynb", SETUP, *cells, "total")
    opened = Notebook(page, notebook_seven, "seven.ipynb").open()
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
