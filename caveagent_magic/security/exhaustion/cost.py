"""What code would use, by one estimate of sizes and rounds that is carried through its values.

Loops multiply what stands in them, calls of the code's own functions are gone through with their arguments.
What is not known counts as one, so that ordinary analysis stays quiet.
"""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from caveagent_magic.security.exhaustion.amounts import (
    UNKNOWN,
    Amount,
    grown,
    held,
    larger,
    length,
    live_amount,
    numeric,
)
from caveagent_magic.security.exhaustion.exits import Counted, rounds_until_left, untouched
from caveagent_magic.security.exhaustion.loops import leaves
from caveagent_magic.security.exhaustion.measures import Measures
from caveagent_magic.security.exhaustion.recursion import recursions
from caveagent_magic.security.known import module_dict
from caveagent_magic.security.objects.still import Kinds, word

COSTLY = "too much: "  # begins the name under which a use of too much is recorded
HUGE = 5 * 10**8  # elements, characters or rounds
LONG = 10**8  # bits of a number
LONGEST_WAIT = 600  # seconds
DEEPEST = 6  # calls inside one another
MOST_STEPS = 12_000  # nodes
DIGITS = frozenset(["prec", "dps"])
MOST_DIGITS = 10**5
ROUNDS = 60  # of a loop in which something doubles

NAMED = Kinds(types.FunctionType, types.BuiltinFunctionType, type)
Names = dict[str, Amount]


class _Enough(Exception):
    """More was read than there is time for."""


def costs(tree: ast.Module, namespace: Mapping[str, object]) -> Iterator[tuple[ast.AST, str]]:
    """Where the code would use too much, and what does it."""
    reader = Costs(namespace)
    with contextlib.suppress(_Enough, RecursionError):  # what was found until then stands
        reader.run(tree.body, {})
    yield from reader.found.values()
    yield from recursions(tree)


class Costs(Measures):
    """Walks through statements, with the rounds of all loops around them."""

    def __init__(self, namespace: Mapping[str, object]) -> None:
        self.namespace = namespace
        self.found: dict[int, tuple[ast.AST, str]] = {}
        self.rounds = 1.0
        self.steps = 0
        self.inside: list[ast.AST] = []  # functions that are gone through
        self.returned: list[Amount] = []

    def run(self, body: list[ast.stmt], names: Names) -> None:
        """Go through statements in order."""
        for statement in body:
            self.step()
            work = self.STATEMENTS.get(type(statement))
            if work is not None:
                work(self, statement, names)

    def step(self) -> None:
        """Count a node; raises where there were too many."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise _Enough

    def weigh(self, node: ast.AST, amount: Amount, what: str) -> Amount:
        """Note the node if what it gives is too much."""
        if held(amount) > HUGE or amount.bits > LONG:
            self.note(node, what)
        return amount

    def note(self, node: ast.AST, what: str) -> None:
        """Remember what was found, once for each place."""
        self.found.setdefault(id(node), (node, what))

    def go_round(self, node: ast.AST, times: float, what: str) -> None:
        """A loop that goes round so often, inside the others."""
        if times * self.rounds > HUGE >= self.rounds:
            self.note(node, what)

    def wait(self, node: ast.AST, seconds: float) -> None:
        """A pause, inside the loops around it."""
        if seconds * self.rounds > LONGEST_WAIT:
            self.note(node, "waiting")

    def name(self, node: str, names: Names) -> Amount:
        """What a name stands for: of the code, of the kernel, or a builtin."""
        if node in names:
            return names[node]
        if node not in self.namespace:
            return Amount(name=f"builtins.{node}")
        obj = self.namespace[node]
        if type(obj) is types.ModuleType:
            return Amount(name=word(module_dict(obj).get("__name__")))
        if type(obj) in NAMED:
            return Amount(name=f"{word(obj.__module__)}.{word(obj.__qualname__)}")  # type: ignore[attr-defined]
        return live_amount(obj)

    def follow(self, callee: Amount, args: tuple[Amount, ...], keywords: Names, names: Names) -> Amount:
        """A call of a function that the code defines."""
        node = callee.function
        if node is None or node in self.inside or len(self.inside) >= DEEPEST:
            return UNKNOWN
        inside = dict(names)
        given = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
        defaults = dict(zip(reversed(given), reversed(node.args.defaults), strict=False))
        for name in (*given, *(arg.arg for arg in node.args.kwonlyargs)):
            inside[name] = self.measure(defaults[name], names) if name in defaults else UNKNOWN
        inside |= {**dict(zip(given, args, strict=False)), **keywords}
        self.inside.append(node)
        outside, self.returned = self.returned, []
        try:
            if isinstance(node, ast.Lambda):
                return self.measure(node.body, inside)
            self.run(node.body, inside)
            result = UNKNOWN
            for each in self.returned:
                result = larger(result, each)
            return result
        finally:
            self.inside.pop()
            self.returned = outside

    def _expression(self, node: ast.Expr, names: Names) -> None:
        self.measure(node.value, names)
        self._added(node.value, names)

    def _added(self, node: ast.expr, names: Names) -> None:
        """`x.append(y)`, `x.extend(y)`, `x.update(y)` make `x` larger."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            return
        owner, method = node.func.value, node.func.attr
        if not isinstance(owner, ast.Name) or owner.id not in names:
            return
        held_before, added = names[owner.id], self.measure(node.args[-1], names)
        if held_before.length is None:
            return
        if method in ("append", "appendleft", "add", "insert"):
            one = added if held_before.inner is None else larger(held_before.inner, added)
            names[owner.id] = Amount(length=held_before.length + 1, inner=one)
        elif method in ("extend", "update", "extendleft"):
            inner = held_before.inner or added.inner
            names[owner.id] = Amount(length=held_before.length + length(added), inner=inner)

    def _return(self, node: ast.Return, names: Names) -> None:
        if node.value is not None:
            self.returned.append(self.measure(node.value, names))

    def _assign(self, node: ast.Assign, names: Names) -> None:
        found = self.measure(node.value, names)
        for target in node.targets:
            self.bind(target, found, names)

    def _annotated(self, node: ast.AnnAssign, names: Names) -> None:
        if node.value is not None:
            self.bind(node.target, self.measure(node.value, names), names)

    def _augmented(self, node: ast.AugAssign, names: Names) -> None:
        if isinstance(node.target, ast.Name):
            left = self.name(node.target.id, names)
            found = self.combine(node, node.op, left, self.measure(node.value, names))
            names[node.target.id] = found

    def bind(self, target: ast.expr, found: Amount, names: Names) -> None:
        """Give a target its value; a part of one is known only of short literals."""
        if isinstance(target, ast.Name):
            names[target.id] = found
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = found.items if len(found.items) == len(target.elts) else (UNKNOWN,) * len(target.elts)
            for each, part in zip(target.elts, parts, strict=True):
                self.bind(each, part, names)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            owner, key = self.name(target.value.id, names), self.measure(target.slice, names).value
            if owner.frame and isinstance(key, str):
                kept = owner.alike | {key} if found.value is not None else owner.alike - {key}
                names[target.value.id] = replace(owner, alike=kept)
        elif (
            isinstance(target, ast.Attribute)
            and target.attr in DIGITS
            and (numeric(found) or 0) > MOST_DIGITS
        ):
            self.note(target, f"{target.attr} of so many digits")

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, names: Names) -> None:
        names[node.name] = Amount(function=node) if not node.decorator_list else UNKNOWN

    def _class(self, node: ast.ClassDef, names: Names) -> None:
        self.run(node.body, dict(names))
        names[node.name] = UNKNOWN

    def _import(self, node: ast.Import, names: Names) -> None:
        for alias in node.names:
            first = alias.name.partition(".")[0]
            names[alias.asname or first] = Amount(name=alias.name if alias.asname else first)

    def _import_from(self, node: ast.ImportFrom, names: Names) -> None:
        for alias in node.names:
            names[alias.asname or alias.name] = Amount(name=f"{node.module}.{alias.name}")

    def _if(self, node: ast.If, names: Names) -> None:
        self.measure(node.test, names)
        other = dict(names)
        self.run(node.body, names)
        self.run(node.orelse, other)
        for name, found in other.items():
            names[name] = larger(names[name], found) if name in names else found

    def _for(self, node: ast.For | ast.AsyncFor, names: Names) -> None:
        over = self.measure(node.iter, names)
        times = length(over)
        left = leaves(node.body)
        if left:
            times = min(times, rounds_until_left(node.body, self._ranged(node, names)) + 1)
        self.go_round(node.iter, times / self.rounds if left else times, "so many rounds")
        self.bind(node.target, over.inner or UNKNOWN, names)
        self._repeat(node.body, times, names, left)
        self.run(node.orelse, names)

    def _ranged(self, node: ast.For | ast.AsyncFor, names: Names) -> Counted:
        """The start and the step of a name that goes over a range."""
        call, target = node.iter, node.target
        ranged = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"
        if not (ranged and isinstance(call, ast.Call) and isinstance(target, ast.Name)):
            return {}
        given = [numeric(self.measure(arg, names)) for arg in call.args]
        start = given[0] if len(given) > 1 else 0
        step = given[2] if len(given) > 2 else 1
        known = start is not None and step is not None
        return untouched(node.body, {target.id: (start, step)} if known else {})  # type: ignore[dict-item]

    def _while(self, node: ast.While, names: Names) -> None:
        self.measure(node.test, names)
        times = self._counted(node, names)
        self.go_round(node, times, "so many rounds")
        changed = {n.id for part in node.body for n in ast.walk(part) if isinstance(n, ast.Name)}
        for name in changed & set(names) if times == 1.0 else ():  # the test and the body move it
            if names[name].value is not None and names[name].length is None:
                names[name] = UNKNOWN
        last = times if times > 1.0 or self._ends_by_growth(node.test, names) else ROUNDS
        self._repeat(node.body, times, names, leaves(node.body), last)
        self.run(node.orelse, names)

    def _counted(self, node: ast.While, names: Names) -> float:
        """How often `while i < n` goes round, where its body adds a number to `i` and nothing else does."""
        test = node.test
        if not (isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and len(test.ops) == 1):
            return 1.0
        stores = [
            inner
            for part in node.body
            for inner in ast.walk(part)
            if isinstance(inner, ast.Name) and inner.id == test.left.id and isinstance(inner.ctx, ast.Store)
        ]
        steps = [each for each in node.body if isinstance(each, ast.AugAssign) and each.target in stores]
        start, end = (
            numeric(self.name(test.left.id, names)),
            numeric(self.measure(test.comparators[0], names)),
        )
        if len(steps) != 1 or len(stores) != 1 or start is None or end is None:
            return 1.0
        step = numeric(self.measure(steps[0].value, names))
        way = {ast.Add: 1, ast.Sub: -1}.get(type(steps[0].op))
        return max((end - start) / (step * way), 1.0) if step and way else 1.0

    def _ends_by_growth(self, test: ast.expr, names: Names) -> bool:
        """Whether what grows in the loop ends it in time: `while len(rows) < 100`."""
        if not (isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Lt, ast.LtE))):
            return False
        end = numeric(self.measure(test.comparators[0], names))
        return end is None or end <= HUGE

    def _repeat(
        self, body: list[ast.stmt], times: float, names: Names, left: bool, most: float = 1.0
    ) -> None:
        """A loop's body: a few rounds as they come, what grows steadily for all the others.

        Where it is not known how often it goes round, `most` is how far something that doubles is followed.
        """
        outside, self.rounds = self.rounds, self.rounds * (1.0 if left else max(times, 1.0))
        history = [dict(names)]
        last = int(min(max(times, most), ROUNDS))
        for turn in range(max(last, 1)):
            self.run(body, names)
            history.append(dict(names))
            if turn >= 2 and (left or self.found or not _doubles(history[-3], history[-2], names)):
                break
        self.rounds = outside
        rest = times - len(history) + 1
        for name, after in list(names.items()) if not left else ():
            earlier = history[-2].get(name)
            if earlier is not None:
                names[name] = self.weigh(body[0], grown(earlier, after, rest), f"the growth of {name}")

    def _with(self, node: ast.With | ast.AsyncWith, names: Names) -> None:
        for item in node.items:
            found = self.measure(item.context_expr, names)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, found, names)
        self.run(node.body, names)

    def _try(self, node: ast.Try, names: Names) -> None:
        for body in (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody):
            self.run(body, names)

    def _match(self, node: ast.Match, names: Names) -> None:
        self.measure(node.subject, names)
        for case in node.cases:
            self.run(case.body, names)

    STATEMENTS: Mapping[type, Callable[..., None]] = types.MappingProxyType({
        ast.Expr: _expression, ast.Return: _return, ast.Assign: _assign, ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented, ast.FunctionDef: _function, ast.AsyncFunctionDef: _function,
        ast.ClassDef: _class, ast.Import: _import, ast.ImportFrom: _import_from, ast.If: _if, ast.For: _for,
        ast.AsyncFor: _for, ast.While: _while, ast.With: _with, ast.AsyncWith: _with, ast.Try: _try,
        ast.TryStar: _try, ast.Match: _match,
    })  # fmt: skip


def _doubles(first: Names, second: Names, third: Names) -> bool:
    """Whether something became larger by ever more from round to round."""
    for name, now in third.items():
        before, earlier = second.get(name), first.get(name)
        if before is None or earlier is None:
            continue
        sizes = [max(held(each), each.bits, _magnitude(each)) for each in (earlier, before, now)]
        if sizes[0] > 1 and sizes[2] > 1.4 * sizes[1] > 1.9 * sizes[0]:
            return True
    return False


def _magnitude(amount: Amount) -> float:
    return float(amount.value.bit_length()) if isinstance(amount.value, int) else 0.0
