"""Work on tables by three agents with oracle replies; the JSON agent is bounded as its advocates would."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

import codeact
import json_agent
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from counting import Count, Metered, scripted
from heavy_tasks import TASKS, HeavyTask, Turn
from json_agent import Call, called
from notebook import Notebook, failures
from tables import table

from caveagent_magic import events as ev
from caveagent_magic.injection.levels import Level

matplotlib.use("Agg")
OURS = "ours, privacy level schema (the default)"
OURS_OPEN = "ours, privacy level samples"
JSON = "JSON, 500 rows at most, pages in parallel"
JSON_LEAST = "JSON, 100 rows at most"
JSON_MOST = "JSON, every row, pages in parallel"
CODEACT = "CodeAct-style, state made anew"
CODEACT_KEPT = "CodeAct-style, state kept"
PAGE = 100
PRINTED = 10_000  # characters that a text-bound agent is shown of one block
ANSWER = "Done: the result is as asked for."
RULES = "You are a data analyst. Use the tools to answer.\n"
ROW_WORDS = "Mean arrival delay by carrier in `flights`, as `result`."
ROW_CODE = "result = flights.groupby('carrier').arr_delay.mean().sort_values()\nresult.head(3)"


def play() -> tuple[dict[str, dict[str, Count]], list[str]]:
    """The counts by family and agent, and which results of ours were wrong."""
    counts: dict[str, dict[str, Count]] = {}
    wrong: list[str] = []
    for task in TASKS:
        found = counts.setdefault(task.family, {name: Count() for name in AGENTS})
        for name, agent in AGENTS.items():
            found[name].add(agent(task, wrong))
    return counts, wrong


def rows_matter(level: Level) -> list[int]:
    """Tokens of ours for one task on flights cut to 10^3 rows, as they are, and repeated to 10^6."""
    flights = table("flights")
    many = pd.concat([flights] * 3, ignore_index=True).head(10**6)
    frames = (flights.head(10**3), flights, many)
    return [_cells({"flights": frame}, [(ROW_WORDS, ROW_CODE)], level)[0].total for frame in frames]


def answerable(most: int) -> int:
    """In how many tasks a JSON agent that reads so many rows has all that the right answer needs."""
    enough, tools = 0, Tools()
    for task in TASKS:
        sizes = []
        for turn in task.turns:
            if turn.fetch:
                tools.do(_fetching(turn))
                sizes.append(len(tools.last))
        enough += max(sizes) <= most
    return enough


def ours(task: HeavyTask, wrong: list[str], level: Level = "schema") -> Count:
    """The product."""
    tables = {name: table(name).copy() for name in task.tables}
    count, results = _cells(tables, [(turn.words, turn.code) for turn in task.turns], level)
    problems = [each for each in results if isinstance(each, str)]
    if problems or not _same(results[0], task.expected({name: table(name) for name in task.tables})):
        wrong.append(f"{task.name}: {problems or 'another result'}")
    return count


def _cells(
    tables: dict[str, pd.DataFrame], cells: Sequence[tuple[str, str]], level: Level
) -> tuple[Count, list[Any]]:
    """What cells cost; `result` after the first, then what failed."""
    count, results, cards_told = Count(), list[Any](), dict[str, str]()
    with Notebook(tables, level) as notebook:
        for words, code in cells:
            replies = [f"```python\n{code}\n```", ANSWER]
            model, told = notebook.cell(words, partial(_seeing, cards_told, replies))
            count.add(model.count)
            if not results:
                results.append(notebook.runtime.namespace.get("result"))
                results[0] = results[0].copy() if hasattr(results[0], "copy") else results[0]
            results += failures(told)
    plt.close("all")
    return count, results


def _seeing(told: dict[str, str], replies: list[str], cards: str) -> Metered:
    told["cards told later" if told else "cards"] = cards
    return scripted(replies, told)


def function_calling(task: HeavyTask, most: int) -> Count:
    """JSON function calling: rows come in pages, and go to other tools as arguments."""
    tools, count, history = Tools(), Count(), []
    for turn in task.turns:
        replies = chain(_json_replies(turn, tools, most), [ANSWER])  # written as results come in
        model = scripted(replies, {"cards": SCHEMAS})
        # One conversation: what was said in the first turn is sent again in the second.
        _go_on(model, history, turn.words, tools.do)
        count.add(model.count)
    return count


def code_act(task: HeavyTask, kept: bool) -> Count:
    """Code that begins by loading and looking, since it has no cards, and prints what is asked for."""
    count, history, before = Count(), list[ev.Message](), ""
    live: dict[str, object] = {"load": lambda name: table(name).copy()}
    loads = "".join(f"{name} = load({name!r})\n" for name in task.tables)
    looks = "".join(f"print({name}.dtypes)\nprint({name}.head())\n" for name in task.tables)
    look = [f"```python\n{loads}{looks}```"]
    for turn in task.turns:
        work = turn.code if turn.shown == "ax" else turn.code.rpartition("\n")[0]
        shown = f"{turn.shown}.to_string(max_rows=500)" if not before else turn.shown
        again = "" if kept else before or loads
        model = scripted(
            [*look, f"```python\n{again}{work}\nprint({shown})\n```", ANSWER], {"cards": CODE_WORDS}
        )
        _blocks(model, history, turn.words, live if kept else None)
        count.add(model.count)
        look, before = [], f"{loads}{work}\n"
    plt.close("all")
    return count


def _blocks(model: Metered, history: list[ev.Message], words: str, live: dict[str, object] | None) -> None:
    history.append(ev.Message("user", words))
    while True:
        reply = codeact.said(model, ev.Request(codeact.SYSTEM + CODE_WORDS, tuple(history)))
        history.append(ev.Message("assistant", reply))
        if (code := codeact.code_in(reply)) is None:
            return
        shown = codeact.run(code, live if live is not None else {"load": lambda name: table(name).copy()})
        if "Traceback" in shown:
            raise RuntimeError(f"The baseline's own code failed: {code}\n{shown}")
        cut = f"\n[{len(shown) - PRINTED:,} characters cut]" if len(shown) > PRINTED else ""
        history.append(ev.Message("user", f"Observation:\n{shown[:PRINTED]}{cut}"))


def _go_on(model: Metered, history: list[ev.Message], words: str, do: Any) -> None:
    history.append(ev.Message("user", words))
    while True:
        reply = json_agent.said(model, ev.Request(RULES + SCHEMAS, tuple(history)))
        history.append(ev.Message("assistant", reply))
        if not reply.startswith("{"):
            return
        history += [ev.Message("user", do(json.loads(line))) for line in reply.split("\n")]


def _json_replies(turn: Turn, tools: Tools, most: int) -> Iterator[str]:
    if turn.fetch:
        call = _fetching(turn)
        yield called(call)
        pages = [
            called({"name": call["name"], "arguments": {**call["arguments"], "offset": start}})
            for start in range(PAGE, min(most, len(tools.last)), PAGE)
        ]
        if pages:
            yield "\n".join(pages)
    if turn.use:
        frame = tools.last.head(most)
        given = {key: value for key, value in turn.use.items() if key in ("kind",)}
        for axis in ("x", "y"):
            if axis in turn.use:
                given[axis] = _plain(frame[turn.use[axis]])
        yield called({"name": turn.use["tool"], "arguments": given})


def _fetching(turn: Turn) -> Call:
    return {
        "name": turn.fetch["tool"],
        "arguments": {key: value for key, value in turn.fetch.items() if key != "tool"},
    }


class Tools:
    """What the JSON agent can call, over the real tables."""

    last = pd.DataFrame()  # what the last `select` or `aggregate` found

    def do(self, call: Call) -> str:
        """The result as JSON, without needless white space."""
        result = getattr(self, call["name"])(**call["arguments"])
        return json.dumps(result, separators=(",", ":"), default=str)

    def select(self, table: str, columns: list[str], where: str, offset: int = 0) -> dict[str, Any]:
        """Rows and columns, the columns named once."""
        self.last = _table(table).query(where)[columns]
        return _page(self.last, offset)

    def aggregate(
        self, table: str, by: list[str], metrics: list[str], where: str = "", offset: int = 0
    ) -> Any:
        """Groups with their metrics."""
        frame = _table(table).query(where) if where else _table(table)
        split = [metric.removesuffix(")").split("(") for metric in metrics]
        named = {f"{how}({column})": (column, how) for how, column in split}
        self.last = frame.groupby(by).agg(**named).reset_index()
        return _page(self.last, offset)

    def fit_line(self, x: list[float], y: list[float]) -> dict[str, float]:
        """A straight line through points."""
        kept = [(a, b) for a, b in zip(x, y, strict=True) if a is not None and b is not None]
        slope, intercept = np.polyfit(*zip(*kept, strict=True), 1)
        return {
            "slope": slope,
            "intercept": intercept,
            "r2": np.corrcoef(*zip(*kept, strict=True))[0, 1] ** 2,
        }

    def correlate(self, x: list[float]) -> dict[str, float]:
        """Neighbouring values."""
        return {"r": float(np.corrcoef(x[:-1], x[1:])[0, 1])}

    def mean(self, x: list[float]) -> dict[str, float]:
        """Of numbers."""
        return {"mean": float(np.mean(x))}

    def plot(self, kind: str, x: list[Any], y: list[Any]) -> dict[str, str]:
        """A picture that the person sees."""
        return {"status": "shown to the user", "points": str(len(x))}


def schema(name: str, description: str, required: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {**required, **optional}, "required": list(required)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": parameters},
    }


TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
TEXTS, NUMBERS = {"type": "array", "items": TEXT}, {"type": "array", "items": {"type": "number"}}
DECLARED = [
    schema("select", f"Rows of a table, {PAGE} at a time; `total` says how many there are.",
            {"table": TEXT, "columns": TEXTS, "where": TEXT}, {"offset": WHOLE}),
    schema("aggregate", f"Groups of a table with metrics such as mean(x), {PAGE} at a time.",
            {"table": TEXT, "by": TEXTS, "metrics": TEXTS}, {"where": TEXT, "offset": WHOLE}),
    schema("fit_line", "Slope, intercept and R² of a straight line.", {"x": NUMBERS, "y": NUMBERS}, {}),
    schema("correlate", "Correlations.", {"x": NUMBERS}, {}),
    schema("mean", "The mean of numbers.", {"x": NUMBERS}, {}),
    schema("plot", "Draw a scatter, line or bar plot for the user.",
            {"kind": TEXT, "x": {"type": "array"}, "y": NUMBERS}, {}),
]  # fmt: skip
SCHEMAS = json_agent.typescript(DECLARED)
CODE_WORDS = "\nload(name) -> pandas.DataFrame loads a table."


def _table(name: str) -> pd.DataFrame:
    return table(name)


def _page(frame: pd.DataFrame, offset: int) -> dict[str, Any]:
    page = frame.iloc[offset : offset + PAGE]
    rows = [list(row) for row in zip(*(_plain(page[name]) for name in page), strict=True)]
    return {"total": len(frame), "columns": list(frame), "rows": rows}


def _plain(column: pd.Series) -> list[Any]:
    """Values as JSON has them, numbers to four digits after the point."""
    if column.dtype.kind == "M":
        return [str(value)[:16].removesuffix(" 00:00") for value in column]
    values = column.astype(object).where(column.notna(), None).tolist()
    return [_short(value) for value in values]


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 4)
    return value


def _same(found: Any, expected: Any) -> bool:
    with contextlib.suppress(AssertionError):
        check = pd.testing.assert_frame_equal
        check(found, expected, check_names=False, check_like=True, check_index_type=False, check_freq=False)
        return True
    return False


AGENTS = {
    OURS: ours,
    OURS_OPEN: lambda task, wrong: ours(task, wrong, "samples"),
    JSON: lambda task, wrong: function_calling(task, 5 * PAGE),
    JSON_LEAST: lambda task, wrong: function_calling(task, PAGE),
    JSON_MOST: lambda task, wrong: function_calling(task, 10**9),
    CODEACT: lambda task, wrong: code_act(task, kept=False),
    CODEACT_KEPT: lambda task, wrong: code_act(task, kept=True),
}
