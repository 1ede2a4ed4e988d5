"""Ways out of a loop that goes on by itself, and whether the numbers that it counts ever reach them."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from caveagent_magic.security.exhaustion.cycles import Number, Unknown, number_of

FIRST = 300  # rounds that are looked at one by one
LATER = tuple(10**power + near for power in range(3, 12) for near in (-1, 0, 1))
LONGEST = 2**1000  # of which it is asked whether it is a prime
Counted = Mapping[str, tuple[Number, Number]]  # the start and the step of names
Path = tuple[tuple[ast.expr, bool], ...]  # tests, and how each of them has to turn out
CONVERTING = frozenset({"int", "float", "str", "bool", "len", "abs", "round", "print", "repr"})
ELSEWHERE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def can_leave(body: list[ast.stmt], counted: Counted, pauses: bool = True) -> bool:
    """Whether a loop's body may leave it; `counted` gives a start and a step for names.

    `pauses`: a generator, too, comes out of the loop with each element, and may not be asked for another.
    """
    return any(_reached(path, counted) for path in _paths(body, (), False, pauses))


def rounds_until_left(body: list[ast.stmt], counted: Counted) -> float:
    """After how many rounds a loop may be left at the earliest; infinite if it never is."""
    return min((_first(path, counted) for path in _paths(body, (), False)), default=math.inf)


def counters(body: list[ast.stmt], numbers: Mapping[str, Number]) -> Counted:
    """The names that stay as they are, or change by the same number each time round."""
    found: dict[str, tuple[Number, Number]] = {}
    for name, start in numbers.items():
        steps = [each for each in body if _is_step(each, name)]
        if _steps(body, name) == len(steps) <= 1:
            found[name] = (start, sum(map(_step, steps)))
    return found


def never_divides(test: ast.expr, body: list[ast.stmt], numbers: Mapping[str, Number]) -> bool:
    """Whether a loop looks for a divisor of a long prime: `while n % d: d += 2`."""
    rest = test.left if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.NotEq) else test
    if not (isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Mod)):
        return False
    whole, by = (each.id if isinstance(each, ast.Name) else "" for each in (rest.left, rest.right))
    steady = counters(body, {name: numbers[name] for name in (whole, by) if name in numbers})
    n = numbers.get(whole, 0)
    if len(steady) < 2 or steady[whole][1] or not isinstance(n, int) or not LATER[-1] ** 2 < n < LONGEST:
        return False
    return n % 2 == 1 and pow(2, n - 1, n) == 1


def untouched(body: list[ast.stmt], counted: Counted) -> Counted:
    """The names that a loop counts and its body does not bind."""
    return {name: at for name, at in counted.items() if not _steps(body, name)}


def never(test: ast.expr, wanted: bool, counted: Counted) -> bool:
    """Whether a test never turns out so, whatever is counted."""
    return not _reached(((test, wanted),), counted)


def _reached(path: Path, counted: Counted) -> bool:
    return _first(path, counted) < math.inf


def _first(path: Path, counted: Counted) -> float:
    """The first round looked at in which all tests turn out as they have to, or may do so."""
    names = {node.id for test, _ in path for node in ast.walk(test) if isinstance(node, ast.Name)}
    moving = {name: at for name, at in counted.items() if name in names}
    tests = [test for test, _ in path]
    if moving and _comes_round(tests, moving):
        return 0
    known = sorted({*range(FIRST), *LATER, *_near(moving, tests)}) if moving else [0]
    rounds: list[int] = sorted({*known, *(at for test in tests for at in _meeting(test, moving, known))})
    for turn in rounds:
        state = {name: start + step * turn for name, (start, step) in moving.items()}
        if all(holds(test, state) in (wanted, None) for test, wanted in path):
            return turn
    return math.inf


def _comes_round(tests: Sequence[ast.expr], moving: Counted) -> bool:
    """Whether the tests look at remainders that may need more rounds than are looked at."""
    period = 1
    for test in tests:
        for node in ast.walk(test):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
                by = node.right.value if isinstance(node.right, ast.Constant) else FIRST
                period *= by if isinstance(by, int) and by else FIRST
    return period >= FIRST


def _meeting(test: ast.expr, moving: Counted, rounds: Sequence[int]) -> Iterator[int]:
    """The rounds about which the sides of `n * n == 144` come together."""
    nodes = list(ast.walk(test)) if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq) else []
    if not any(isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Mult, ast.Pow)) for n in nodes):
        return
    assert isinstance(test, ast.Compare)
    less = ast.Compare(test.left, [ast.Lt()], test.comparators[:1])

    def below(turn: int) -> bool | None:
        return holds(less, {name: start + step * turn for name, (start, step) in moving.items()})

    for low, high in itertools.pairwise(rounds):
        first, last = below(low), below(high)
        while first != last and high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if below(middle) == first else (low, middle)
        if first != last:
            yield from (low, high)


def _near(counted: Counted, tests: Sequence[ast.expr]) -> Iterator[int]:
    """The rounds in which a name comes near a number that is written in a test."""
    written = [node.value for test in tests for node in ast.walk(test) if isinstance(node, ast.Constant)]
    for number in (each for each in written if isinstance(each, (int, float))):
        for start, step in counted.values():
            turn = int((number - start) / step) if step else 0
            yield from (each for each in range(turn - 2, turn + 3) if each >= 0)


def holds(test: ast.expr, state: Mapping[str, Number]) -> bool | None:
    """How a test turns out; None where that is not known."""
    if isinstance(test, ast.BoolOp):
        parts = [holds(part, state) for part in test.values]
        decisive = isinstance(test.op, ast.Or)
        return decisive if decisive in parts else None if None in parts else not decisive
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = holds(test.operand, state)
        return None if inner is None else not inner
    if isinstance(test, ast.Compare) and len(test.ops) > 1:
        sides = [test.left, *test.comparators]
        pairs = zip(sides, test.ops, sides[1:], strict=False)
        return holds(ast.BoolOp(ast.And(), [ast.Compare(a, [op], [b]) for a, op, b in pairs]), state)
    try:
        return bool(number_of(test, state))
    except (Unknown, ArithmeticError):
        return None


def _paths(body: list[ast.stmt], path: Path, inner: bool, pauses: bool = True) -> Iterator[Path]:
    """The tests on the way to each statement that leaves the loop."""
    for node in body:
        if isinstance(node, ELSEWHERE):
            continue
        if isinstance(node, (ast.Return, ast.Raise)) or (isinstance(node, ast.Break) and not inner):
            yield path
        elif isinstance(node, ast.If):
            yield from _paths(node.body, (*path, (node.test, True)), inner, pauses)
            yield from _paths(node.orelse, (*path, (node.test, False)), inner, pauses)
        else:
            if pauses and any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in _expressions(node)):
                yield path
            loop = isinstance(node, (ast.For, ast.AsyncFor, ast.While))
            for part in _bodies(node):
                yield from _paths(part, path, inner or loop, pauses)


def _expressions(node: ast.stmt) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from ast.walk(child)


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, None) or []
    tried = isinstance(node, ast.Try) and any(map(_may_fail_later, node.body))
    for each in (*(getattr(node, "handlers", ()) if tried else ()), *getattr(node, "cases", ())):
        yield each.body


def _may_fail_later(node: ast.stmt) -> bool:
    """Whether it may raise an error though it has not the time before: it calls more than conversions."""
    calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    settled = all(isinstance(func, ast.Name) and func.id in CONVERTING for func in calls)
    moving = (ast.Subscript, ast.BinOp, ast.Raise, ast.Await, ast.Assert, ast.AugAssign)
    return not settled or (not calls and any(isinstance(each, moving) for each in ast.walk(node)))


def _steps(body: list[ast.stmt], name: str) -> int:
    """How often a name is bound in there."""
    nodes = (node for statement in body for node in ast.walk(statement))
    return sum(isinstance(n, ast.Name) and n.id == name and not isinstance(n.ctx, ast.Load) for n in nodes)


def _is_step(node: ast.stmt, name: str) -> bool:
    if not (isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Add, ast.Sub))):
        return False
    number = node.value.value if isinstance(node.value, ast.Constant) else None
    return isinstance(node.target, ast.Name) and node.target.id == name and isinstance(number, (int, float))


def _step(node: ast.stmt) -> Number:
    assert isinstance(node, ast.AugAssign) and isinstance(node.value, ast.Constant)
    number = node.value.value
    assert isinstance(number, (int, float))
    return number if isinstance(node.op, ast.Add) else -number
