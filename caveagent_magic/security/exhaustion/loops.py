"""The shape of loops and of code that needs an event loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from caveagent_magic.security.exhaustion.cycles import Unknown, number_of

GROWING = frozenset(["append", "appendleft", "insert"])  # `extend` may add nothing, a set may have it already
STILL = (
    ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp, ast.BinOp, ast.expr_context, ast.cmpop,
    ast.boolop, ast.unaryop, ast.operator,
)  # fmt: skip
"""What an expression is made of that runs no method of the person's to be worked out again."""


def leaves(body: list[ast.stmt]) -> bool:
    """Whether a loop's body can leave the loop."""
    return any(
        isinstance(node, (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom))
        for node in _within(body)
    )


def unchanging(test: ast.expr, body: list[ast.stmt]) -> bool:
    """Whether nothing in a loop's body can change what its test looks at, and the test may be true."""
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if not all(isinstance(node, STILL) for node in ast.walk(test)):
        return False
    looked_at = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    inside = [node for statement in body for node in ast.walk(statement)]
    named = {node.id for node in inside if isinstance(node, ast.Name)}
    calls = any(isinstance(node, ast.Call) for node in inside)
    return not (looked_at & named) and not (looked_at and calls)


def moves_away(test: ast.expr, body: list[ast.stmt]) -> bool:
    """Whether all that the body does to the name in its test takes it further from the end of the loop.

    `while n > 0: n += 1`, `while names: names.append(x)`.
    """
    side, more = (test.left, type(test.ops[0])) if isinstance(test, ast.Compare) else (test, ast.Gt)
    if more not in (ast.Gt, ast.GtE, ast.NotEq, ast.Lt, ast.LtE):
        return False
    if isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "len" and side.args:
        side = side.args[0]
    others = test.comparators if isinstance(test, ast.Compare) else []
    if not isinstance(side, ast.Name) or not all(isinstance(other, ast.Constant) for other in others):
        return False
    up = more not in (ast.Lt, ast.LtE)
    steps = [statement for statement in body if _steps(statement, side.id, up)]
    inside = [node for statement in body if statement not in steps for node in ast.walk(statement)]
    return bool(steps) and not any(isinstance(node, ast.Name) and node.id == side.id for node in inside)


def feeds_itself(node: ast.For | ast.AsyncFor) -> bool:
    """Whether each time round adds to what the loop goes over."""
    name = node.iter.id if isinstance(node.iter, ast.Name) else ""
    return bool(name) and any(_steps(statement, name, up=True) for statement in node.body)


def finds_ever_more(node: ast.For | ast.AsyncFor) -> bool:
    """Whether what a loop goes over gets larger numbers each time, and is only asked whether it has them."""
    name = node.iter.id if isinstance(node.iter, ast.Name) else ""
    target = node.target.id if isinstance(node.target, ast.Name) else ""
    made: dict[str, list[ast.expr]] = {target: [ast.Name(target, ast.Load())]} if name and target else {}
    return bool(made) and _finds(node.body, name, target, made)


def _finds(body: list[ast.stmt], name: str, target: str, made: dict[str, list[ast.expr]]) -> bool:
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            made = {**made, node.targets[0].id: [node.value]}
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            several = node.iter.elts if isinstance(node.iter, (ast.Tuple, ast.List)) else []
            if _finds(node.body, name, target, {**made, node.target.id: [*several]}):
                return True
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
            new = isinstance(node.test.ops[0], ast.NotIn) and len(node.test.ops) == 1
            if new and _finds(node.body, name, target, made):
                return True
        elif _steps(node, name, up=True) and isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            given = node.value.args[-1] if node.value.args else None
            values = made.get(given.id, []) if isinstance(given, ast.Name) else [given] if given else []
            if any(_larger(value, target) for value in values):
                return True
    return False


def _larger(value: ast.expr, target: str) -> bool:
    """Whether it is a larger number than the one that it is made from."""
    try:
        return all(number_of(value, {target: at}) > at for at in range(20))
    except (Unknown, ArithmeticError):
        return False


def _steps(statement: ast.stmt, name: str, up: bool) -> bool:
    """Whether a statement makes the name larger, or a number smaller."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        grows = isinstance(statement.op, ast.Add) if up else isinstance(statement.op, ast.Sub)
        value = statement.value
        positive = isinstance(value, (ast.List, ast.Tuple)) or _never_negative(value)
        return statement.target.id == name and grows and positive
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp):
        target, made = statement.targets[-1], statement.value
        if isinstance(made.left, ast.Name) and isinstance(target, ast.Name) and made.left.id == target.id:
            step = ast.AugAssign(ast.Name(target.id), made.op, made.right)
            return len(statement.targets) == 1 and _steps(step, name, up)
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (up and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return False
    owner = call.func.value
    return call.func.attr in GROWING and isinstance(owner, ast.Name) and owner.id == name


def _never_negative(value: ast.expr) -> bool:
    """Whether it is a number that takes nothing away: one that is written so, or a size."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, (int, float)) and value.value > 0
    if isinstance(value, ast.Subscript):
        return isinstance(value.value, ast.Attribute) and value.value.attr == "shape"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in ("len", "abs")
    return isinstance(value, ast.Attribute) and value.attr in ("size", "ndim", "nbytes")


def yields_for_ever(node: ast.AST) -> bool:
    """Whether a function is a generator with a loop that nothing leaves."""
    body: list[ast.stmt] = getattr(node, "body", None) or []
    if not isinstance(body, list):
        return False
    return any(
        isinstance(loop, ast.While)
        and isinstance(loop.test, ast.Constant)
        and bool(loop.test.value)
        and any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in _within(loop.body))
        and not any(isinstance(inner, (ast.Break, ast.Return, ast.Raise)) for inner in _within(loop.body))
        for loop in _within(body)
    )


def _within(body: list[ast.stmt], loop: bool = False) -> Iterator[ast.AST]:
    """The nodes of a loop's body that belong to this loop."""
    for node in body:
        yield from _nodes(node, loop)


def _nodes(node: ast.AST, loop: bool) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        return
    if not (loop and isinstance(node, ast.Break)):
        yield node
    inner = loop or isinstance(node, (ast.For, ast.While, ast.AsyncFor))
    for child in ast.iter_child_nodes(node):
        yield from _nodes(child, inner)


def top_level_awaits(tree: ast.AST) -> Iterator[ast.AST]:
    """Where the code would need an event loop of its own."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or (
            isinstance(node, ast.comprehension) and node.is_async
        ):
            yield node if hasattr(node, "lineno") else node.iter
        yield from top_level_awaits(node)
