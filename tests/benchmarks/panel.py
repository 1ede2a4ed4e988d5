"""The panel in a real browser: the longest task of the page while much streams, and the first paint.

Run with `python tests/benchmarks/panel.py`; it needs Chromium, and reads the page's own performance trace.
Sizes of the bundles and of a saved turn come last.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from caveagent_magic.events import MIME_TYPE
from tests.browser.conftest import FLAGS, LAB, ROOT, Lab, Notebook, chromium

ROUNDS = 7
CLEAR = "() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')"
KEYS = "the quick brown fox jumps over the lazy dog " * 4
CODE = "```python\ntotal = sum(pay)\ntotal\n```"
SETUP = """%load_ext caveagent_magic
import anywidget
import pandas as pd
pay = [51234, 98761]
class Bare(anywidget.AnyWidget):
    _esm = "export default { render({ el }) { el.className = 'bare'; el.textContent = 'bare'; } }"
"""
FRAME = "```python\nd = pd.DataFrame({'n': range(1000), 's': 'text'})\nd\n```"
PROSE = "**Word** after `word`, *slowly* said, and a list:\n\n- one\n- two\n\n" * 40
BIG = "```python\nprint('0123456789 ' * 190_000)\n```"
LINES = "```python\nfor number in range(40_000):\n    print(f'line {number}: ' + 40 * 'x')\n```"
PAINTED = """([index, selector]) => new Promise(resolve => {
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = index;
  const root = content.widgets[index].node;
  const start = performance.now();
  const look = () => root.querySelector(selector)
    ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)))
    : requestAnimationFrame(look);
  void window.jupyterapp.commands.execute('notebook:run-cell');
  look();
})"""


@dataclass(frozen=True, slots=True)
class Task:
    """One task of the page's main thread."""

    milliseconds: float
    mostly: str  # its longest part
    ours: bool  # whether a script of ours ran in it


@contextmanager
def tracing(page: Page) -> Iterator[list[Task]]:
    """All tasks of the page's main thread meanwhile, longest first."""
    session, chunks, tasks = page.context.new_cdp_session(page), list[Any](), list[Task]()
    session.on("Tracing.dataCollected", lambda event: chunks.extend(event["value"]))
    categories = ["toplevel", "__metadata", "devtools.timeline"]
    session.send("Tracing.start", {"traceConfig": {"includedCategories": categories}})
    yield tasks
    ended = list[bool]()
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(50)
    renderers = {
        (event["pid"], event["tid"])
        for event in chunks
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    timed = [
        event for event in chunks if event.get("ph") == "X" and (event["pid"], event["tid"]) in renderers
    ]
    timed.sort(key=lambda event: event["ts"])
    starts = [event["ts"] for event in timed]
    for event in timed:
        if event["name"].endswith("RunTask"):
            end = bisect_left(starts, event["ts"] + event["dur"])
            tasks.append(task_of(event, timed[bisect_left(starts, event["ts"]) : end]))
    tasks.sort(key=lambda task: -task.milliseconds)


def task_of(event: Any, parts: list[Any]) -> Task:
    """What a task did; a widget's script has an address of its own, the extension's names it."""
    inner = [part for part in parts if not part["name"].endswith("RunTask")]
    longest = max(inner, key=lambda part: part["dur"], default=event)
    data = [part.get("args", {}).get("data") or {} for part in inner]
    scripts = [str(each.get("url", "")) for each in data]
    ours = any(each.startswith("blob:") or "caveagent" in each for each in scripts)
    kind = (longest.get("args", {}).get("data") or {}).get("type", "")
    return Task(event["dur"] / 1000, f"{longest['name']} {kind}".strip(), ours)


def typing(notebook: Notebook, index: int, other: int, until: str) -> None:
    """Run a cell and type in another one until a text is there."""
    notebook.run(index, wait=False)
    notebook.page.evaluate(
        "i => { const { content } = window.jupyterapp.shell.currentWidget; content.activeCellIndex = i;"
        " content.mode = 'edit'; }",
        other,
    )
    notebook.page.keyboard.type(KEYS, delay=20)
    notebook.cell(index).get_by_text(until).first.wait_for()


def report(what: str, tasks: list[Task]) -> None:
    """One line, and one for the longest task in which a script of ours ran."""
    longest = ", ".join(f"{task.milliseconds:.0f} ({task.mostly})" for task in tasks[:3])
    over = sum(task.milliseconds > 50 for task in tasks)
    print(f"{what}: longest tasks {longest} ms; {over} of {len(tasks):,} over 50 ms")
    for task in [task for task in tasks if task.ours][:1]:
        print(f"    the longest with a script of ours: {task.milliseconds:.0f} ms, mostly {task.mostly}")


def first_paint(notebook: Notebook) -> None:
    """Of the panel, and of a bare anywidget, each round anew."""
    times: dict[str, list[float]] = {"section.cave": [], ".bare": []}
    for _ in range(ROUNDS):
        for index, selector in ((1, "section.cave"), (2, ".bare")):
            times[selector].append(notebook.page.evaluate(PAINTED, [index, selector]))
            if index == 1:
                notebook.button(1, "Run").wait_for()  # until then it is another button, further up
                notebook.button(1, "Stop").click()
            notebook.wait(index)
            notebook.wait_idle()
            notebook.page.evaluate(CLEAR)
    panel, bare = (statistics.median(each) for each in times.values())
    print(f"first paint: panel {panel:.0f} ms, bare anywidget {bare:.0f} ms, ratio {panel / bare:.2f}")


def sizes(notebook: Notebook) -> None:
    """Bundles, without compression, and a saved turn of five steps."""
    built = ROOT / "caveagent_magic"
    names = ("panel.js", "panel.css", "undo.js")
    parts = [f"{name} {(built / 'static' / name).stat().st_size:,}" for name in names]
    lab = sum(each.stat().st_size for each in (built / "labextension").rglob("*") if each.is_file())
    print(f"{', '.join(parts)} bytes; labextension, all files: {lab:,} bytes")
    notebook.save()
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    outputs = notebook.lab.read(notebook.name).cells[5].outputs
    kept = [each for each in outputs if MIME_TYPE in each.get("data", {})]
    print(f"a saved turn of five steps: {len(json.dumps(kept)):,} bytes")


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = Lab(Path(folder), "jupyterlab", ["--LabApp.expose_app_in_browser=True"], LAB)
        browser = playwright.chromium.launch(args=FLAGS, **chromium())
        try:
            cells = [
                SETUP,
                f"%%cave --ask --model {lab.replies('paint', *([CODE] * ROUNDS))}\nAdd.",
                "Bare()",
                f"%%cave --plan --model {lab.replies('stream', PROSE + CODE, delay=0.01, chunk=24)}\nAdd.",
                f"%%cave --plan --model {lab.replies('big', BIG)}\nPrint.",
                f"%%cave --auto --model {lab.replies('five', *([FRAME] * 5), 'Done.')}\nShow.",
                f"%%cave --plan --model {lab.replies('lines', LINES)}\nPrint.",
                "",
            ]
            lab.write("speed.ipynb", *cells)
            notebook = Notebook(browser.new_page(), lab, "speed.ipynb").open()
            notebook.run(0)
            first_paint(notebook)
            with tracing(notebook.page) as tasks:
                notebook.page.keyboard.type(KEYS, delay=20)
            report("typing alone", tasks)
            for what, index in {
                "100 chunks a second": 3,
                "a line of 2 MB": 4,
                "40,000 lines, 2 MB": 6,
            }.items():
                with tracing(notebook.page) as tasks:
                    typing(notebook, index, 7, "Planned, nothing was run")
                report(f"typing beside {what}", tasks)
            notebook.run(5)
            sizes(notebook)
        finally:
            browser.close()
            lab.close()


if __name__ == "__main__":
    main()
