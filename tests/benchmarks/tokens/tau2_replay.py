"""τ²-bench retail and airline: the right calls replayed by each agent, judged by the bench's evaluator."""

from __future__ import annotations

import copy
import functools
import inspect
import itertools
import json
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import codeact
import json_agent
from counting import Count, scripted
from json_agent import Call, called
from loguru import logger
from notebook import Notebook, failures
from oracle import Action, Coder, levels, phases
from tau2.data_model.message import AssistantMessage, ToolCall
from tau2.evaluator.evaluator_env import EnvironmentEvaluator

logger.remove()
FINAL = "Your request has been completed. Is there anything else I can help you with?"
ROLE = "You are a customer service agent that helps the user according to the <policy> provided below.\n"
JSON_RULES = """\
In each turn you can either:
- Send a message to the user.
- Make a tool call.
You cannot do both at the same time.

Try to be helpful and always follow the policy. Always make sure you generate valid JSON only."""
OURS = "ours, in phases"
SAME_STEPS = "ours, one call per step"
GROUPED = "ours, JSON's parallel groups"
ONE_BY_ONE = "JSON, sequential, raw schemas"
COMPACT = "JSON, parallel, compact schemas"


@dataclass(frozen=True, slots=True)
class Played:
    """One task played by one agent."""

    count: Count
    reward: float
    went_wrong: tuple[str, ...] = ()


class World:
    """One domain: fresh environments from stored text, its tasks, and the evaluator."""

    def __init__(self, domain: str) -> None:
        module = import_module(f"tau2.domains.{domain}.environment")
        self._make, self.tasks = module.get_environment, module.get_tasks()
        first = self._make()
        self._database, self._stored = type(first.tools.db), first.tools.db.model_dump_json()
        self.policy = first.get_policy()
        self.schemas = [tool.openai_schema for tool in first.get_tools()]
        self.names = [tool.name for tool in first.get_tools()]
        self.signatures = "\n".join(map(_documented, (getattr(first.tools, name) for name in self.names)))
        self._writes = {name for name in self.names if first.tools.tool_type(name).value == "write"}
        self._rewards: dict[tuple[str, str], float] = {}

    def environment(self, solo_mode: bool = False) -> Any:
        """A fresh one."""
        return self._make(db=self._database.model_validate_json(self._stored))

    def actions(self, task: Any) -> list[Action]:
        """The right calls of a task, with what each gives."""
        environment, found = self.environment(), []
        for wanted in task.evaluation_criteria.actions or []:
            if wanted.requestor != "assistant":
                continue
            result, failed = None, False
            try:
                result = copy.deepcopy(environment.make_tool_call(wanted.name, **wanted.arguments))
            except Exception as error:  # the right call is one that the environment refuses
                result, failed = f"Error: {error}", True
            found.append(
                Action(wanted.name, wanted.arguments, result, environment.to_json_str(result),
                       wanted.name in self._writes, failed)
            )  # fmt: skip
        return found

    def reward(self, task: Any, trajectory: Sequence[Any]) -> float:
        """By the bench's own evaluator, which plays the calls again; the same calls are judged once."""
        calls = json.dumps([m.model_dump(exclude={"timestamp"}, mode="json") for m in trajectory[1::2]])
        calls += json.dumps([m.tool_calls[0].model_dump() for m in trajectory[::2]])
        if (key := (task.id, calls)) not in self._rewards:
            self._rewards[key] = EnvironmentEvaluator.calculate_reward(
                self.environment, task, list(trajectory)
            ).reward
        return self._rewards[key]


class Stage:
    """A fresh environment for one agent, and the record of what it called."""

    def __init__(self, world: World) -> None:
        self.environment, self.trajectory, self._ids = world.environment(), [], itertools.count()
        self._names = world.names

    def do(self, call: Call) -> str:
        """A JSON call; gives the result as JSON."""
        asked = ToolCall(id=str(next(self._ids)), **call)
        answer = self.environment.get_response(asked)
        self._note(asked, answer)
        return answer.content

    def functions(self) -> dict[str, Any]:
        """The tools as Python callables, with their own signatures and docstrings."""
        STAGED[:] = [self]
        return {name: _callable(getattr(self.environment.tools, name)) for name in self._names}

    def called(self, name: str, given: Mapping[str, Any]) -> Any:
        """A call from Python; gives the object itself, raises where the environment refuses."""
        asked = ToolCall(id=str(next(self._ids)), name=name, arguments=copy.deepcopy(dict(given)))
        made: list[Any] = []
        answer = self._answer(asked, made)
        self._note(asked, answer)
        if answer.error:
            raise ValueError(answer.content)
        return made[0]

    def _answer(self, asked: ToolCall, made: list[Any]) -> Any:
        """The environment's own answer, and the object itself beside it."""
        make = self.environment.make_tool_call

        def keeping(*args: Any, **kwargs: Any) -> Any:
            made.append(make(*args, **kwargs))
            return made[0]

        self.environment.make_tool_call = keeping
        try:
            return self.environment.get_response(asked)
        finally:
            self.environment.make_tool_call = make

    def _note(self, asked: ToolCall, answer: Any) -> None:
        self.trajectory += [AssistantMessage(role="assistant", content=None, tool_calls=[asked]), answer]


# The stage that is being played; the callables know it by this list alone, so that no agent's namespace
# holds the whole database.
STAGED: list[Stage] = []


class Service:
    """What the callables are bound to."""


def _callable(method: Any) -> Any:
    name, parameters = method.__name__, tuple(inspect.signature(method).parameters)

    @functools.wraps(method.__func__)
    def call(service: Service, *args: Any, **kwargs: Any) -> Any:
        return STAGED[0].called(name, {**dict(zip(parameters, args, strict=False)), **kwargs})

    return types.MethodType(call, Service())


Agent = Callable[[World, Any, list[Action]], Played]


def words_of(task: Any) -> str:
    """What the customer says."""
    told = task.user_scenario.instructions
    if isinstance(told, str):
        return told
    parts = (told.reason_for_call, told.known_info, told.task_instructions)
    return "\n".join(str(part) for part in parts if part)


def ours(
    world: World,
    task: Any,
    actions: list[Action],
    *,
    choices_break: bool = False,
    grouping: str = "phases",
) -> Played:
    """The product; `grouping` is "phases", "single" (one call per step) or "parallel" (JSON's own groups)."""
    words, stage = words_of(task), Stage(world)
    groups = {
        "phases": lambda: [p.places for p in phases(actions, words, choices_break=choices_break)],
        "single": lambda: [[place] for place in range(len(actions))],
        "parallel": lambda: list(_ended_by_refusals(levels(actions, words), actions)),
    }[grouping]()
    coder = Coder(actions, words)
    replies = [*(coder.block(group, "needed") for group in groups), FINAL]
    policy = f"{ROLE}<policy>\n{world.policy}\n</policy>\n"
    with Notebook(stage.functions()) as notebook:
        model, told = notebook.cell(
            f"{policy}\n{words}", lambda cards: scripted(replies, {"cards": cards, "policy": policy})
        )
    wrong = failures(told) if not any(action.failed for action in actions) else []
    return Played(model.count, world.reward(task, stage.trajectory), tuple(wrong))


def _ended_by_refusals(groups: Sequence[list[int]], actions: list[Action]) -> Iterator[list[int]]:
    """The groups, with an end after each call that the environment refuses, since it raises in a block."""
    for group in groups:
        ends = [at + 1 for at, place in enumerate(group) if actions[place].failed]
        for start, end in itertools.pairwise([0, *ends, len(group)]):
            if group[start:end]:
                yield group[start:end]


def function_calling(
    world: World, task: Any, actions: list[Action], *, schemas: str, parallel: bool
) -> Played:
    """JSON function calling."""
    words, stage = words_of(task), Stage(world)
    groups = levels(actions, words) if parallel else [[place] for place in range(len(actions))]
    replies = ["\n".join(called(actions[place].call) for place in group) for group in groups]
    rules = f"<instructions>\n{ROLE}{JSON_RULES}\n</instructions>\n"
    policy, shown = f"<policy>\n{world.policy}\n</policy>\n", json_agent.SCHEMAS[schemas](world.schemas)
    model = scripted([*replies, FINAL], {"cards": shown, "policy": policy})
    json_agent.converse(model, rules + policy + shown, words, stage.do)
    return Played(model.count, world.reward(task, stage.trajectory))


def code_act(world: World, task: Any, actions: list[Action]) -> Played:
    """Code in the same phases as ours, but results are printed whole and live on as text only."""
    words, stage = words_of(task), Stage(world)
    coder = Coder(actions, words)
    groups = [p.places for p in phases(actions, words, choices_break=False)]
    replies = [*(coder.block(group, "everything", keeps=False) for group in groups), FINAL]
    policy, shown = f"<policy>\n{world.policy}\n</policy>\n", f"Functions:\n{world.signatures}\n"
    model = scripted(replies, {"cards": shown, "policy": policy})
    codeact.converse(model, f"{ROLE}{codeact.SYSTEM}\n{policy}{shown}", words, stage.functions)
    return Played(model.count, world.reward(task, stage.trajectory))


AGENTS: Mapping[str, Agent] = {
    OURS: ours,
    "ours, in phases, a choice ends a phase": functools.partial(ours, choices_break=True),
    GROUPED: functools.partial(ours, grouping="parallel"),
    SAME_STEPS: functools.partial(ours, grouping="single"),
    "CodeAct-style, in phases, text-bound": code_act,
    **{
        f"JSON, {'parallel' if parallel else 'sequential'}, {schemas} schemas": functools.partial(
            function_calling, schemas=schemas, parallel=parallel
        )
        for parallel in (False, True)
        for schemas in json_agent.SCHEMAS
    },
}


@dataclass(slots=True)
class Replayed:
    """One domain played by every agent."""

    counts: dict[str, Count]
    wrong: dict[str, list[str]]  # by agent: a reward that is not 1, code that failed
    tasks: int = 0
    calls: int = 0


def replay(domain: str, every: int = 1) -> Replayed:
    """Every task (or every n-th) by every agent."""
    world = World(domain)
    played = Replayed({name: Count() for name in AGENTS}, {name: [] for name in AGENTS})
    for task in world.tasks[::every]:
        actions = world.actions(task)
        if not actions:
            continue
        played.tasks += 1
        played.calls += len(actions)
        for name, agent in AGENTS.items():
            result = agent(world, task, actions)
            played.counts[name].add(result.count)
            if result.reward != 1.0:
                played.wrong[name].append(f"task {task.id}: reward {result.reward:g}")
            played.wrong[name] += [f"task {task.id}: {each}" for each in result.went_wrong[:1]]
    return played


def _documented(method: Any) -> str:
    signature = str(inspect.signature(method)).replace(
        f"{method.__module__.removesuffix('tools')}data_model.", ""
    )
    return f'def {method.__name__}{signature}:\n    """{inspect.getdoc(method)}"""'
