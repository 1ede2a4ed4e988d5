"""Queues that the code waits for though nothing fills, or empties, them: the kernel would wait for ever."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator

from caveagent_magic.security.objects.still import instance_dict, is_a
from caveagent_magic.security.vocabulary import names

KINDS = names("queue.Queue queue.LifoQueue queue.PriorityQueue queue.SimpleQueue")
WAITING = frozenset(f"{kind}.{method}" for kind in KINDS for method in ("get", "put", "join"))
ASKING = names("empty full qsize queue")
"""What says whether there is something in a queue, or room."""
FILLING = names("put put_nowait")
REPEATING = (ast.For, ast.AsyncFor, ast.While, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def may_wait(call: ast.AST, within: ast.AST, queue: object) -> bool:
    """Whether a method of a queue may wait for ever, as far as the code or the live queue tells."""
    func = call.func if isinstance(call, ast.Call) else None
    if not isinstance(call, ast.Call) or not isinstance(func, ast.Attribute) or func.attr == "join":
        return True
    inside = instance_dict(queue)
    if func.attr == "put":
        return inside.get("maxsize", 0) != 0 or _is_bounded(func.value, within)
    if _limited(call):
        return False
    owner = ast.dump(func.value)
    path = list(_path(within, call))
    if any(_asks(test, owner) for node in path for test in _tests(node)):
        return False
    held = inside.get("queue", ())
    filled = len(held) if is_a(held, (deque, list)) else 0
    return filled + _count(within, owner, FILLING) < _count(within, owner, {"get"}) or any(
        isinstance(node, REPEATING) for node in path
    )


def _limited(call: ast.Call) -> bool:
    """Whether it gives up, at once or after a time."""
    return len(call.args) > 1 or any(keyword.arg in ("timeout", "block") for keyword in call.keywords)


def _path(node: ast.AST, wanted: ast.AST) -> Iterator[ast.AST]:
    """The parts of the code in which the call is, below the outermost."""
    for child in ast.iter_child_nodes(node):
        if any(each is wanted for each in ast.walk(child)):
            yield child
            yield from _path(child, wanted)


def _tests(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.While, ast.If, ast.IfExp)):
        yield node.test
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield node.iter
    elif isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        yield from (part.iter for part in node.generators)


def _asks(test: ast.AST, owner: str) -> bool:
    return any(
        isinstance(each, ast.Attribute) and each.attr in ASKING and ast.dump(each.value) == owner
        for each in ast.walk(test)
    )


def _count(within: ast.AST, owner: str, methods: set[str] | frozenset[str]) -> int:
    """How often the methods are called, each call once."""
    called = (node.func for node in ast.walk(within) if isinstance(node, ast.Call))
    return sum(
        isinstance(func, ast.Attribute) and func.attr in methods and ast.dump(func.value) == owner
        for func in called
    )


def _is_bounded(owner: ast.expr, within: ast.AST) -> bool:
    """Whether the code makes the queue with a greatest size."""
    for node in ast.walk(within):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = any(ast.unparse(target) == ast.unparse(owner) for target in node.targets)
            if made and (node.value.args or node.value.keywords):
                return True
    return False
