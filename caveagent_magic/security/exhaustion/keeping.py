"""Loops that go on while something holds anything, and whose body never makes it hold less."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence

from caveagent_magic.security.vocabulary import names

ADDING = names("append appendleft insert")
KEEPING = names(
    """
    add update setdefault extend extendleft keys values items get copy count index head tail describe info
    mean sum min max std median sample iterrows itertuples groupby value_counts query filter sort_values
    nunique unique isna notna tolist to_list shape columns dtypes iloc loc empty size
    """
)
"""Methods and attributes that take nothing away from what they are called on."""
TAKING = names("pop popleft popitem")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class NotKnown(Exception):
    """What becomes of the container cannot be told."""


def never_emptied(test: ast.expr, body: Sequence[ast.stmt]) -> bool:
    """Whether the loop goes on while a container holds anything, and each round leaves it as full."""
    name = _looked_at(test)
    try:
        return name is not None and _change(body, name) >= 0
    except NotKnown:
        return False


def never_caught(test: ast.expr, body: Sequence[ast.stmt]) -> bool:
    """Whether the loop goes on while one number is below another that grows as fast: `i < len(rows)`."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
        return False
    low, high = test.left, test.comparators[0]
    if isinstance(test.ops[0], (ast.Gt, ast.GtE)):
        low, high = high, low
    elif not isinstance(test.ops[0], (ast.Lt, ast.LtE, ast.NotEq)):
        return False
    try:
        slow, fast = _rate(low, body), _rate(high, body)
    except NotKnown:
        return False
    same = slow == fast if isinstance(test.ops[0], ast.NotEq) else fast >= slow
    return fast > 0 and same


def _looked_at(test: ast.expr) -> str | None:
    """The name of the container that the test says holds something."""
    if isinstance(test, ast.Compare):
        more = isinstance(test.ops[0], (ast.Gt, ast.GtE, ast.NotEq)) and len(test.ops) == 1
        return _sized(test.left) if more and isinstance(test.comparators[0], ast.Constant) else None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = test.operand
        empty = isinstance(inner, ast.Attribute) and inner.attr == "empty"
        return _name(inner.value) if empty and isinstance(inner, ast.Attribute) else None
    return _name(test) or _sized(test)


def _sized(node: ast.expr) -> str | None:
    """`x` of `len(x)` and of `x.shape[0]`."""
    if isinstance(node, ast.Call) and _name(node.func) == "len" and len(node.args) == 1:
        return _name(node.args[0])
    shape = node.value if isinstance(node, ast.Subscript) else None
    rows = isinstance(shape, ast.Attribute) and shape.attr == "shape"
    return _name(shape.value) if rows and isinstance(shape, ast.Attribute) else None


def _name(node: ast.expr) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _rate(node: ast.expr, body: Sequence[ast.stmt]) -> float:
    """By how much a number grows each time round."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return _rate(node.left, body) + (1 if isinstance(node.op, ast.Add) else -1) * _rate(node.right, body)
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return 0
    held = _sized(node)
    if held is not None:
        return _change(body, held, exactly=True)
    name = _name(node)
    steps = [each for each in body if isinstance(each, ast.AugAssign) and _name(each.target) == name]
    if name is None or len(steps) != sum(1 for each in _inside(body) if _binds(each, name)):
        raise NotKnown
    return sum(map(_step, steps))


def _step(node: ast.AugAssign) -> float:
    value = node.value.value if isinstance(node.value, ast.Constant) else None
    if not isinstance(value, (int, float)) or not isinstance(node.op, (ast.Add, ast.Sub)):
        raise NotKnown
    return value if isinstance(node.op, ast.Add) else -value


def _binds(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)


def _inside(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    for statement in body:
        yield from ast.walk(statement)


def _change(body: Sequence[ast.stmt], name: str, exactly: bool = False) -> int:
    """How much more it holds after a round, at the least."""
    total = 0
    for statement in body:
        total += _of_statement(statement, name, exactly)
    return total


def _of_statement(node: ast.stmt, name: str, exactly: bool) -> int:
    if isinstance(node, (*FUNCTIONS, ast.With, ast.Try, ast.Match)):
        raise NotKnown
    if isinstance(node, ast.If):
        ways = _change(node.body, name, exactly), _change(node.orelse, name, exactly)
        if exactly and ways[0] != ways[1]:
            raise NotKnown
        return _of_expressions(node.test, name) + min(ways)
    if isinstance(node, (ast.For, ast.While)):
        once = _change([*node.body, *node.orelse], name, exactly)
        if once < 0 or (exactly and once):
            raise NotKnown
        return _of_expressions(node.iter if isinstance(node, ast.For) else node.test, name)
    if isinstance(node, ast.AugAssign) and _name(node.target) == name:
        if not (isinstance(node.op, ast.Add) and isinstance(node.value, (ast.List, ast.Tuple))):
            raise NotKnown
        return len(node.value.elts) + _of_expressions(node.value, name)
    if isinstance(node, ast.Delete):
        return -sum(_taken(each, name) for each in node.targets)
    if isinstance(node, ast.Assign) and any(_name(each) == name for each in node.targets):
        return _made_anew(node.value, name)
    return _of_expressions(node, name)


def _taken(target: ast.expr, name: str) -> int:
    """What `del` takes away."""
    if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice):
        if any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(target)):
            raise NotKnown
        return 0
    return int(_name(target.value) == name)


def _made_anew(value: ast.expr, name: str) -> int:
    """`x = x + [1]`, `x = pd.concat([x, y])`: what it held is still in it."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and _name(value.left) == name:
        return len(value.right.elts) if isinstance(value.right, (ast.List, ast.Tuple)) else _unknown()
    func = value.func if isinstance(value, ast.Call) else None
    parts = value.args[0] if isinstance(value, ast.Call) and value.args else None
    joined = isinstance(func, ast.Attribute) and func.attr in ("concat", "concatenate")
    if joined and isinstance(parts, (ast.List, ast.Tuple)) and name in map(_name, parts.elts):
        return 0
    return _unknown()


def _unknown() -> int:
    raise NotKnown


def _of_expressions(node: ast.AST, name: str) -> int:
    """What the methods that are called in there add to it or take from it."""
    total = 0
    known: set[int] = set()
    for each in ast.walk(node):
        if isinstance(each, (*FUNCTIONS, ast.NamedExpr, ast.comprehension, ast.Await)):
            raise NotKnown
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            if not hasattr(builtins, each.func.id):
                raise NotKnown
            known.update(id(arg) for arg in each.args)
        if isinstance(each, ast.Attribute) and _name(each.value) == name:
            if each.attr not in ADDING | KEEPING | TAKING:
                raise NotKnown
            total += (each.attr in ADDING) - (each.attr in TAKING)
            known.add(id(each.value))
        if (
            isinstance(each, ast.Subscript)
            and _name(each.value) == name
            and not isinstance(each.ctx, ast.Del)
        ):
            stored = isinstance(each.ctx, ast.Store) and isinstance(each.slice, ast.Slice)
            known.update(() if stored else (id(each.value),))
        if isinstance(each, ast.Compare):
            known.update(map(id, (each.left, *each.comparators)))
    used = (each for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == name)
    if not all(id(each) in known for each in used):
        raise NotKnown
    return total
