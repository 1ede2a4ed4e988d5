"""The panel under a cell: deciding by keyboard, stopping, kernels that go away, hostile data."""

import os
import signal
from itertools import pairwise

import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SETUP = """%load_ext caveagent_magic
import os
pay = [51234, 98761]
open("pid", "w").write(str(os.getpid()))"""
SUM = "I add them up.\n\n```python\ntotal = sum(pay)\ntotal\n```\n"
LOOP = "```python\nimport time\nfor _ in range(600):\n    time.sleep(0.1)\n```"
SLOW = "I think about it for a long while and then some more, and then once more.\n" * 4
DEAF = """
import asyncio
get_ipython().kernel.control_handlers["cave_request"] = lambda *_: asyncio.sleep(600)"""
LIVE = """() => {
  window.heard = [];
  const regions = () => document.querySelectorAll("section.cave .cave-state[aria-live=polite]");
  const last = new WeakMap();
  new MutationObserver(() => {
    for (const node of regions()) {
      if (last.get(node) === node.textContent) continue;
      last.set(node, node.textContent);
      window.heard.push(node.textContent);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


def asking(lab, page, name, *replies, before=SETUP, after="total", **options):
    """A notebook whose second cell asks, open and loaded."""
    model = lab.replies(name, *(replies or (SUM, "The sum is 149995.")), **options)
    lab.write(f"{name}.ipynb", before, f"%%cave --model {model}\nWhat is the sum of pay?", after)
    notebook = Notebook(page, lab, f"{name}.ipynb").open()
    notebook.run(0)
    return notebook


def waits(notebook):
    notebook.run(1, wait=False)
    notebook.button(1, "Run").wait_for()


def tab_to(page, name):
    """Press Tab until a button with this name has the focus."""
    for _ in range(60):
        if page.evaluate("() => document.activeElement?.textContent") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_the_whole_flow_works_by_keyboard_and_is_told_once(page, lab):
    notebook = asking(lab, page, "keyboard")
    notebook.side_panel()  # two panels show the turn, and one of them speaks
    page.evaluate(LIVE)
    notebook.cell(1).locator(".cm-content").focus()
    page.keyboard.press("Control+Enter")
    notebook.button(1, "Run").wait_for()
    page.keyboard.press("Escape")
    tab_to(page, "Edit")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+A")
    page.keyboard.type("import os\nif pay:\nos.system('true')")  # the second line is indented by itself
    notebook.cell(1).locator(".cave-recheck-list li").wait_for()
    judged = notebook.cell(1).locator(".cave-recheck").inner_text()
    notebook.picture("panel-recheck")
    page.keyboard.press("Control+A")
    page.keyboard.type("total = max(pay)\ntotal")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => document.activeElement?.textContent === 'Run'")
    page.keyboard.press("Enter")
    notebook.wait(1)
    page.wait_for_function("() => document.activeElement?.closest('.jp-Notebook') !== null")
    notebook.run(2)
    heard = page.evaluate("() => window.heard")

    assert "process" in judged and "line 3" in judged
    assert notebook.output(2) == "98761"
    assert heard.count("Waits for you") == 2  # the step, and the step as it was edited
    assert all(one != other for one, other in pairwise(heard))
    assert notebook.complaints == []


def test_a_turn_is_stopped_in_the_panel_in_each_state(page, lab):
    model = lab.replies("stop-write", SLOW, delay=0.2, chunk=2)
    loop = lab.replies("stop-loop", LOOP)
    again = lab.replies("stop-again", LOOP)
    lab.write(
        "stop.ipynb",
        SETUP + "\n%config CaveMagics.rehearsal_seconds = 60",
        f"%%cave --model {model}\nThink.",
        f"%%cave --model {loop}\nLoop.",
        "%config CaveMagics.rehearse = False",
        f"%%cave --model {again}\nLoop.",
        "2 * len(pay)",
    )
    notebook = Notebook(page, lab, "stop.ipynb").open()
    notebook.run(0)
    page.emulate_media(reduced_motion="reduce")
    notebook.run(1, wait=False)
    notebook.cell(1).get_by_text("The model is writing").wait_for()
    moving = notebook.cell(1).locator(".cave-dot").evaluate("node => getComputedStyle(node).animationName")
    page.emulate_media(reduced_motion="no-preference")
    notebook.picture("panel-writing")
    notebook.button(1, "Stop").click()
    notebook.wait(1)
    notebook.run(2, wait=False)
    notebook.cell(2).get_by_text("Rehearsing in a copy").wait_for()
    notebook.picture("panel-rehearsing")
    notebook.button(2, "Stop").click()
    notebook.wait(2)
    notebook.run(3)
    notebook.run(4, wait=False)
    notebook.button(4, "Run").click()
    notebook.cell(4).get_by_text("Running in your kernel").wait_for()
    notebook.picture("panel-running")
    notebook.button(4, "Stop").click()
    notebook.wait(4)
    notebook.run(5)

    assert moving == "none"
    for index in (1, 2, 4):
        assert notebook.cell(index).locator(".cave-state").inner_text() == "Stopped"
        assert "the turn was stopped" in notebook.cell(index).inner_text()
    assert notebook.output(5) == "4"
    assert notebook.complaints == []


def test_a_stop_that_the_kernel_does_not_answer_interrupts_it_and_says_so(page, lab):
    notebook = asking(lab, page, "deaf", SLOW, before=SETUP + DEAF, delay=0.2, chunk=1)
    notebook.run(1, wait=False)
    notebook.cell(1).get_by_text("The model is writing").wait_for()
    notebook.button(1, "Stop").click()
    pressed = notebook.button(1, "Stopping…")
    pressed.wait_for()
    at_once = pressed.is_disabled()
    notebook.picture("panel-stopping")
    notebook.wait(1)

    assert at_once
    assert notebook.cell(1).locator(".cave-state").inner_text() == "Stopped"
    assert notebook.complaints == []


def test_what_the_model_will_see_stands_beside_and_can_be_kept_from_it(page, lab):
    notebook = asking(lab, page, "hide", "```python\nprint(sum(pay))\n```", "Good.")
    waits(notebook)
    panel = notebook.cell(1)
    told = panel.locator(".cave-told")
    told.get_by_text("149995").wait_for()
    boxes = [panel.locator(part).bounding_box() for part in (".cave-got", ".cave-told")]
    notebook.picture("panel-beside")
    page.set_viewport_size({"width": 800, "height": 900})
    notebook.picture("panel-beside-800")
    page.set_viewport_size({"width": 1280, "height": 900})
    told.get_by_role("checkbox").check()
    promised = told.inner_text()
    notebook.button(1, "Run").click()
    notebook.wait(1)
    panel.locator(".cave-summary").first.click()
    saw = panel.locator(".cave-told").inner_text()
    notebook.picture("panel-kept")

    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    assert "149995" not in promised and "stays with you" in promised
    assert "149995" not in saw and "keeps it to themselves" in saw
    assert "149995" in panel.locator(".cave-got").inner_text()


@pytest.mark.parametrize("how", ["restart", "die"])
def test_when_the_kernel_goes_away_the_buttons_go_and_the_panel_says_why(page, lab, how):
    notebook = asking(lab, page, f"kernel-{how}")
    waits(notebook)
    if how == "die":
        os.kill(int((lab.notebooks / "pid").read_text()), signal.SIGKILL)
    else:
        page.evaluate(
            "() => void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )
    said = notebook.cell(1).get_by_text("cannot be answered any more")
    said.wait_for()
    notebook.picture(f"panel-kernel-{how}")
    if how == "die":
        page.locator(".jp-Dialog .jp-mod-accept").click()
    notebook.wait_idle()

    assert ("died" if how == "die" else "was restarted") in said.inner_text()
    for name in ("Run", "Edit", "Skip", "Stop"):
        assert notebook.button(1, name).count() == 0


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_wrong_with_the_panel(page, lab, theme):
    risky = "I list.\n\n```python\nimport os\nos.system('true')\ntotal = sum(pay)\nprint(total)\n```"
    notebook = asking(lab, page, f"axe-{theme}", risky, "**Done**, see `total`:\n\n- one\n- two")
    notebook.theme(theme)
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    waits(notebook)
    notebook.cell(1).locator(".cave-told").wait_for()
    side = notebook.side_panel()
    side.get_by_role("button", name="Run", exact=True).wait_for()
    notebook.picture(f"panel-findings-{theme}")
    waiting = notebook.violations("section.cave") + notebook.violations("#caveagent-magic")
    notebook.button(1, "Edit").click()
    editing = notebook.violations("section.cave")
    notebook.button(1, "Cancel").click()
    notebook.button(1, "Run").click()
    notebook.wait(1)
    notebook.picture(f"panel-end-{theme}")
    ended = notebook.violations("section.cave")
    notebook.theme("Light")

    assert (waiting, editing, ended) == ([], [], [])


HOSTILE = """%load_ext caveagent_magic
import pandas as pd
from IPython.display import HTML, display
BAD = "<img src='http://attack.example/x.png' onerror='window.hacked = 1'><script>window.hacked = 1</script>"
pay = pd.DataFrame({BAD: [BAD, "<b onclick='window.hacked=1'>x</b>"], "n": [1, 2]})
class Odd:
    def _repr_html_(self): return BAD + "<a href='javascript:window.hacked=1'>go</a>"
    def _repr_svg_(self): return "<svg onload='window.hacked=1'><script>window.hacked = 1</script></svg>"
    def __repr__(self): return BAD
BUTTONS = "document.querySelectorAll('section.cave button').forEach(button => button.click())"
PRESS = f"<script>setInterval(() => {BUTTONS}, 20)</script>"
"""
ATTACK = """<script>window.hacked = 1</script> **<img src=http://attack.example/y.png onerror=hacked=1>**
[a link](javascript:window.hacked=1) ![p](http://attack.example/z.png)

```python
from IPython.display import HTML, Javascript, SVG, display
display(HTML(BAD + PRESS), Javascript("window.hacked = 1"), SVG("<svg onload='window.hacked=1'></svg>"))
display(Odd(), pay)
print(BAD)
raise ValueError(BAD)
```
"""


def test_hostile_data_text_and_outputs_do_nothing_and_a_script_cannot_press_run(page, lab):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    replies = (ATTACK, f"Done {ATTACK[:200]}")
    notebook = asking(lab, page, "hostile", *replies, before=HOSTILE, after="display(HTML(PRESS))")
    notebook.run(2)  # an ordinary cell of a trusted notebook may run scripts: this one presses our buttons
    waits(notebook)
    side = notebook.side_panel()
    side.get_by_role("button", name="Run", exact=True).wait_for()
    notebook.picture("panel-hostile")
    page.wait_for_timeout(1_000)
    still = notebook.button(1, "Run").is_visible()
    hacked = page.evaluate("() => window.hacked")
    notebook.button(1, "Skip").click()
    notebook.wait(1)

    assert still and hacked is None
    assert page.evaluate("() => window.hacked") is None
    assert [url for url in asked if "attack.example" in url] == []
