"""Pictures of what a person looks at most, in both themes and two widths; nothing sticks out of its place."""

import pytest

from tests.browser.conftest import Notebook

pytestmark = pytest.mark.browser

SALES = """%load_ext caveagent_magic
import pandas as pd
sales = pd.DataFrame({
    "region": ["north", "south", "east", "west"] * 50, "customer_since": pd.Timestamp("2024-03-01"),
    "units": range(200), "price": [9.5, 12.0, 7.25, 30.0] * 50})
targets = {"north": 900.0, "south": 1200.0}"""
STEP = """I add the revenue of each sale, sum it by region and write the sums to a file that you can send on.

```python
sales["revenue"] = sales.units * sales.price
by_region = sales.groupby("region", as_index=False)[["units", "revenue"]].sum()
by_region.to_csv("revenue_by_region.csv", index=False)
by_region.sort_values("revenue", ascending=False)
```
"""
AGAIN = """Now the best of them.

```python
best = by_region.loc[by_region.revenue.idxmax(), "region"]
best
```
"""
ANSWER = "**West** brought in most:\n\n- the sums are in `by_region`\n- the file is written"
ASKS = "Two prices could be meant here.\n\nASK: Which price do you mean? [list price | price paid]\n"
WRONG = """I look at the margin.

```python
print(sales["margin"].mean())
```
"""
STICKS_OUT = """() => {
  const clipped = (node, root) =>
    node !== root && (getComputedStyle(node).overflowX !== "visible" || clipped(node.parentElement, root));
  return [...document.querySelectorAll("section.cave, .cave-side")].flatMap(root => {
    const { right } = root.getBoundingClientRect();
    return [...root.querySelectorAll("*")]
      .filter(node => node.offsetParent && node.getBoundingClientRect().right > right + 1)
      .filter(node => !clipped(node.parentElement, root))
      .map(node => `${node.className} ${node.textContent.slice(0, 60)}`);
  });
}"""
NARROW = {"width": 800, "height": 1000}
WIDE = {"width": 1280, "height": 1000}


def pictures(page, notebook, name):
    """Keep four pictures; gives what sticks out."""
    found = []
    for theme in ("Light", "Dark"):
        notebook.theme(theme)
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            page.wait_for_timeout(300)
            notebook.picture(f"gallery-{name}-{theme.lower()}-{size['width']}")
            found += [f"{name} {theme} {size['width']}: {each}" for each in page.evaluate(STICKS_OUT)]
    notebook.theme("Light")
    page.set_viewport_size(WIDE)
    return found


def test_nothing_sticks_out_in_either_theme_and_width(page, lab):
    model = lab.replies("gallery", STEP, AGAIN, ANSWER)
    asks = lab.replies("gallery-asks", ASKS, "Then I take the price paid.")
    lab.write(
        "gallery.ipynb",
        SALES,
        f"%%cave --model {model} --budget 20000\nWhich region brought in most? Write the sums to a file.",
        f"%%cave --model {asks}\nWhat is the mean price?",
    )
    notebook = Notebook(page, lab, "gallery.ipynb").open()
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    notebook.run(0)
    notebook.run(1, wait=False)
    notebook.button(1, "Run").wait_for()
    notebook.cell(1).locator(".cave-told-text").wait_for()
    notebook.cell(1).scroll_into_view_if_needed()
    budget = notebook.cell(1).locator(".cave-budget")
    bar = budget.evaluate("bar => [bar.offsetHeight > 0, bar.value > 0, bar.max]")
    found = pictures(page, notebook, "waiting")
    notebook.button(1, "Run").click()
    notebook.cell(1).get_by_text("Now the best of them").wait_for()
    notebook.button(1, "Run").click()
    notebook.wait(1)
    found += pictures(page, notebook, "finished")
    side = notebook.side_panel()
    side.locator(".cave-look-text", has_text="by_region").wait_for()
    side.locator(".cave-look-variable", has_text="sales").locator("summary").click()
    side.get_by_text("Policy, cost and what has left").click()
    side.locator(".cave-ledger td").first.wait_for()
    found += pictures(page, notebook, "side")
    side.locator(".cave-policy").scroll_into_view_if_needed()
    found += pictures(page, notebook, "side-report")
    page.evaluate("() => window.jupyterapp.shell.collapseRight()")
    notebook.run(2, wait=False)
    notebook.button(2, "price paid").wait_for()
    notebook.cell(2).scroll_into_view_if_needed()
    found += pictures(page, notebook, "question")
    notebook.button(2, "price paid").click()
    notebook.wait(2)

    assert bar == [True, True, 20000]
    assert found == []
    assert notebook.complaints == []


def test_an_error_a_stopped_turn_and_the_settings_stick_out_nowhere(page, lab):
    model = lab.replies("gallery-wrong", WRONG, WRONG)
    lab.write("gallery-wrong.ipynb", SALES, f"%%cave --model {model}\nWhat is the margin?")
    notebook = Notebook(page, lab, "gallery-wrong.ipynb").open()
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    notebook.run(0)
    notebook.run(1, wait=False)
    notebook.cell(1).get_by_text("You will get an error").wait_for()
    side = notebook.side_panel()
    side.get_by_role("button", name="Run", exact=True).wait_for()
    found = pictures(page, notebook, "error")
    notebook.button(1, "Stop").click()
    notebook.wait(1)
    found += pictures(page, notebook, "stopped")
    complaints = list(notebook.complaints)  # the editor of settings is JupyterLab's own
    page.evaluate("() => window.jupyterapp.commands.execute('settingeditor:open', { query: 'Cave' })")
    page.get_by_text("Tokens that one turn may use").wait_for()
    pictures(page, notebook, "settings")

    assert found == []
    assert complaints == []
