"""A small language of questions about data: Python's own expressions, read as data and never executed.

Frames and series of any library are asked through narwhals. Whatever is not listed here is refused when the
check is written, and `data.py` refuses data that would run code of its own, so a check changes nothing.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from caveagent_magic.checks import data
from caveagent_magic.checks.content import Content
from caveagent_magic.checks.data import (
    CONTAINERS,
    CannotCheck,
    comparable,
    is_column,
    is_frame,
    number,
    seen,
)
from caveagent_magic.errors import UsageError

Binary: TypeAlias = Callable[[Any, Any], Any]

# Of a column, without arguments; each gives one value.
SUMMARIES = frozenset(
    ["sum", "mean", "min", "max", "median", "std", "var", "count", "n_unique", "null_count"]
)
SPELLINGS = {"nunique": "n_unique"}  # pandas' words for the same
FUNCTIONS: Mapping[str, Callable[..., Any]] = {"abs": abs, "round": round, "min": min, "max": max}
ARITHMETIC: Mapping[type[ast.operator], Binary] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
COMPARISONS: Mapping[type[ast.cmpop], Binary] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
CONSTANTS = (int, float, str, bool, type(None))
LONGEST = 1000  # characters of a check
MOST_DIGITS = 20  # to which a number is rounded


def parse(text: str) -> ast.expr:
    """The expression; raises `UsageError` naming what a check may not use."""
    text = text.strip()
    if len(text) > LONGEST:
        raise UsageError(f"A check has at most {LONGEST:,} characters, and not {len(text):,}.")
    try:
        tree = ast.parse(text, mode="eval").body
        _admit(tree, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"{text!r} cannot be read as a check.") from None
    return tree


def names_in(tree: ast.expr) -> frozenset[str]:
    """The variables that an expression speaks of."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return frozenset(
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called
    )


def evaluate(tree: ast.expr, namespace: Mapping[str, object]) -> Any:
    """The value of an admitted expression; raises `CannotCheck` where the data has no answer."""
    try:
        return _value(tree, namespace)
    except CannotCheck:
        raise
    except KeyError as error:
        raise CannotCheck(f"{error} is not there") from None
    except Exception as error:  # a comparison or a library that cannot do it says so in its own class
        raise CannotCheck(f"{type(error).__name__}: {error}") from None


def holds(value: Any) -> bool:
    """Whether an answer means yes: a column does where all of it does."""
    if is_column(value):
        return bool(value.all())
    return bool(comparable(value))


def plain(value: Any) -> Any:
    """What of an answer can be kept and compared later: a number, a text, or the content of a table."""
    return Content.of(value) if is_frame(value) or is_column(value) else comparable(value)


def _admit(node: ast.AST, text: str) -> None:
    match node:
        case ast.Call(func=ast.Name(id=name), keywords=[]) if name in FUNCTIONS or name == "len":
            parts: list[ast.expr] = node.args
        case ast.Call(func=ast.Attribute(value=inner, attr=name), args=[], keywords=[]) if _summary(name):
            parts = [inner]
        case ast.Constant(value=value) if isinstance(value, CONSTANTS):
            parts = []
        case _ if _is_plain(node):
            parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        case _:
            raise UsageError(_not_admitted(node, text))
    for part in parts:
        _admit(part, text)


def _is_plain(node: ast.AST) -> bool:
    """Whether it only puts its parts together."""
    match node:
        case ast.BinOp(op=op):
            return type(op) in ARITHMETIC
        case ast.Compare(ops=ops):
            return all(type(op) in COMPARISONS or _is_membership(op) for op in ops)
        case ast.UnaryOp(op=sign):
            return isinstance(sign, ast.Not | ast.USub)
        case ast.Subscript(slice=part):
            return isinstance(part, ast.Constant)
    return isinstance(node, ast.Name | ast.Attribute | ast.BoolOp | ast.List | ast.Tuple | ast.Set)


def _not_admitted(node: ast.AST, text: str) -> str:
    part = ast.get_source_segment(text, node) if isinstance(node, ast.expr) else None
    return (
        f"A check cannot use {part or text!r}. It compares columns, len() and "
        f"{', '.join(f'{name}()' for name in sorted(SUMMARIES))}, with numbers and texts."
    )


def _summary(name: str) -> str:
    name = SPELLINGS.get(name, name)
    return name if name in SUMMARIES else ""


def _is_membership(op: ast.cmpop) -> bool:
    return isinstance(op, ast.In | ast.NotIn)


def _value(node: ast.expr, namespace: Mapping[str, object]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return seen(namespace[name])
        case (
            ast.Attribute(value=inner, attr=name) | ast.Subscript(value=inner, slice=ast.Constant(value=name))
        ):
            return data.part(_value(inner, namespace), name)
        case ast.Call(func=ast.Name(id="len"), args=[inner]):
            return _length(_value(inner, namespace))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _called(name, [_value(argument, namespace) for argument in arguments])
        case ast.Call(func=ast.Attribute(value=inner, attr=name)):
            return _summarised(_value(inner, namespace), _summary(name))
        case ast.BinOp(left=left, op=op, right=right):
            return ARITHMETIC[type(op)](number(_value(left, namespace)), number(_value(right, namespace)))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -number(_value(inner, namespace))
        case ast.UnaryOp(operand=inner):
            return not holds(_value(inner, namespace))
        case ast.BoolOp(op=ast.And(), values=values):
            return all(holds(_value(value, namespace)) for value in values)
        case ast.BoolOp(values=values):
            return any(holds(_value(value, namespace)) for value in values)
        case ast.Compare():
            return _compared(node, namespace)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            return [_value(item, namespace) for item in items]
    raise CannotCheck("this expression cannot be read")


def _compared(node: ast.Compare, namespace: Mapping[str, object]) -> bool:
    left = comparable(_value(node.left, namespace))
    for op, each in zip(node.ops, node.comparators, strict=True):
        right = comparable(_value(each, namespace))
        found = _member(left, right, op) if _is_membership(op) else COMPARISONS[type(op)](left, right)
        if not holds(_where_present(found, left, right)):
            return False
        left = right
    return True


def _where_present(found: Any, *sides: Any) -> Any:
    """Rows without a value are not compared: that nulls are absent is a check of its own."""
    for side in sides:
        if is_column(found) and is_column(side):
            found = found | side.is_null()
            if side.dtype.is_float():
                found = found | side.is_nan()
    return found


def _member(left: Any, right: Any, op: ast.cmpop) -> Any:
    if not is_column(left):
        found = left in (right.to_list() if is_column(right) else right)
        return found if isinstance(op, ast.In) else not found
    within = left.is_in(right)
    return within if isinstance(op, ast.In) else ~within


def _length(whole: Any) -> int:
    if is_frame(whole) or is_column(whole) or type(whole) in CONTAINERS | {str}:
        return len(whole)
    raise CannotCheck("it has no length")


def _called(name: str, arguments: list[Any]) -> Any:
    values = [number(value) for each in arguments for value in (each if type(each) is list else [each])]
    if name == "round" and len(values) == 2 and abs(values[1]) > MOST_DIGITS:
        raise CannotCheck(f"numbers are rounded to {MOST_DIGITS} digits at most")
    return FUNCTIONS[name](*values)


def _summarised(column: Any, name: str) -> Any:
    if not is_column(column):
        raise CannotCheck(f"{name}() is asked of a column")
    value = getattr(column, name)()
    return math.nan if value is None else seen(value)
