"""A page without the JupyterLab extension: what is under the cell does all that is needed."""

import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SETUP = """%load_ext caveagent_magic
import pandas as pd
sales = pd.DataFrame({"region": ["north", "south", "north"], "price": [10.0, 20.0, 30.0]})"""
GROUP = "I add them up.\n\n```python\nby_region = sales.groupby('region').price.sum()\nby_region\n```"
BEST = "```python\nbest = by_region.idxmax()\nprint(best)\n```"
ANSWER = "North sold most."
UNREACHABLE = """() => {
  const renderer = window.jupyterapp.shell.currentWidget.content.rendermime;
  const manager = renderer.createRenderer("application/vnd.jupyter.widget-view+json")._manager;
  return manager.promise.then(manager => Object.defineProperties(manager,
    { kernel: { value: undefined }, context: { value: undefined } }) && true);
}"""


@pytest.fixture
def bare(bare_server):
    """The server, with no kernel left of another test."""
    yield bare_server
    bare_server.shut_kernels_down()


def asking(lab, page, name):
    """A notebook whose second cell takes two steps, open and loaded."""
    model = lab.replies(name, GROUP, BEST, ANSWER)
    cell = f"%%cave --model {model}\nWhich region sold most?"
    lab.write(f"{name}.ipynb", SETUP, cell, "[by_region.to_dict(), best]")
    notebook = Notebook(page, lab, f"{name}.ipynb").open()
    notebook.run(0)
    return notebook


def test_steps_are_approved_undone_redone_and_made_into_cells_by_keyboard(page, bare):
    notebook = asking(bare, page, "bare")
    assert page.evaluate("() => !document.querySelector('#caveagent-magic')")
    notebook.run(1, wait=False)
    notebook.button(1, "Run").press("Enter")
    notebook.cell(1).get_by_text("best = by_region").wait_for()
    notebook.button(1, "Run").press("Enter")
    notebook.wait(1)
    offer = notebook.cell(1).get_by_label("Undo", exact=True)
    offer.get_by_text("Last change: best").wait_for()
    notebook.picture("bare-done")
    found = notebook.violations("section.cave-undo")
    offer.get_by_role("button", name="Make cells").press("Enter")
    offer.get_by_text("2 cells were made").wait_for()
    offer.get_by_role("button", name="Undo last step").press("Enter")
    offer.get_by_text("Undone: best.", exact=True).wait_for()
    focused = page.evaluate("() => document.activeElement?.textContent")
    notebook.picture("bare-undone")
    offer.get_by_role("button", name="Redo").press("Enter")
    offer.get_by_text("Done again: best").wait_for()
    notebook.run(4)
    cells = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")

    assert (found, focused, cells) == ([], "Undo last step", 5)
    assert "north" in notebook.output(4)
    assert notebook.complaints == []


def test_a_page_that_reaches_neither_kernel_nor_notebook_asks_in_words_and_undoes_by_messages(page, bare):
    notebook = asking(bare, page, "unreachable")
    assert page.evaluate(UNREACHABLE)
    notebook.run(1, wait=False)
    notebook.button(1, "Run").click()  # its message waits until the cell has ended, and is stale then
    box = notebook.cell(1).locator("input.jp-Stdin-input")
    for step in ("by_region.idxmax", ANSWER):
        box.wait_for()
        notebook.picture("bare-in-words")
        box.press("r")
        box.press("Enter")
        box.wait_for(state="detached")
        notebook.cell(1).get_by_text(step).first.wait_for()
    notebook.wait(1)
    offer = notebook.cell(1).get_by_label("Undo", exact=True)
    offer.get_by_text("%cave export FILE.ipynb").wait_for()
    notebook.picture("bare-unreachable")
    offer.get_by_role("button", name="Undo last turn").click()
    offer.locator(".cave-undone", has_text="Undone: by_region, best").or_(
        offer.locator(".cave-undone", has_text="Undone: best, by_region")
    ).wait_for()
    notebook.run(2)

    assert offer.get_by_role("button", name="Make cells").count() == 0
    assert "NameError" in notebook.cell(2).inner_text()
    assert notebook.complaints == []
