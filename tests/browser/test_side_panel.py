"""The side panel of JupyterLab in a real browser."""

import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

STAFF = """%load_ext caveagent_magic
import pandas as pd
staff = pd.DataFrame({"who": ["Kowalska", "Oneil"], "pay": [51234, 98761]})"""
SUM = "I add them up.\n\n```python\ntotal = int(staff.pay.sum())\ntotal\n```\n"


def asking(lab, page, name):
    """A notebook whose second cell asks for a sum, open and loaded."""
    model = lab.replies(name, SUM, "The sum is 149995.")
    lab.write(f"{name}.ipynb", STAFF, f"%%cave --model {model}\nWhat is the sum of pay?")
    notebook = Notebook(page, lab, f"{name}.ipynb").open()
    notebook.run(0)
    return notebook


def test_a_column_is_hidden_in_the_side_panel_and_the_text_that_leaves_changes(page, lab):
    notebook = asking(lab, page, "side-look")
    side = notebook.side_panel()
    text = side.locator(".cave-look-text")
    side.locator(".cave-look-text", has_text="who").wait_for()
    before = text.inner_text()
    side.locator(".cave-look-variable > summary", has_text="staff").click()
    side.get_by_role("button", name="Hide staff.who from the model").click()
    side.locator(".cave-look-hidden").wait_for()
    after = text.inner_text()
    side.get_by_text("Policy, cost and what has left").click()
    side.get_by_text("Policy: the shipped default").wait_for()
    side.locator(".cave-policy").get_by_text("write file").wait_for()
    notebook.picture("side-look")
    light = notebook.violations("#caveagent-magic")
    notebook.theme("Dark")
    notebook.picture("side-look-dark")
    dark = notebook.violations("#caveagent-magic")
    notebook.theme("Light")
    page.set_viewport_size({"width": 800, "height": 900})
    notebook.picture("side-look-800")

    assert "who" in before and "who" not in after and "pay" in after
    assert (light, dark) == ([], [])
    assert notebook.complaints == []


def test_settings_are_defaults_of_every_kernel_and_what_wins_over_them_is_said(page, lab):
    lab.settings.parent.mkdir(exist_ok=True)
    lab.settings.write_text('{"privacy": "names", "approval": "auto", "budget": 900}')
    lab.write("side-settings.ipynb", STAFF + "\n%config CaveMagics.budget = 500", "%cave status")
    try:
        notebook = Notebook(page, lab, "side-settings.ipynb").open(reload=True)
        notebook.run(0)
        side = notebook.side_panel()
        side.get_by_label("The model knows", exact=True).first.wait_for()
        kept = side.locator(".cave-side-kept").inner_text()
        level = side.get_by_label("The model knows", exact=True).first.input_value()
        side.get_by_text("Policy, cost and what has left").click()
        side.get_by_text("Approval: auto").wait_for()
        notebook.picture("side-settings")
        complaints = list(notebook.complaints)
    finally:
        lab.settings.unlink()
        notebook.open(reload=True)  # what the page has read stays in it

    assert level == "names"
    assert "budget" in kept and "approval" not in kept
    assert complaints == []


def test_two_notebooks_wait_at_once_and_each_is_answered_in_the_side_panel(page, lab):
    first = asking(lab, page, "side-one")
    first.run(1, wait=False)
    first.cell(1).get_by_role("button", name="Run", exact=True).wait_for()
    model = lab.replies("side-two", SUM, "The sum is 149995.")
    lab.write("side-two.ipynb", STAFF, f"%%cave --model {model}\nWhat is the sum of pay?")
    second = Notebook(page, lab, "side-two.ipynb").open()
    second.run(0)
    second.run(1, wait=False)
    side = second.side_panel()
    runs = side.get_by_role("button", name="Run", exact=True)
    runs.nth(1).wait_for()
    waiting = page.locator(".cave-status").inner_text()
    second.picture("side-two-waiting")
    found = second.violations("#caveagent-magic")
    runs.nth(1).click()
    runs.first.click()
    page.locator(".cave-status").get_by_text("idle").wait_for()

    assert waiting == "Cave: 2 wait for you"
    assert found == []


FOCUSED = "name => document.activeElement?.textContent === name"


def test_shortcuts_work_from_anywhere_in_the_panel_and_from_nowhere_else(page, lab):
    models = [lab.replies(f"side-keys-{n}", SUM, "The sum is 149995.") for n in (1, 2)]
    cells = [f"%%cave --model {model}\nWhat is the sum of pay?" for model in models]
    lab.write("side-keys.ipynb", STAFF, *cells)
    notebook = Notebook(page, lab, "side-keys.ipynb").open()
    notebook.run(0)
    notebook.run(1, wait=False)
    side = notebook.side_panel()
    side.get_by_role("button", name="Edit").focus()
    page.keyboard.press("Alt+r")
    page.wait_for_function(FOCUSED, arg="Run")
    page.keyboard.press("Alt+s")
    page.wait_for_function(FOCUSED, arg="Skip")
    side.focus()
    page.keyboard.press("Alt+r")
    page.wait_for_function(FOCUSED, arg="Run")
    notebook.cell(0).locator(".cm-content").focus()
    page.keyboard.press("Alt+r")
    page.keyboard.press("Alt+x")
    from_the_notebook = page.evaluate("() => document.activeElement?.className")
    side.focus()
    page.keyboard.press("Alt+r")
    page.wait_for_function(FOCUSED, arg="Run")
    page.keyboard.press("Enter")
    notebook.wait(1)
    side.get_by_role("button", name="Undo last step").wait_for()
    side.focus()
    page.keyboard.press("Alt+z")
    side.locator(".cave-undone", has_text="Undone: total").wait_for()
    notebook.run(2, wait=False)
    side.get_by_role("button", name="Run", exact=True).wait_for()
    side.focus()
    page.keyboard.press("Alt+x")
    notebook.wait(2)

    assert "cm-content" in from_the_notebook
    assert notebook.cell(2).locator(".cave-state").inner_text() == "Stopped"
    assert notebook.complaints == []


def test_a_turn_is_among_the_running_sessions_and_can_be_stopped_there(page, lab):
    notebook = asking(lab, page, "side-running")
    notebook.run(1, wait=False)
    notebook.cell(1).get_by_role("button", name="Run", exact=True).wait_for()
    page.evaluate("() => window.jupyterapp.shell.activateById('jp-running-sessions')")
    page.get_by_text("Cave turns").wait_for()
    stop = page.locator(".jp-RunningSessions-itemShutdown[title=Stop]")
    turn = page.locator(".jp-RunningSessions-item", has=stop).filter(has_text="side-running.ipynb")
    turn.hover()
    notebook.picture("running-sessions")
    turn.locator(stop).click()
    notebook.wait(1)
    turn.wait_for(state="detached")

    assert notebook.cell(1).locator(".cave-state").inner_text() == "Stopped"
    assert notebook.complaints == []


def test_the_panel_is_there_again_after_a_reload_as_it_was_left(page, lab):
    notebook = asking(lab, page, "side-restored")
    side = notebook.side_panel()
    side.locator(".cave-look-text", has_text="who").wait_for()
    side.get_by_text("Variables (").click()
    side.get_by_text("Policy, cost and what has left").click()
    side.locator(".cave-policy").wait_for()
    notebook.run(1, wait=False)
    side.get_by_role("button", name="Run", exact=True).wait_for()
    page.wait_for_timeout(1_500)  # JupyterLab saves its layout a while after each change
    page.reload()
    notebook.opened(kernel=False)
    side.get_by_role("button", name="Run", exact=True).wait_for()
    notebook.picture("side-restored")
    folds = side.locator(".cave-side-fold").evaluate_all("folds => folds.map(fold => fold.open)")
    side.get_by_role("button", name="Run", exact=True).click()
    notebook.wait_idle()

    assert folds == [False, True]
    assert notebook.complaints == []


def test_a_kernel_restarted_while_a_step_waits_leaves_no_button_and_says_so(page, lab):
    notebook = asking(lab, page, "side-restart")
    notebook.run(1, wait=False)
    side = notebook.side_panel()
    side.get_by_role("button", name="Run", exact=True).wait_for()
    page.evaluate("() => void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    side.get_by_text("cannot be answered any more").wait_for()
    notebook.picture("side-restarted")
    notebook.wait_idle()

    assert side.get_by_role("button", name="Run", exact=True).count() == 0
