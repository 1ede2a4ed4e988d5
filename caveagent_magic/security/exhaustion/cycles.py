"""Loops over known numbers that come back to where they were, found by counting along."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

ROUNDS = 300
LARGEST = 10**40
HIGHEST = 9  # power
Number = int | float


class Unknown(Exception):
    """A value that is not known."""


def _power(base: Number, exponent: Number) -> Number:
    if not 0 <= exponent <= HIGHEST:
        raise Unknown
    return base**exponent


WORK: Mapping[type, Callable[[Number, Number], Number]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: _power,
}  # fmt: skip
TESTS: Mapping[type, Callable[[Number, Number], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


def goes_round(test: ast.expr, body: list[ast.stmt], numbers: Mapping[str, Number]) -> bool:
    """Whether the test holds and the numbers are the same as some rounds before, so that nothing ends it."""
    state, seen = dict(numbers), set()
    try:
        for _ in range(ROUNDS):
            if not number_of(test, state):
                return False
            here = tuple(state.items())
            if here in seen:
                return True
            seen.add(here)
            _run(body, state)
    except (Unknown, ArithmeticError):
        return False
    return False


def _run(body: list[ast.stmt], state: dict[str, Number]) -> None:
    for statement in body:
        if isinstance(statement, ast.If):
            _run(statement.body if number_of(statement.test, state) else statement.orelse, state)
        else:
            _step(statement, state)


def _step(statement: ast.stmt, state: dict[str, Number]) -> None:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(target, ast.Name):
        state[target.id] = number_of(statement.value, state)
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(target, ast.Tuple):
        values = statement.value.elts if isinstance(statement.value, ast.Tuple) else []
        names = [each.id for each in target.elts if isinstance(each, ast.Name)]
        if len(values) != len(target.elts) or len(names) != len(values):
            raise Unknown
        state |= dict(zip(names, [number_of(value, state) for value in values], strict=True))
    elif isinstance(statement, ast.AugAssign) and isinstance(target, ast.Name):
        state[target.id] = number_of(
            ast.BinOp(ast.Name(target.id, ast.Load()), statement.op, statement.value), state
        )
    elif not _leaves_alone(statement, state):
        raise Unknown


def _leaves_alone(statement: ast.stmt, state: Mapping[str, Number]) -> bool:
    """Whether it neither binds one of the numbers nor may end the loop by an error."""
    inside = list(ast.walk(statement))
    bound = any(isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id in state for n in inside)
    held = isinstance(statement, (ast.Pass, ast.Try)) or (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Name)
        and statement.value.func.id == "print"
    )
    return held and not bound and not any(isinstance(n, (ast.NamedExpr, ast.Global)) for n in inside)


def number_of(node: ast.expr, state: Mapping[str, Number]) -> Number:
    """What an expression over known numbers gives; raises `Unknown` for any other."""
    found: Number | None = None
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        found = node.value
    elif isinstance(node, ast.Name):
        found = state.get(node.id)
    elif isinstance(node, ast.BinOp) and type(node.op) in WORK:
        found = WORK[type(node.op)](number_of(node.left, state), number_of(node.right, state))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
        inner = number_of(node.operand, state)
        found = -inner if isinstance(node.op, ast.USub) else not inner
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in TESTS:
        found = TESTS[type(node.ops[0])](number_of(node.left, state), number_of(node.comparators[0], state))
    elif isinstance(node, ast.IfExp):
        found = number_of(node.body if number_of(node.test, state) else node.orelse, state)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abs":
        found = abs(number_of(node.args[0], state)) if len(node.args) == 1 else None
    if found is None or not -LARGEST < found < LARGEST:
        raise Unknown
    return found
