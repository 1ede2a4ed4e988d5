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
    side.get_by_text("2 columns").click()
    side.get_by_role("button", name="Hide staff.who from the model").click()
    side.locator(".cave-look-hidden").wait_for()
    after = text.inner_text()
    side.get_by_text("Policy, cost and what has left").click()
    side.locator(".cave-policy").get_by_text("the shipped default").first.wait_for()
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
