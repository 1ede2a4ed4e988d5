"""The embedded model on single-answer questions: three agents, the same words, temperature 0."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import codeact
import json_agent
import tables
from counting import Count, Metered
from heavy import TEXT, schema
from notebook import Notebook
from questions import Question, questions

from caveagent_magic import events as ev
from caveagent_magic.errors import CaveError
from caveagent_magic.models.local import LocalModel
from caveagent_magic.shell.drive import SMALL_CARDS, SMALL_OBSERVATION

STEPS = 4
REPLY_TOKENS = 300
SAY = "\n\nIf this is the result, reply with the line `ANSWER: …` and nothing else."
# Prompts for a small model, of the same make as ours: short, and with an example.
CALLS = """\
You are a data analyst. You answer questions about tables by calling this tool:
{schema}
First reply with ONE call as a JSON object on one line, like this:
{{"name": "statistic", "arguments": {{"table": "orders", "column": "price", "how": "mean"}}}}
Then you are shown its result. If there is an error, write a corrected call.
Table: {table}"""
CODE = """\
You are a data analyst. You write Python. `load(name)` gives a table as a pandas.DataFrame.
First reply with ONE short ```python block that computes the result and prints it, like this:
```python
orders = load("orders")
print(orders["price"].mean())
```
Then you are shown what it printed. Variables do not survive a block.
If there is an error or nothing was printed, write a corrected block.
Table: {table}"""
HOW = {"type": "string", "enum": ["count", "nunique", "mean", "median", "min", "max"]}
DECLARED = [
    schema("statistic", "A statistic of a column, of each group if `by` is given.",
           {"table": TEXT, "how": HOW}, {"column": TEXT, "by": TEXT})
]  # fmt: skip


@dataclass(slots=True)
class Score:
    """One agent's results."""

    right: int = 0
    asked: int = 0
    count: Count = field(default_factory=Count)


def ask_all(most: int, weights: str, only: Sequence[str] = ()) -> dict[str, object]:
    """Ask every agent every question, or the first so many; prints as it goes, and sums up when stopped."""
    chosen = questions()[: most or None]
    agents = {name: agent for name, agent in AGENTS.items() if not only or name in only}
    model, scores = LocalModel(weights), {name: Score() for name in agents}
    print(f"\n## Live: {model.name}, {len(chosen)} of {len(questions())} questions, at most {STEPS} steps")
    with contextlib.suppress(KeyboardInterrupt):
        for question in chosen:
            for name, agent in agents.items():
                _ask(question, agent, _measured(model, small=name.startswith("ours")), scores[name], name)
    for name, score in scores.items():
        count = score.count
        spent = f"{count.prompt:,} prompt + {count.completion:,} completion = {count.total:,} tokens"
        print(f"{name:24}{score.right} of {score.asked} right, {count.requests} requests, {spent}")
    return {name: {"right": s.right, "asked": s.asked, "total": s.count.total} for name, s in scores.items()}


def _ask(
    question: Question, agent: Callable[[Question, Metered], object], model: Metered, score: Score, name: str
) -> None:
    value: object = None
    with contextlib.suppress(CaveError, StepsUsed):
        value = agent(question, model)
    right, count = question.right(value), model.count
    score.asked += 1
    score.right += right
    score.count.add(count)
    spent = f"{count.requests} requests, {count.total:,} tokens"
    print(
        f"{'right' if right else 'wrong'}  {name:24}{question.words}  {str(value)[:40]!r}  {spent}",
        flush=True,
    )


class StepsUsed(Exception):
    """An agent has made as many requests as it may."""


def _measured(model: LocalModel, *, small: bool) -> Metered:
    """The model with its requests counted and bounded."""

    def answer(request: ev.Request) -> Iterable[str]:
        if metered.count.requests > STEPS:
            raise StepsUsed
        return (piece for piece in model.reply(request, REPLY_TOKENS) if isinstance(piece, str))

    metered = Metered(answer, small=small)
    return metered


def ours(question: Question, model: Metered) -> object:
    """The product."""
    limits = {"card_tokens": SMALL_CARDS, "observation_tokens": SMALL_OBSERVATION}
    with Notebook({question.table: tables.table(question.table).copy()}, level="schema") as notebook:
        with contextlib.suppress(CaveError, StepsUsed):
            notebook.cell(
                question.words, lambda cards: model, small=True, out="answer", max_steps=STEPS, **limits
            )
        return _single(notebook.runtime.namespace.get("answer"))


def function_calling(question: Question, model: Metered) -> object:
    """JSON function calling."""

    def do(call: Any) -> str:
        try:
            return json.dumps(statistic(**call["arguments"]), default=str)
        except Exception as error:  # whatever the model wrote wrong, it is told
            return json.dumps({"error": f"{type(error).__name__}: {error}"[:300]})

    system = CALLS.format(schema=json_agent.typescript(DECLARED), table=_columns(question))
    return _said(json_agent.converse(model, system, question.words, do, SAY))


def statistic(table: str, how: str, column: str = "", by: str = "") -> Any:
    """The one tool, which answers every question by itself; groups come with the largest first."""
    frame = tables.table(table)
    if how == "count" and not by:
        return len(frame) if not column else int(frame[column].count())
    groups = frame.groupby(by)[column or by] if by else frame[column]
    found = getattr(groups, how)()
    return found.sort_values(ascending=False).to_dict() if by else found


def _columns(question: Question) -> str:
    return f"{question.table}({', '.join(map(str, tables.table(question.table).columns))})"


def code_act(question: Question, model: Metered) -> object:
    """Code, text-bound."""
    reply = codeact.converse(
        model,
        CODE.format(table=_columns(question)),
        question.words,
        lambda: {"load": lambda name: tables.table(name).copy()},
        limit=4000,
        reminder=SAY,
    )
    return _said(reply)


def _said(reply: str) -> object:
    lines = reply.rpartition("ANSWER:")[2].strip().splitlines() or [""]
    return lines[0].strip("`*.… ").replace(",", "")


def _single(value: Any) -> object:
    """The one value inside a table or series of one."""
    while getattr(value, "size", 0) == 1 and hasattr(value, "item"):
        value = value.item() if not hasattr(value, "iloc") else value.iloc[0]
    return value


AGENTS: dict[str, Callable[[Question, Metered], object]] = {
    "ours": ours,
    "JSON function calling": function_calling,
    "CodeAct-style": code_act,
}
