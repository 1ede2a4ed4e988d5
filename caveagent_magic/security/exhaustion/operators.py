"""How much operators give, by how much is on their sides."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from caveagent_magic.security.exhaustion.amounts import (
    MANY,
    UNKNOWN,
    Amount,
    array,
    broadcast,
    held,
    larger,
    number,
    numeric,
    shape_of,
    text,
)
from caveagent_magic.security.exhaustion.growth import raised
from caveagent_magic.security.exhaustion.widths import percent_width

MOST_POWER = 10**6
SHORT_TEXT = 1000  # characters of a text that is kept
ARITHMETIC: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b, ast.FloorDiv: lambda a, b: a // b, ast.Mod: lambda a, b: a % b,
}  # fmt: skip
OPERATORS: Mapping[str, ast.operator] = {
    "mul": ast.Mult(), "imul": ast.Mult(), "rmul": ast.Mult(), "pow": ast.Pow(), "lshift": ast.LShift(),
    "add": ast.Add(), "mod": ast.Mod(),
}  # fmt: skip
"""As functions of `operator`, and as methods between underscores."""


def combined(op: ast.operator, left: Amount, right: Amount) -> Amount:
    """How much an operator gives."""
    first, second = numeric(left), numeric(right)
    if isinstance(op, ast.Pow) and left.length is not None and second is not None and second > MOST_POWER:
        return Amount(bits=MANY)  # of an array: that of a whole number is long, all others overflow
    if isinstance(op, ast.Pow) and not left.shape and not right.shape:
        return raised(left, right)
    if isinstance(op, ast.LShift) and second is not None and second >= 0:
        return raised(number(2), right) if second > 62 or first is None else number(int(first) << int(second))
    if isinstance(op, ast.Mult) and (left.bits or right.bits):
        return Amount(bits=left.bits + right.bits)
    if first is not None and second is not None:
        return replace(_calculated(op, first, second), several=left.several or right.several)
    if isinstance(op, ast.MatMult):
        return array(*shape_of(left)[:-1], *shape_of(right)[1:])
    form = left.value
    if isinstance(op, ast.Mod) and isinstance(form, (str, bytes)):
        return text(percent_width(form, right.items or (right,)))
    if left.shape or right.shape:
        shape = broadcast(shape_of(left), shape_of(right))
        return replace(array(*shape), frame=left.frame or right.frame)
    written = _written(op, left.value, right.value)
    if written is not None:
        return Amount(value=written, length=float(len(written)))
    if isinstance(op, ast.Mult):
        many, times = (left, second) if left.length is not None else (right, first)
        if many.length is not None and times is not None:
            return Amount(
                length=many.length * max(times, 0.0), inner=many.inner, shared=held(many.inner) > 1,
                single=many.length == 1,
            )  # fmt: skip
    if isinstance(op, ast.Add) and left.length is not None and right.length is not None:
        inner = larger(left.inner or UNKNOWN, right.inner or UNKNOWN)
        return Amount(length=left.length + right.length, inner=inner, shared=left.shared or right.shared)
    return UNKNOWN


def _written(op: ast.operator, left: object, right: object) -> str | None:
    """A short text that is put together of others: it may be a format, and hold a width."""
    if isinstance(op, ast.Add) and isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= SHORT_TEXT else None
    if isinstance(op, ast.Mult) and isinstance(left, str) and isinstance(right, int):
        return left * right if len(left) * right <= SHORT_TEXT else None
    return None


def _calculated(op: ast.operator, left: float, right: float) -> Amount:
    work = ARITHMETIC.get(type(op))
    try:
        found = work(left, right) if work is not None else None
    except ArithmeticError:
        return UNKNOWN
    return number(found) if isinstance(found, (int, float)) else UNKNOWN
