"""The same in Notebook 7, which has one notebook in a page."""

import os
import signal

import nbformat
import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SETUP = """%load_ext caveagent_magic
import pandas as pd
staff = pd.DataFrame({"who": ["Kowalska", "Oneil"], "pay": [51234, 98761]})"""
SLOW = "I think about it for a long while and then some more, and then once more.\n" * 4
LOOP = "```python\nimport time\nfor _ in range(600):\n    time.sleep(0.1)\n```"
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


def test_two_notebooks_wait_at_once_and_each_is_answered_in_its_page(notebook):
    lab, cell = (
        notebook.lab,
        f"%%cave --model {notebook.lab.replies('seven-other', SUM, 'That is all.')}\nSum?",
    )
    lab.write("seven-other.ipynb", SETUP, cell, "total + 1")
    other = Notebook(notebook.page.context.new_page(), lab, "seven-other.ipynb").open()
    other.run(0)
    for each in (notebook, other):
        each.run(1, wait=False)
    for each in (notebook, other):
        each.button(1, "Run").wait_for()
    side = other.side_panel()
    side.get_by_role("button", name="Run", exact=True).click()
    other.wait(1)
    other.run(2)
    still = notebook.button(1, "Run").is_visible()
    notebook.page.bring_to_front()
    notebook.button(1, "Run").click()
    notebook.wait(1)
    notebook.run(3)
    results = (other.output(2), notebook.output(3))
    other.page.close()

    assert still and results == ("149996", "149995")


def test_a_notebook_opened_read_only_has_no_button_that_cannot_work(notebook):
    page = notebook.page
    notebook.run(1, wait=False)
    notebook.button(1, "Run").click()
    notebook.wait(1)
    notebook.save()
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    def locked(route):  # whoever runs the tests may write everything, so the server's answer says otherwise
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "writable": False})

    page.route(f"**/api/contents/{notebook.name}?*", locked)
    notebook.open()
    notebook.cell(1).get_by_text("That is all.").first.wait_for()
    side = notebook.side_panel()
    side.get_by_role("button", name="Undo last step").wait_for()
    side.locator(".cave-look-text", has_text="pay").wait_for()
    notebook.picture("notebook-7-read-only")
    made = page.evaluate("() => window.jupyterapp.commands.isEnabled('caveagent-magic:make-cells')")
    buttons = notebook.cell(1).locator("section.cave button:visible").all_inner_texts()
    notebook.lab.shut_kernels_down()
    notebook.cell(1).get_by_role("button", name="Undo last step").wait_for(state="hidden")

    assert side.get_by_role("button", name="Make cells").count() == 0 and not made
    assert buttons == ["Undo last step"]


def test_a_turn_is_stopped_in_each_state_and_a_kernel_that_dies_leaves_no_button(page, notebook_seven):
    models = [
        notebook_seven.replies("seven-slow", SLOW, delay=0.2, chunk=2),
        notebook_seven.replies("seven-loop", LOOP),
        notebook_seven.replies("seven-wait", SUM),
        notebook_seven.replies("seven-run", "```python\nimport time\ntime.sleep(6)\n```"),
        notebook_seven.replies("seven-dies", SUM),
    ]
    before = SETUP + "\nimport os\nopen('pid', 'w').write(str(os.getpid()))"
    cells = [f"%%cave --model {model}\nWhat is the sum of pay?" for model in models]
    notebook_seven.write("seven-stop.ipynb", before, *cells)
    notebook = Notebook(page, notebook_seven, "seven-stop.ipynb").open()
    states = {1: "The model is writing", 2: "Rehearsing in a copy", 3: "Waits for you", 4: "Running in your"}
    notebook.run(0)
    for index, state in states.items():
        notebook.run(index, wait=False)
        if index == 4:
            notebook.button(4, "Run").click()
        notebook.cell(index).get_by_text(state).wait_for()
        notebook.button(index, "Stop").click()
        notebook.wait(index)
    stopped = [notebook.cell(index).locator(".cave-state").inner_text() for index in states]
    notebook.run(5, wait=False)
    notebook.button(5, "Run").wait_for()
    os.kill(int((notebook_seven.notebooks / "pid").read_text()), signal.SIGKILL)
    notebook.cell(5).get_by_text("died").first.wait_for()
    buttons = notebook.button(5, "Run").count()
    notebook_seven.shut_kernels_down()

    assert stopped == ["Stopped"] * 4
    assert buttons == 0


def test_made_cells_give_the_same_in_a_new_kernel_and_a_copy_of_somebody_else_runs_nothing(notebook):
    page, lab = notebook.page, notebook.lab
    notebook.run(1, wait=False)
    notebook.button(1, "Run").click()
    notebook.wait(1)
    side = notebook.side_panel()
    side.get_by_role("button", name="Make cells").click()
    side.get_by_text("1 cell was made").wait_for()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    notebook.wait_idle()
    for index in (0, 2, 4):
        notebook.run(index)
    made = (notebook.output(2), notebook.output(4))
    notebook.save()
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    theirs = lab.read(notebook.name)
    theirs.cells[1].source += " "  # another text: its signature is nobody's
    nbformat.write(theirs, lab.notebooks / "seven-theirs.ipynb")
    opened = Notebook(page, lab, "seven-theirs.ipynb").open()
    opened.cell(1).locator("section.cave").wait_for()
    opened.picture("notebook-7-untrusted")
    trusted = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.trusted")

    assert made == ("149995", "149995")
    assert not trusted
    assert opened.cell(1).locator("section.cave button:visible").count() == 0
