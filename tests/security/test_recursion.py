"""Functions that call themselves: which of them never end, or end when nobody is there any more."""

from __future__ import annotations

import ast

import pytest

from caveagent_magic.security.exhaustion.recursion import recursions

FIB = "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n"
HANOI = "def move(n, a, b):\n    if n:\n        move(n - 1, b, a)\n        move(n - 1, a, b)\n"
ACK = (
    "def ack(m, n):\n    if m == 0:\n        return n + 1\n    if n == 0:\n        return ack(m - 1, 1)\n"
    "    return ack(m - 1, ack(m, n - 1))\n"
)
POWER = (
    "def power(a, n):\n    if n == 0:\n        return 1\n    if n % 2:\n        return a * power(a, n - 1)\n"
    "    return power(a * a, n - 2)\n"
)


@pytest.mark.parametrize(
    ("code", "goes_on"),
    [
        ("def f(n):\n    return f(n + 1)\nf(0)", True),
        ("def a():\n    return b()\ndef b():\n    return a()\na()", True),
        (f"{FIB}fib(90)", True),
        (f"{FIB}fib(30)", False),
        (f"import functools\n@functools.lru_cache\n{FIB}fib(90)", False),
        (f"{HANOI}move(64, 1, 2)", True),
        (f"{HANOI}move(10, 1, 2)", False),
        (f"{ACK}ack(4, 4)", True),
        (f"{ACK}ack(2, 3)", False),
        ("g = lambda n: [g(n - 1), g(n - 1)] if n else 1\ng(60)", True),
        ("def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)\nfact(500)", False),
        (f"{POWER}power(2, 900)", False),
    ],
)  # fmt: skip
def test_what_goes_on_calling_itself_is_found(code: str, goes_on: bool) -> None:
    assert bool(list(recursions(ast.parse(code)))) is goes_on
