"""The embedded model on single-answer questions: three agents, the same words, temperature 0."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import codeact
import json_agent
from counting import Count, Metered
from heavy import RULES, SCHEMAS, Tools
from notebook import Notebook
from questions import Question, questions
from tables import table

from caveagent_magic import events as ev
from caveagent_magic.errors import CaveError
from caveagent_magic.models.local import LocalModel
from caveagent_magic.shell.drive import SMALL_CARDS, SMALL_OBSERVATION

STEPS = 4
REPLY_TOKENS = 300
SAY = " When you know it, reply with the line `ANSWER: …` and nothing else."
CALLS = """
Reply with one JSON object on one line to call a tool: {"name": …, "arguments": {…}}. Tables: """


@dataclass(slots=True)
class Score:
    """One agent's results."""

    right: int = 0
    asked: int = 0
    count: Count = field(default_factory=Count)


def ask_all(most: int, weights: str) -> dict[str, object]:
    """Ask every agent every question, or the first so many; prints as it goes, and sums up when stopped."""
    chosen = questions()[: most or None]
    model, scores = LocalModel(weights), {name: Score() for name in AGENTS}
    print(f"\n## Live: {model.name}, {len(chosen)} of {len(questions())} questions, at most {STEPS} steps")
    with contextlib.suppress(KeyboardInterrupt):
        for question in chosen:
            for name, agent in AGENTS.items():
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
    with Notebook({question.table: table(question.table).copy()}, level="schema") as notebook:
        with contextlib.suppress(CaveError, StepsUsed):
            notebook.cell(
                question.words, lambda cards: model, small=True, out="answer", max_steps=STEPS, **limits
            )
        return _single(notebook.runtime.namespace.get("answer"))


def function_calling(question: Question, model: Metered) -> object:
    """JSON function calling."""
    tools = Tools()

    def do(call: Any) -> str:
        try:
            return tools.do(call)
        except Exception as error:  # whatever the model wrote wrong, it is told
            return json.dumps({"error": f"{type(error).__name__}: {error}"[:300]})

    columns = f"{question.table}({', '.join(map(str, table(question.table).columns))})\n"
    reply = json_agent.converse(model, RULES + SCHEMAS + CALLS + columns, question.words + SAY, do)
    return _said(reply)


def code_act(question: Question, model: Metered) -> object:
    """Code, text-bound."""
    load = f"\nload({question.table!r}) -> pandas.DataFrame loads the table."
    reply = codeact.converse(
        model,
        codeact.SYSTEM + load,
        question.words + SAY,
        lambda: {"load": lambda name: table(name).copy()},
        limit=4000,
    )
    return _said(reply)


def _said(reply: str) -> object:
    return reply.rpartition("ANSWER:")[2].strip().strip("`*.").replace(",", "")


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
