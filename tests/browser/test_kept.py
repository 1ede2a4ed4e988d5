"""What stays of a turn: cells made of its steps, and the notebook opened again by somebody else."""

import nbformat
import pytest

from caveagent_magic.events import MIME_TYPE
from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SETUP = """%load_ext caveagent_magic
import pandas as pd
sales = pd.DataFrame({"region": ["north", "south", "north"], "price": [10.0, 20.0, 30.0]})"""
DEAD = "First a try.\n\n```python\nby_region = sales.price\n```\n"
GROUP = "```python\nby_region = sales.groupby('region').price.sum()\nby_region\n```"
BEST = "```python\nbest = by_region.idxmax()\nprint(best)\n```"
ANSWER = "North sold most."
RESULT = "[by_region.to_dict(), best]"


def answered(lab, page, name):
    """A notebook whose second cell took three steps."""
    model = lab.replies(name, DEAD, GROUP, BEST, ANSWER)
    lab.write(f"{name}.ipynb", SETUP, f"%%cave --auto --model {model}\nWhich region sold most?", RESULT)
    notebook = Notebook(page, lab, f"{name}.ipynb").open()
    notebook.run(0)
    notebook.run(1)
    notebook.run(2)
    return notebook


def count(page):
    return page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")


def test_steps_become_cells_that_give_the_same_in_a_new_kernel(page, lab):
    notebook = answered(lab, page, "make-cells")
    before = notebook.output(2)
    side = notebook.side_panel()
    side.get_by_role("button", name="Make cells").click()
    side.get_by_text("2 cells were made").wait_for()
    notebook.picture("make-cells")
    side.get_by_role("button", name="Make cells").click()
    side.get_by_text("2 were there already").wait_for()
    made = count(page)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    notebook.wait_idle()
    for index in (0, 2, 3, 4):
        notebook.run(index)
    notebook.save()
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    cells = lab.read(notebook.name).cells

    assert (made, notebook.output(4)) == (5, before)
    assert [cell.source for cell in cells[2:4]] == [
        "by_region = sales.groupby('region').price.sum()\nby_region",
        "best = by_region.idxmax()\nprint(best)",
    ]
    assert [cell.metadata.caveagent["step"] for cell in cells[2:4]] == [2, 3]
    assert notebook.complaints == []


def test_the_palette_makes_the_cells_and_says_so(page, lab):
    notebook = answered(lab, page, "palette")
    page.wait_for_function("() => window.jupyterapp.commands.isEnabled('caveagent-magic:make-cells')")
    page.evaluate("() => void window.jupyterapp.commands.execute('apputils:activate-command-palette')")
    page.locator(".lm-CommandPalette-input").fill("make cells of the approved")
    page.keyboard.press("Enter")
    page.get_by_text("2 cells were made").wait_for()

    assert count(page) == 5
    assert notebook.complaints == []


def test_a_notebook_of_somebody_else_shows_the_turn_and_runs_nothing_of_it(page, lab):
    notebook = answered(lab, page, "mine")
    notebook.save()
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    theirs = lab.read("mine.ipynb")
    bundle = next(output.data for output in theirs.cells[1].outputs if MIME_TYPE in output.get("data", {}))
    attack = "<img src=x onerror='window.hacked=1'><script>window.hacked = 1</script>"
    bundle["text/html"] = attack
    events = bundle[MIME_TYPE]["events"]
    events[0]["prompt"] = attack
    next(event for event in events if event["type"] == "decided").update(note=attack)
    del events[-1]  # as if it still waited
    events.append({"type": "decision_asked", "turn": events[0]["turn"], "step": 4, "actions": ["run"],
                   "nonce": "n", "code_hash": "h", "rules": []})  # fmt: skip
    theirs.cells[1].source += " "  # another text: its signature is nobody's
    nbformat.write(theirs, lab.notebooks / "theirs.ipynb")
    opened = Notebook(page, lab, "theirs.ipynb").open()
    opened.cell(1).locator("section.cave").wait_for()
    opened.picture("untrusted")
    trusted = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.trusted")

    assert not trusted
    assert "<img src=x" in opened.cell(1).locator(".cave-prompt").inner_text()
    assert opened.cell(1).locator("section.cave button:visible, section.cave input:visible").count() == 0
    assert page.evaluate("() => window.hacked") is None


def test_a_notebook_opened_read_only_has_no_button_that_cannot_work(page, lab):
    notebook = answered(lab, page, "read-only")
    notebook.save()
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    def locked(route):  # whoever runs the tests may write everything, so the server's answer says otherwise
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "writable": False})

    page.route("**/api/contents/read-only.ipynb?*", locked)
    notebook.open(reload=True)
    notebook.cell(1).get_by_text(ANSWER).first.wait_for()
    side = notebook.side_panel()
    side.get_by_role("button", name="Undo last step").wait_for()
    side.locator(".cave-look-text", has_text="region").wait_for()
    notebook.picture("read-only")
    made = page.evaluate("() => window.jupyterapp.commands.isEnabled('caveagent-magic:make-cells')")
    buttons = notebook.cell(1).locator("section.cave button:visible").all_inner_texts()
    notebook.cell(1).get_by_role("button", name="Undo last step").click()
    notebook.cell(1).get_by_text("Undone: best.", exact=True).wait_for()
    complaints = list(notebook.complaints)  # JupyterLab itself may speak to a kernel that has ended
    lab.shut_kernels_down()
    notebook.cell(1).get_by_role("button", name="Undo last step").wait_for(state="hidden")

    assert side.get_by_role("button", name="Make cells").count() == 0 and not made
    assert buttons == ["Undo last step", "Undo last turn"]
    assert notebook.cell(1).locator("section.cave button:visible").count() == 0
    assert complaints == []


def test_the_last_turn_is_undone_and_redone_in_its_own_cell(page, lab):
    notebook = answered(lab, page, "undo-below")
    cell = notebook.cell(1)
    undo = cell.get_by_label("Undo", exact=True)
    undo.get_by_text("Last change: best").wait_for()
    notebook.picture("undo-below")
    found = notebook.violations("section.cave")
    undo.get_by_role("button", name="Undo last turn").focus()
    page.keyboard.press("Enter")
    undo.locator(".cave-undone", has_text="Undone: ").wait_for()
    undo.get_by_role("button", name="Redo").wait_for()
    notebook.picture("undo-below-undone")
    notebook.run(2)
    undone = notebook.cell(2).inner_text()
    undo.get_by_role("button", name="Redo").click()
    undo.get_by_text("Done again: ").wait_for()
    notebook.run(2)

    assert found == []
    assert "NameError" in undone
    assert "north" in notebook.output(2)
    assert notebook.complaints == []
