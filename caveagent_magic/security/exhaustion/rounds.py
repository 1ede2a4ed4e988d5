"""Loops whose rounds are all alike: what decides about their end stays so, and they end at once or never."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Sequence

from caveagent_magic.frozen import frozen
from caveagent_magic.security.vocabulary import names

MADE_OF = (
    ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple, ast.List, ast.Dict,
    ast.Set, ast.JoinedStr, ast.FormattedValue, ast.Slice, ast.Subscript, ast.Starred, ast.keyword,
    ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip
QUIET = (ast.Constant, ast.Name, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Tuple, ast.List, ast.JoinedStr)
PURE = names("len int float str abs min max sum sorted list set tuple dict bool round any all range")
LOOKING = names(
    """
    abs agg all any argmax argmin array astype ceil copy corr count cumsum describe dropna drop_duplicates
    duplicated empty endswith exp fillna first_valid_index floor groupby head idxmax idxmin iloc index isin
    isna isnull items iterrows join keys last_valid_index loc log lower max mean median merge min mode
    nlargest notna notnull nsmallest nunique quantile reset_index round set_index shape size sort_values
    split sqrt startswith std str strip sum tail to_dict to_list to_numpy tolist unique upper value_counts
    values var dt columns T title replace where abs
    """
)
"""Attributes and methods of data that give the same each time they are asked."""
GROWING = names("append appendleft add insert extend update")
TELLING = names("sleep info debug warning error write flush set_description")


class NotAlike(Exception):
    """Something may be otherwise in the next round, or the loop ends in the first one."""


@frozen
class Known:
    """What is known of names that the loop leaves alone."""

    data: Callable[[str], bool]
    table: Callable[[str], bool]
    dictionary: Callable[[str], bool]
    same: Callable[[str], bool]  # a function that gives the same each time, whatever it is given
    holds: Callable[[ast.expr], bool | None]


def all_alike(
    test: ast.expr, body: Sequence[ast.stmt], known: Known, moving: frozenset[str] = frozenset()
) -> bool:
    """Whether the loop is left in its first round or never; `moving` are names that it counts."""
    changing = set(moving)
    try:
        while True:
            walk = _Walk(test, body, known, changing)
            walk.run(body, always=True)
            if walk.moved <= changing:
                return walk.decided()
            changing |= walk.moved
    except NotAlike:
        return False


class _Walk:
    """One round, statement by statement."""

    def __init__(self, test: ast.expr, body: Sequence[ast.stmt], known: Known, moving: set[str]) -> None:
        self.test, self.known, self.moving = test, known, moving
        inside = [node for statement in body for node in ast.walk(statement)]
        self.bound = {n.id for n in inside if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        read = {n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        self.asked = {n.id for n in ast.walk(test) if isinstance(n, ast.Name)} & self.bound
        self.exits = False
        self.fresh: set[str] = set()
        self.moved: set[str] = set()
        if self.asked & read:
            raise NotAlike

    def decided(self) -> bool:
        """Whether the test, too, gives the same after each round, and something was left to decide."""
        self.fresh |= self.asked - self.moving
        return self.steady(self.test) and (self.exits or bool(self.asked) or not _constant(self.test))

    def run(self, body: Sequence[ast.stmt], always: bool = False, inner: bool = False) -> None:
        """Go through statements; `always`: they are run in each round."""
        for statement in body:
            if isinstance(statement, (ast.Break, ast.Return, ast.Raise)):
                if inner and isinstance(statement, ast.Break):
                    continue
                if always:
                    raise NotAlike
                self.exits = True
            elif isinstance(statement, ast.Expr):
                self._expression(statement.value)
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                for target in targets:
                    self._bind(target, statement.value, always)
            elif isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Add, ast.Sub)):
                self._moves(statement.target, statement.value)
            elif isinstance(statement, ast.If):
                self._if(statement, inner)
            elif isinstance(statement, ast.For):
                self._for(statement)
            elif isinstance(statement, ast.Try):
                self._try(statement, inner)
            elif not isinstance(statement, (ast.Pass, ast.Continue, ast.Import, ast.ImportFrom)):
                raise NotAlike

    def _expression(self, node: ast.expr) -> None:
        func = node.func if isinstance(node, ast.Call) else None
        given = [*node.args, *(each.value for each in node.keywords)] if isinstance(node, ast.Call) else []
        name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        if name == "print" or (name in TELLING and isinstance(func, ast.Attribute)):
            self._all_quiet(given)
        elif name in GROWING and isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            self._all_quiet(given)
            self.moved.add(func.value.id)
        elif not self.steady(node):
            raise NotAlike

    def _all_quiet(self, given: Sequence[ast.expr]) -> None:
        if not all(self.steady(each) or self.quiet(each) for each in given):
            raise NotAlike

    def _bind(self, target: ast.expr, value: ast.expr, always: bool) -> None:
        names = [each for each in ast.walk(target) if isinstance(each, ast.Name)]
        owner = target.value if isinstance(target, ast.Subscript) else None
        if (
            isinstance(target, ast.Subscript)
            and isinstance(owner, ast.Name)
            and self.known.dictionary(owner.id)
        ):
            self._all_quiet([target.slice, value])
            self.moved.add(owner.id)
            return
        if not isinstance(target, (ast.Name, ast.Tuple)):
            raise NotAlike
        if not self.steady(value):
            self._moves(target, value)
        for each in names:
            if always and each.id in self.asked:
                raise NotAlike
            self.fresh.add(each.id)

    def _moves(self, target: ast.expr, value: ast.expr) -> None:
        """What becomes something else in each round, without an error that would end the loop."""
        if not isinstance(target, ast.Name):
            raise NotAlike
        self._all_quiet([value])
        self.moved.add(target.id)

    def _if(self, node: ast.If, inner: bool) -> None:
        held = self.known.holds(node.test)
        if held is True and any(isinstance(each, (ast.Break, ast.Return, ast.Raise)) for each in node.body):
            raise NotAlike
        if not self.steady(node.test):
            self._all_quiet([node.test])
            parts = [part for each in (*node.body, *node.orelse) for part in ast.walk(each)]
            if any(isinstance(part, (ast.Break, ast.Return, ast.Raise, ast.Continue)) for part in parts):
                raise NotAlike
            self.moved |= {n.id for n in parts if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        before = set(self.fresh)
        self.run(node.body, inner=inner)
        one, self.fresh = self.fresh, set(before)
        self.run(node.orelse, inner=inner)
        self.fresh &= one

    def _for(self, node: ast.For) -> None:
        if not self.steady(node.iter):
            raise NotAlike
        before = set(self.fresh)
        self.fresh |= {each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)}
        self.run(node.body, inner=True)
        self.fresh = before

    def _try(self, node: ast.Try, inner: bool) -> None:
        if not any(map(_may_fail, node.body)):
            raise NotAlike
        before = set(self.fresh)
        for body in (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody):
            self.fresh = set(before)
            self.run(body, inner=inner)
        self.fresh = before

    def quiet(self, node: ast.expr) -> bool:
        """Whether it is worked out without an error, whatever its names are."""
        if isinstance(node, ast.Call):
            func = node.func
            plain = isinstance(func, ast.Name) and func.id in ("len", "str") and not node.keywords
            joins = isinstance(func, ast.Attribute) and func.attr in ("concat", "concatenate")
            return plain or (joins and all(self.steady(each) or self.quiet(each) for each in node.args))
        if isinstance(node, ast.FormattedValue):
            return self.quiet(node.value)
        if isinstance(node, ast.BinOp):
            kept = isinstance(node.op, (ast.Add, ast.Sub, ast.Mult))
            return kept and self.quiet(node.left) and self.quiet(node.right)
        parts = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
        return isinstance(node, QUIET) and all(map(self.quiet, parts))

    def steady(self, node: ast.AST) -> bool:
        """Whether it gives the same in each round, or fails in each."""
        if isinstance(node, ast.Name):
            known = node.id in self.fresh if node.id in self.bound else self.known.data(node.id)
            return node.id not in self.moving and known
        if isinstance(node, ast.Attribute):
            column = isinstance(node.value, ast.Name) and self.known.table(node.value.id)
            return (node.attr in LOOKING or column) and self.steady(node.value)
        if isinstance(node, ast.Call):
            return self._steady_call(node)
        return isinstance(node, MADE_OF) and all(map(self.steady, ast.iter_child_nodes(node)))

    def _steady_call(self, node: ast.Call) -> bool:
        func = node.func
        if isinstance(func, ast.Name):
            builtin = func.id in PURE and func.id in builtins.__dict__ and func.id not in self.bound
            if not builtin and func.id not in self.bound and self.known.same(func.id):
                return not node.keywords and all(self.steady(each) or self.quiet(each) for each in node.args)
            looks = builtin
        else:
            looks = isinstance(func, ast.Attribute) and func.attr in LOOKING and self.steady(func)
        given = (*node.args, *node.keywords)
        return looks and all(each.arg != "inplace" for each in node.keywords) and all(map(self.steady, given))


def _constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _may_fail(node: ast.stmt) -> bool:
    """Whether something in it looks into what may not be there."""
    return any(
        isinstance(each, (ast.Subscript, ast.Attribute)) or _converts_data(each) for each in ast.walk(node)
    )


def _converts_data(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and any(isinstance(arg, ast.Name) for arg in node.args)
