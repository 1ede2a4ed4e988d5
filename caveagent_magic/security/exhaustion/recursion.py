"""Functions that call themselves without an end, or so often that no one lives to see it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

MOST_CALLS = 10.0**9
DEEP_ENOUGH = 4  # a call of itself inside a call of itself grows beyond anything
Function = ast.FunctionDef | ast.AsyncFunctionDef
DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign)
ELSEWHERE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
MAY_BE_SKIPPED = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Match,
    ast.IfExp,
    ast.BoolOp,
    ast.comprehension,
)


def recursions(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """The calls with which such a thing begins, and the function's name."""
    named = (each for each in ast.walk(tree) if isinstance(each, DEFINING))
    functions = {name: node for each in named for name, node in _defined(each)}
    if not functions:
        return
    always = {name: set(_always_called(node.body)) & set(functions) for name, node in functions.items()}
    endless = {name for name in functions if _leads_to(name, name, always)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions):
            continue
        name = node.func.id
        if name in endless or _calls(functions[name], node) > MOST_CALLS:
            yield node, f"{name}, which goes on calling itself"


def _defined(node: ast.AST) -> Iterator[tuple[str, Function]]:
    """Functions by their name; `f = lambda n: …` is one as well."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield node.name, node
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        target = node.targets[0]
        if isinstance(target, ast.Name):
            body: list[ast.stmt] = [ast.Return(node.value.body)]
            yield target.id, ast.FunctionDef(target.id, node.value.args, body, [])


def _leads_to(start: str, wanted: str, always: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    waiting = list(always[start])
    while waiting:
        name = waiting.pop()
        if name == wanted:
            return True
        if name not in seen:
            seen.add(name)
            waiting += always[name]
    return False


def _always_called(body: list[ast.stmt]) -> Iterator[str]:
    """The functions that are called on every way through, until something may end it."""
    for statement in body:
        if isinstance(statement, ELSEWHERE):
            continue
        if isinstance(statement, ast.Try):
            return
        if isinstance(statement, ast.If):
            yield from set(_always_called(statement.body)) & set(_always_called(statement.orelse))
        elif not isinstance(statement, MAY_BE_SKIPPED):
            yield from _called(statement)
        if any(isinstance(inner, (ast.Return, ast.Raise, ast.Yield)) for inner in ast.walk(statement)):
            return


def _called(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (*ELSEWHERE, *MAY_BE_SKIPPED, ast.Await, ast.GeneratorExp, ast.ListComp)):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield node.func.id
    for child in ast.iter_child_nodes(node):
        yield from _called(child)


def _calls(function: Function, start: ast.Call) -> float:
    """How many calls a function that calls itself several times makes from the numbers it begins with."""
    if function.decorator_list:  # `lru_cache` remembers
        return 0.0
    own = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name
    ]
    if start in own or _exclusive(function, own):
        return 0.0
    parameters = [arg.arg for arg in function.args.args]
    most = 0.0
    for at, (name, given) in enumerate(zip(parameters, start.args, strict=False)):
        size = given.value if isinstance(given, ast.Constant) else None
        if not isinstance(size, int):
            continue
        if size >= DEEP_ENOUGH and at == 0 and any(_inside(call, own) for call in own):
            return 2 * MOST_CALLS
        steps = [step for call in own if (step := _step(call, at, name)) is not None]
        if len(steps) > 1 and len(steps) == len(own):
            most = max(most, _grows(steps, size))
    return most


def _exclusive(function: Function, own: list[ast.Call]) -> bool:
    """Whether at most one of the calls is made each time: they stand in different branches."""
    return _at_most(function.body, own) < 2


def _at_most(body: list[ast.stmt], own: list[ast.Call]) -> int:
    total, most = 0, 0
    for statement in body:
        if isinstance(statement, ast.If):
            total += sum(call in own for call in ast.walk(statement.test))
            inside, other = _at_most(statement.body, own), _at_most(statement.orelse, own)
            if statement.body and isinstance(statement.body[-1], ast.Return):
                most = max(most, total + inside)
                total += other
            else:
                total += max(inside, other)
        elif isinstance(statement, ELSEWHERE):
            continue
        else:
            total += sum(node in own for node in ast.walk(statement))
    return max(total, most)


def _inside(call: ast.Call, own: list[ast.Call]) -> bool:
    return any(inner in own for arg in call.args for inner in ast.walk(arg))


def _step(call: ast.Call, at: int, name: str) -> int | None:
    """How much smaller the argument becomes: `n - 2` is two."""
    given = call.args[at] if at < len(call.args) else None
    if not (
        isinstance(given, ast.BinOp) and isinstance(given.op, ast.Sub) and isinstance(given.left, ast.Name)
    ):
        return None
    step = given.right.value if isinstance(given.right, ast.Constant) else None
    return step if given.left.id == name and isinstance(step, int) and step > 0 else None


def _grows(steps: list[int], size: int) -> float:
    """The number of calls from that size on: each makes one for every step."""
    if size > 10_000:  # it is too deep for Python's stack before it is too many
        return 0.0
    made: list[float] = []
    for at in range(size + 1):
        made.append(min(1.0 + sum(made[at - step] for step in steps if step <= at), 1e18))
    return made[-1]
