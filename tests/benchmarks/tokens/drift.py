# ruff: noqa: E501 (one line of code each is easier to compare)
"""A long session on one table: each turn builds on objects of earlier ones, and nothing may drift.

After every turn the notebook's namespace is compared with one in which the same code ran as plain Python:
names, types, values, and which names are one object.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

import matplotlib
from counting import scripted
from notebook import Notebook, failures
from tables import table

matplotlib.use("Agg")
EVERY = 10  # of the rows: 33,678 are as good as all to see whether anything drifts
START = "import pandas as pd\nimport numpy as np\n"
TURNS: tuple[tuple[str, str], ...] = (
    ("Keep flights that arrived.", "arrived = flights.dropna(subset=['arr_delay'])\nlen(arrived)"),
    ("Mean delay by carrier.", "by_carrier = arrived.groupby('carrier').arr_delay.mean()\nby_carrier.head(3)"),
    ("Name the worst carrier.", "worst = by_carrier.idxmax()\nworst"),
    ("Its flights.", "of_worst = arrived[arrived.carrier == worst].copy()\nof_worst.shape"),
    ("Mark those over an hour late there.", "of_worst['very_late'] = of_worst.arr_delay > 60\nof_worst.very_late.mean()"),
    ("Remember it in settings.", "settings = {'carrier': worst, 'limit': 60}\nsettings"),
    ("Let focus be the same table.", "focus = of_worst\nfocus is of_worst"),
    ("Add speed to focus.", "focus['speed'] = focus.distance / focus.air_time * 60\nof_worst.speed.describe()"),
    ("Monthly share of very late.", "monthly = focus.groupby('month').very_late.mean()\nmonthly.round(3)"),
    ("The months above average.", "bad_months = monthly[monthly > monthly.mean()].index.tolist()\nbad_months"),
    ("Add them to the settings.", "settings['months'] = bad_months\nsettings['months'] is bad_months"),
    ("Flights of those months.", "bad = arrived[arrived.month.isin(settings['months'])]\nlen(bad)"),
    ("A function for the share over a limit.", "def share_late(frame, limit):\n    return float((frame.arr_delay > limit).mean())\nshare_late(bad, settings['limit'])"),
    ("Shares by origin.", "shares = {name: share_late(part, settings['limit']) for name, part in bad.groupby('origin')}\nshares"),
    ("As a series, sorted.", "ranked = pd.Series(shares).sort_values()\nranked"),
    ("The best origin.", "best_origin = ranked.index[0]\nbest_origin"),
    ("A line of delay on distance there.", "part = bad[bad.origin == best_origin]\nline = np.polyfit(part.distance, part.arr_delay, 1)\nline.round(4)"),
    ("Predict from it.", "predicted = np.polyval(line, part.distance)\npredicted.mean()"),
    ("Residuals as a column of a new table.", "scored = part.assign(residual=part.arr_delay - predicted)\nscored.residual.std()"),
    ("The ten largest.", "largest = scored.nlargest(10, 'residual')[['carrier', 'flight', 'residual']]\nlargest.head(3)"),
    ("A counter of their carriers.", "from collections import Counter\ncarriers = Counter(largest.carrier)\ncarriers.most_common(2)"),
    ("Keep a history list.", "history = [by_carrier, monthly, ranked]\nlen(history)"),
    ("Append the line.", "history.append(line)\nhistory[-1] is line"),
    ("Change the limit.", "settings['limit'] = 90\nsettings"),
    ("Mark again with it.", "focus['very_late'] = focus.arr_delay > settings['limit']\nof_worst.very_late.mean()"),
    ("Compare the shares.", "shares_90 = {name: share_late(p, 90) for name, p in bad.groupby('origin')}\nshares_90"),
    ("A table of both.", "both = pd.DataFrame({'60': shares, '90': shares_90})\nboth"),
    ("Difference column.", "both['difference'] = both['60'] - both['90']\nboth.difference.max()"),
    ("Correlate with the mean delay.", "means = bad.groupby('origin').arr_delay.mean()\nboth['mean'] = means\nboth.corr().round(2)"),
    ("Close with a summary object.", "summary = {'settings': settings, 'both': both, 'history': history}\nsorted(summary)"),
)  # fmt: skip


@dataclass(slots=True)
class Session:
    """How a session went."""

    contexts: list[int] = field(default_factory=list)  # tokens of the largest request of each turn
    compared: int = 0
    different: list[str] = field(default_factory=list)


def play() -> Session:
    """Thirty turns, compared after each."""
    session = Session()
    alone: dict[str, object] = {"flights": table("flights")[::EVERY].copy()}
    exec(START, alone)
    with Notebook({"flights": table("flights")[::EVERY].copy()}, level="schema") as notebook:
        notebook.shell.run_cell(START)
        for number, (words, code) in enumerate(TURNS, 1):
            replies = [f"```python\n{code}\n```", f"Done: {words.lower()}"]
            model, told = notebook.cell(words, lambda cards, r=replies: scripted(r, {"cards": cards}))
            session.contexts.append(max(model.count.contexts))
            exec(compile(code, f"turn {number}", "exec"), alone)
            session.different += [f"turn {number}: {each}" for each in failures(told)]
            _compare(number, notebook.runtime.variables(), alone, session)
    return session


def _compare(number: int, live: Mapping[str, object], alone: Mapping[str, object], session: Session) -> None:
    theirs = {name: value for name, value in alone.items() if not name.startswith("__")}
    session.compared += 1
    if set(live) != set(theirs):
        session.different.append(f"turn {number}: names {sorted(set(live) ^ set(theirs))}")
    shared = [name for name in theirs if name in live]
    for name in shared:
        session.compared += 1
        if not _same(live[name], theirs[name]):
            session.different.append(f"turn {number}: {name}")
    for one, other in combinations(shared, 2):
        session.compared += 1
        if (live[one] is live[other]) != (theirs[one] is theirs[other]):
            session.different.append(f"turn {number}: identity of {one} and {other}")


def _same(one: object, other: object) -> bool:
    """Type and value; functions by their code, containers by their parts and which of these are one."""
    if type(one) is not type(other):
        return False
    if isinstance(one, types.FunctionType) and isinstance(other, types.FunctionType):
        return one.__code__.co_code == other.__code__.co_code
    if isinstance(one, types.ModuleType | type):
        return one is other
    if hasattr(one, "equals"):
        return bool(one.equals(other)) and str(one.dtypes) == str(other.dtypes)  # type: ignore[attr-defined]
    return _parts_same(one, other)


def _parts_same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if hasattr(one, "tobytes"):
        return one.tobytes() == other.tobytes()  # type: ignore[attr-defined]
    return bool(one == other)
