"""How much an expression gives, and whether it goes round too often on the way."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from caveagent_magic.security.exhaustion.amounts import (
    UNKNOWN,
    Amount,
    argument,
    array,
    larger,
    length,
    listed,
    number,
    numeric,
    text,
    unfolded,
)
from caveagent_magic.security.exhaustion.arrays import joined
from caveagent_magic.security.exhaustion.categories import widened
from caveagent_magic.security.exhaustion.growth import DRAINING, GROWTH, method_growth
from caveagent_magic.security.exhaustion.operators import OPERATORS, combined
from caveagent_magic.security.exhaustion.widths import format_width, spec_width
from caveagent_magic.security.exhaustion.work import (
    APPLYING,
    TOLERANCES,
    WORK,
    applied,
    multiplied,
    of_method,
    without_tolerance,
)
from caveagent_magic.security.vocabulary import names as words

SHORT = 8  # elements of a literal that are kept one by one
UNBOUND = ("builtins.str.", "builtins.bytes.", "builtins.int.", "builtins.list.", "builtins.tuple.")
PAIRING = frozenset(["numpy.convolve", "numpy.correlate", "scipy.signal.correlate2d"])
EASY = 1000  # multiplications that cost as much as one round of a loop
ROUND = 5000  # rounds of a loop that cost as much as one of a library's that learns
ROUNDS_OF_WORK = words(
    """
    n_estimators num_boost_round num_iterations n_iterations iterations epochs n_epochs num_epochs n_trials
    n_init niter n_iter n_calls max_evals n_resamples n_bootstrap n_bootstraps n_boot nboot
    n_permutations n_repeats n_splits n_folds
    """
)
"""Keywords that say how often a library is to do something; not where it may stop earlier."""
EVALUATING = frozenset(["query", "eval"])
MOST_REDUCED = 60
HOMES = {"np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "pl": "polars"}
"""Names under which the libraries are known before the code or the kernel imports them."""


def public(name: str) -> str:
    """The name without private modules: where it is defined is the library's affair."""
    if "._" not in name:
        return name
    return ".".join(part for part in name.split(".") if part[:1] != "_")


class Measures:
    """Works out how much expressions give; what the walk through statements knows is filled in there."""

    name: Callable[[str, dict[str, Amount]], Amount]
    weigh: Callable[[ast.AST, Amount, str], Amount]
    go_round: Callable[[ast.AST, float, str], None]
    follow: Callable[..., Amount]
    step: Callable[[], None]
    bind: Callable[[ast.expr, Amount, dict[str, Amount]], None]
    wait: Callable[[ast.AST, float], None]
    rounds: float

    def measure(self, node: ast.expr, names: dict[str, Amount]) -> Amount:
        """How much the expression gives."""
        self.step()
        work = self.EXPRESSIONS.get(type(node))
        if work is not None:
            found: Amount = work(self, node, names)
            return found
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.measure(child, names)
        return UNKNOWN

    def _constant(self, node: ast.Constant, names: dict[str, Amount]) -> Amount:
        if isinstance(node.value, (str, bytes)):
            return Amount(value=node.value, length=float(len(node.value)))
        return number(node.value) if isinstance(node.value, (int, float)) else UNKNOWN

    def _name(self, node: ast.Name, names: dict[str, Amount]) -> Amount:
        return self.name(node.id, names)

    def _attribute(self, node: ast.Attribute, names: dict[str, Amount]) -> Amount:
        return self._of(self.measure(node.value, names), node)

    def _of(self, owner: Amount, node: ast.Attribute) -> Amount:
        if owner.name:
            return Amount(name=f"{owner.name}.{node.attr}")
        if node.attr == "T":
            return replace(owner, shape=owner.shape[::-1], length=(owner.shape or (owner.length,))[-1])
        if node.attr in ("values", "index", "loc", "iloc", "str"):
            return owner
        if node.attr == "size" and owner.shape:
            return number(unfolded(owner))
        if node.attr == "shape" and owner.shape:
            return Amount(length=float(len(owner.shape)), items=tuple(map(number, owner.shape)))
        return replace(array(owner.shape[0]), span=owner.span) if owner.frame and owner.span else UNKNOWN

    def _subscript(self, node: ast.Subscript, names: dict[str, Amount]) -> Amount:
        owner, key = self.measure(node.value, names), self.measure(node.slice, names)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if owner.name in ("numpy.mgrid", "np.mgrid"):
            return self.weigh(node, array(*(self._span(part, names) for part in parts)), "numpy.mgrid")
        if owner.shape and any(isinstance(part, ast.Constant) and part.value is None for part in parts):
            sizes = iter(owner.shape)
            new = [1.0 if isinstance(part, ast.Constant) else next(sizes, 1.0) for part in parts]
            return array(*new, *sizes)
        if isinstance(node.slice, ast.Slice):
            ends = node.slice.lower, node.slice.upper, node.slice.step
            return owner if not any(ends) else UNKNOWN
        at = numeric(key)
        if owner.items and isinstance(at, int) and -len(owner.items) <= at < len(owner.items):
            return owner.items[at]
        if owner.frame and isinstance(node.slice, ast.List):
            return replace(array(owner.shape[0], float(len(node.slice.elts))), frame=True)
        column = owner.frame and isinstance(key.value, str)
        return replace(array(owner.shape[0]), distinct=owner.distinct, span=owner.span) if column else UNKNOWN

    def _span(self, part: ast.expr, names: dict[str, Amount]) -> float:
        """How many numbers a slice such as `0:n` stands for; `0:1:5j` stands for five."""
        if not isinstance(part, ast.Slice) or part.upper is None:
            return 1.0
        if isinstance(part.step, ast.Constant) and isinstance(part.step.value, complex):
            return abs(part.step.value)
        ends = (part.lower, part.upper, part.step)
        start, stop, step = (numeric(self.measure(end, names)) or 0.0 if end else 0.0 for end in ends)
        return max((stop - start) / (step or 1.0), 1.0)

    def _container(self, node: ast.List | ast.Tuple | ast.Set, names: dict[str, Amount]) -> Amount:
        items = tuple(self.measure(item, names) for item in node.elts)
        largest = UNKNOWN
        for item in items:
            largest = larger(largest, item)
        starred = any(isinstance(item, ast.Starred) for item in node.elts)
        size = sum(length(item) for item in items) if starred else float(len(items))
        return Amount(length=size, inner=largest, items=items if len(items) <= SHORT and not starred else ())

    def _starred(self, node: ast.Starred, names: dict[str, Amount]) -> Amount:
        found = self.measure(node.value, names)
        self.go_round(node, length(found), "so many elements")
        return found

    def _dict(self, node: ast.Dict, names: dict[str, Amount]) -> Amount:
        values = [self.measure(value, names) for value in node.values]
        rows = max((length(value) for value in values), default=1.0)
        distinct = any(value.distinct for value in values)
        alike = frozenset(
            key.value
            for key, value in zip(node.keys, values, strict=True)
            if isinstance(key, ast.Constant)
            and isinstance(key.value, str)
            and (value.single or value.value is not None)
        )
        span = max((value.span for value in values if value.span is not None), default=None)
        shape = (rows, float(len(values) or 1))
        return Amount(
            length=rows, shape=shape, distinct=distinct, alike=alike, items=tuple(values), span=span
        )

    def _binary(self, node: ast.BinOp, names: dict[str, Amount]) -> Amount:
        return self.combine(node, node.op, self.measure(node.left, names), self.measure(node.right, names))

    def combine(self, node: ast.AST, op: ast.operator, left: Amount, right: Amount) -> Amount:
        """How much an operator gives."""
        if isinstance(op, ast.MatMult):
            self.go_round(node, multiplied(left, right), "matmul")
        return self.weigh(node, combined(op, left, right), type(op).__name__.lower())

    def _unary(self, node: ast.UnaryOp, names: dict[str, Amount]) -> Amount:
        found = self.measure(node.operand, names)
        value = numeric(found)
        return number(-value) if isinstance(node.op, ast.USub) and value is not None else found

    def _conditional(self, node: ast.IfExp, names: dict[str, Amount]) -> Amount:
        self.measure(node.test, names)
        return larger(self.measure(node.body, names), self.measure(node.orelse, names))

    def _either(self, node: ast.BoolOp, names: dict[str, Amount]) -> Amount:
        found = UNKNOWN
        for value in node.values:
            found = larger(found, self.measure(value, names))
        return found

    def _walrus(self, node: ast.NamedExpr, names: dict[str, Amount]) -> Amount:
        found = self.measure(node.value, names)
        self.bind(node.target, found, names)
        return found

    def _formatted(self, node: ast.JoinedStr, names: dict[str, Amount]) -> Amount:
        size = 0.0
        for piece in node.values:
            if isinstance(piece, ast.Constant):
                size += len(str(piece.value))
            elif isinstance(piece, ast.FormattedValue):
                size += max(length(self.measure(piece.value, names)), self._width(piece.format_spec, names))
        return self.weigh(node, text(size), "a format's width")

    def _width(self, spec: ast.expr | None, names: dict[str, Amount]) -> float:
        """The width that a format asks for, written out or filled in."""
        widest = 0.0
        for part in spec.values if isinstance(spec, ast.JoinedStr) else ():
            if isinstance(part, ast.Constant):
                widest = max(widest, spec_width(str(part.value)))
            elif isinstance(part, ast.FormattedValue):
                widest = max(widest, numeric(self.measure(part.value, names)) or 0.0)
        return widest

    def _lambda(self, node: ast.Lambda, names: dict[str, Amount]) -> Amount:
        return Amount(function=node)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, names: dict[str, Amount]
    ) -> Amount:
        inside, times = dict(names), 1.0
        for part in node.generators:
            over = self.measure(part.iter, inside)
            times *= length(over)
            self.bind(part.target, over.inner or UNKNOWN, inside)
        lazy = isinstance(node, ast.GeneratorExp)
        if not lazy:
            self.go_round(node, times, "so many rounds")
        known = any(self.measure(part.iter, inside).length is not None for part in node.generators[:1])
        outside, self.rounds = self.rounds, self.rounds * max(times, 1.0)
        for part in node.generators:
            for test in part.ifs:
                self.measure(test, inside)
        if isinstance(node, ast.DictComp):
            self.measure(node.key, inside)
        made = self.measure(node.value if isinstance(node, ast.DictComp) else node.elt, inside)
        self.rounds = outside
        if any(part.ifs for part in node.generators):
            return listed(None, lazy=lazy) if not lazy else listed(times if known else None, made, lazy=True)
        return self.weigh(node, listed(times if known else None, made, lazy), "a comprehension")

    def _call(self, node: ast.Call, names: dict[str, Amount]) -> Amount:
        args = tuple(each for arg in node.args for each in self._argument(arg, names))
        keywords = {each.arg or "**": self.measure(each.value, names) for each in node.keywords}
        owner = self.measure(node.func.value, names) if isinstance(node.func, ast.Attribute) else UNKNOWN
        callee = (
            self._of(owner, node.func)
            if isinstance(node.func, ast.Attribute)
            else self.measure(node.func, names)
        )
        if callee.function is not None:
            return self.follow(callee, args, keywords, names)
        for word in ROUNDS_OF_WORK.intersection(keywords):
            self.go_round(node, (numeric(keywords[word]) or 0.0) * ROUND, f"{word}=")
        if callee.name == "functools.reduce" and len(args) > 1 and args[0].function is not None:
            return self._reduced(args, names)
        self._work(node, callee, owner, args, keywords, names)
        found = self._grown(node, callee, owner, args, keywords, names)
        what = callee.name.removeprefix("builtins.") or getattr(node.func, "attr", "a call")
        if callee.name == "time.sleep" and args:
            self.wait(node, numeric(args[0]) or 0.0)
        if callee.name in PAIRING and len(args) > 1:
            self.go_round(node, math.prod(length(arg) for arg in args[:2]) / EASY, what)
        if callee.name == "scipy.optimize.brute" and len(args) > 1:
            each = numeric(argument(args, keywords, 3, "Ns")) or 20.0
            self.go_round(node, each ** min(length(args[1]), 30.0), what)
        if callee.name in DRAINING and args:
            self.go_round(node, length(args[0]), what)
        return self.weigh(node, found, what)

    def _work(
        self, node: ast.Call, callee: Amount, owner: Amount, args: tuple[Amount, ...],
        keywords: dict[str, Amount], names: dict[str, Amount],
    ) -> None:  # fmt: skip
        """What a library does more than it gives, and how often it calls a function of the code."""
        what = callee.name or getattr(node.func, "attr", "a call")
        known = WORK.get(public(callee.name)) if callee.name else None
        if known is not None:
            self.go_round(node, known(args, keywords), what)
        if TOLERANCES.intersection(keywords):
            self.go_round(node, without_tolerance(keywords), what)
        if isinstance(node.func, ast.Attribute):
            method = node.func.attr
            self.go_round(node, of_method(owner, method, keywords), method)
            function = args[0].function if args and method in APPLYING else None
            if function is not None:
                times = applied(owner, method, args, keywords)
                self.go_round(node, times, method)
                outside, self.rounds = self.rounds, self.rounds * max(times, 1.0)
                self.follow(args[0], (), {}, names)
                self.rounds = outside

    def _reduced(self, args: tuple[Amount, ...], names: dict[str, Amount]) -> Amount:
        """A function is called with what it gave before and the next element, again and again."""
        element = args[1].inner or UNKNOWN
        found = args[2] if len(args) > 2 else element
        for _ in range(int(min(length(args[1]), MOST_REDUCED))):
            found = self.follow(args[0], (found, element), {}, names)
        return found

    def _told(self, node: ast.Call, names: dict[str, Amount]) -> dict[str, Amount]:
        """The names that `local_dict={'x': 2}` gives to an expression."""
        tables = [each.value for each in node.keywords if each.arg in ("local_dict", "global_dict")]
        return {
            key.value: self.measure(value, names)
            for table in tables
            if isinstance(table, ast.Dict)
            for key, value in zip(table.keys, table.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }

    def _evaluated(self, text: str, names: dict[str, Amount]) -> None:
        """What a text that a frame works out uses."""
        try:
            tree = ast.parse(text.strip().replace("@", " "))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for each in ast.walk(tree):
            if isinstance(each, ast.BinOp):
                self.measure(each, names)

    def _argument(self, node: ast.expr, names: dict[str, Amount]) -> tuple[Amount, ...]:
        """One argument, or those that a star spreads."""
        found = self.measure(node, names)
        if not isinstance(node, ast.Starred) or found.length is None or found.length > SHORT:
            return (found,)
        return found.items or (found.inner or UNKNOWN,) * int(found.length)

    def _grown(
        self, node: ast.Call, callee: Amount, owner: Amount, args: tuple[Amount, ...],
        keywords: dict[str, Amount], names: dict[str, Amount],
    ) -> Amount:  # fmt: skip
        module, _, rest = callee.name.removeprefix("builtins.").partition(".")
        known = GROWTH.get(public(callee.name)) or GROWTH.get(f"{HOMES.get(module, module)}.{rest}")
        if known is not None:
            return known(args, keywords)
        if not isinstance(node.func, ast.Attribute):
            return UNKNOWN
        method = node.func.attr
        if callee.name.startswith(UNBOUND):
            owner, args = (args[0], args[1:]) if args else (UNKNOWN, ())
        operator = OPERATORS.get(method.strip("_"))
        if operator is not None and (method.startswith("__") or module == "operator"):
            sides = args if module == "operator" else (owner, *args)
            return combined(operator, *sides) if len(sides) == 2 else UNKNOWN
        if method == "format" and isinstance(owner.value, str):
            return text(format_width(owner.value, (*args, *keywords.values())))
        if method == "merge" or (method == "join" and owner.frame):
            return joined((*((owner,) if not owner.name else ()), *args), keywords)
        if method == "assign" and owner.frame:
            given = {name for name, value in keywords.items() if value.value is not None}
            return replace(owner, alike=owner.alike | given)
        if method in EVALUATING and args and isinstance(args[0].value, str):
            self._evaluated(args[0].value, {**names, **self._told(node, names)})
        wide = widened(owner, method, args, keywords)
        return wide if wide is not None else method_growth(owner, method, args, keywords)

    EXPRESSIONS: Mapping[type, Callable[..., Amount]] = MappingProxyType({
        ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
        ast.List: _container, ast.Tuple: _container, ast.Set: _container, ast.Starred: _starred,
        ast.Dict: _dict, ast.BinOp: _binary, ast.UnaryOp: _unary, ast.IfExp: _conditional,
        ast.BoolOp: _either, ast.NamedExpr: _walrus, ast.JoinedStr: _formatted, ast.Lambda: _lambda,
        ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension,
        ast.DictComp: _comprehension, ast.Call: _call,
    })  # fmt: skip
