"""The product as a person sees it: JupyterLab in a real browser."""

import pytest

from caveagent_magic.events import MIME_TYPE
from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SALES = """%load_ext caveagent_magic
import pandas as pd
sales = pd.DataFrame({"region": ["north", "south", "north", "east"], "price": [10.0, 20.0, 30.0, 5.0]})"""
GROUP = """I sum the prices of each region.

```python
by_region = sales.groupby("region")["price"].sum().sort_values(ascending=False)
by_region
```
"""
ANSWER = "The north sold most: 40."
EDITED = "by_region = sales.groupby('region')['price'].max()\nby_region"


def asking(lab, page, name):
    """A notebook whose second cell asks for the prices of each region, open and ready."""
    model = lab.replies(name, GROUP, ANSWER)
    lab.write(
        f"{name}.ipynb", SALES, f"%%cave --model {model}\nWhat did each region sell?", "by_region.to_dict()"
    )
    opened = Notebook(page, lab, f"{name}.ipynb").open()
    opened.run(0)
    return opened


@pytest.fixture
def notebook(page, lab, request):
    """The notebook in JupyterLab."""
    return asking(lab, page, request.node.originalname)


def test_edit_then_run_then_reopen_without_a_kernel(notebook, lab):
    panel = notebook.cell(1)
    notebook.run(1, wait=False)
    panel.get_by_role("button", name="Edit").click()
    notebook.picture("panel-edit")
    panel.locator("textarea.cave-editor").fill(EDITED)
    panel.get_by_role("button", name="Check again").click()
    run = panel.get_by_role("button", name="Run", exact=True)
    run.wait_for()
    notebook.picture("panel-waiting")
    run.click()
    notebook.wait(1)
    panel.get_by_text(ANSWER).first.wait_for()
    notebook.run(2)
    notebook.picture("panel-done")
    notebook.save()
    lab.shut_kernels_down()

    result = notebook.cell(2).locator(".jp-OutputArea-output").inner_text()
    saved = lab.read(notebook.name)
    notebook.open(kernel=False, reload=True)
    notebook.cell(1).get_by_text(ANSWER).first.wait_for()
    notebook.picture("panel-reopened")

    assert "30.0" in result and "40" not in result
    assert any(MIME_TYPE in output.get("data", {}) for output in saved.cells[1].outputs)
    assert "widgets" not in saved.metadata or not saved.metadata.widgets
    assert notebook.cell(1).get_by_role("button", name="Run", exact=True).count() == 0
    assert notebook.complaints == []


def test_the_side_panel_answers_a_step_after_the_page_was_reloaded(notebook):
    notebook.run(1, wait=False)
    notebook.cell(1).get_by_role("button", name="Run", exact=True).wait_for()

    notebook.open(kernel=False, reload=True)
    side = notebook.side_panel()
    side.get_by_role("button", name="Run", exact=True).click()
    notebook.wait_idle()

    notebook.run(2)
    assert "40" in notebook.cell(2).locator(".jp-OutputArea-output").inner_text()


def test_stop_in_the_panel_ends_the_cell_with_one_line(notebook):
    notebook.run(1, wait=False)
    notebook.cell(1).get_by_role("button", name="Run", exact=True).wait_for()
    notebook.cell(1).get_by_role("button", name="Stop").click()
    notebook.wait(1)

    error = (
        notebook.cell(1).locator("[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedText").last
    )
    assert "stopped" in error.inner_text()
    notebook.run(2)
    assert "NameError" in notebook.cell(2).inner_text()


def test_two_cells_in_a_row_wait_for_each_other_and_a_skip_takes_a_note(page, lab):
    notebook = asking(lab, page, "queued")
    notebook.run(1, wait=False)
    notebook.run(2, wait=False)
    panel = notebook.cell(1)
    panel.get_by_label("Note to the model").fill("only the north, please")
    panel.get_by_role("button", name="Skip").click()
    notebook.wait(1)
    notebook.wait(2)

    assert "NameError" in notebook.cell(2).inner_text()


EXPORT = """I write the sums to a file.

```python
sums = sales.groupby("region", as_index=False)["price"].sum()
sums.to_csv("sums.csv", index=False)
sales["price"] = 0.0
```
"""


def test_a_file_that_would_be_written_is_shown_remembered_and_a_step_is_undone(page, lab):
    model = lab.replies("export", EXPORT, "Written.")
    lab.write(
        "export.ipynb", SALES, f"%%cave --model {model}\nWrite the sums to a file.", "sales.price.sum()"
    )
    notebook = Notebook(page, lab, "export.ipynb").open()
    notebook.run(0)
    notebook.run(1, wait=False)
    panel = notebook.cell(1)
    effect = panel.locator(".cave-effect")
    effect.wait_for()
    written_before = (lab.notebooks / "sums.csv").exists()
    panel.get_by_text("Preview").click()
    notebook.picture("panel-effect")
    shown = effect.inner_text()
    panel.get_by_role("checkbox", name="Always allow in this notebook").check()
    panel.get_by_role("button", name="Run", exact=True).click()
    notebook.wait(1)
    panel.get_by_text("Written.").first.wait_for()
    rule = panel.get_by_text("Allowed in this notebook from now on").text_content()

    side = notebook.side_panel()
    side.get_by_role("button", name="Undo last step").click()
    said = side.get_by_label("Undo", exact=True).locator(".cave-undone")
    said.get_by_text("Undone: sums, sales").or_(said.get_by_text("Undone: sales, sums")).wait_for()
    notebook.picture("side-panel-undo")
    side.get_by_role("button", name="Redo").wait_for()
    notebook.run(2)

    assert not written_before and (lab.notebooks / "sums.csv").exists()
    assert "sums.csv" in shown and "new" in shown and "north,40.0" in shown
    assert "sums.csv" in rule
    assert "sums.csv" in said.inner_text()  # what undo could not take back
    assert "65.0" in notebook.cell(2).locator(".jp-OutputArea-output").inner_text()
    assert notebook.complaints == []
