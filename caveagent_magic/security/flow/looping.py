"""Loops: their bodies are read until nothing changes, and whether anything ends them."""

from __future__ import annotations

import ast
from collections.abc import Callable

from caveagent_magic.security.exhaustion.cycles import goes_round
from caveagent_magic.security.exhaustion.exits import (
    Counted,
    can_leave,
    counters,
    holds,
    never_divides,
    untouched,
)
from caveagent_magic.security.exhaustion.keeping import never_caught, never_emptied
from caveagent_magic.security.exhaustion.loops import (
    feeds_itself,
    finds_ever_more,
    leaves,
    moves_away,
    unchanging,
)
from caveagent_magic.security.exhaustion.rounds import Known, all_alike
from caveagent_magic.security.flow.bindings import Scope, branches
from caveagent_magic.security.flow.doubts import Doubts
from caveagent_magic.security.flow.endless import counted, is_data, is_dictionary, is_endless, is_table
from caveagent_magic.security.flow.values import Bound, Class, Const, Function, Named, Value, Values
from caveagent_magic.security.objects import still

MOST_TURNS = 12  # of a loop that hands code from name to name


class Loops(Doubts):
    """Reads loops."""

    def loop_over(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        """`for x in y`."""
        iterated = self.values(node.iter, scope)
        given = self.elements(iterated, node.iter)
        over = counted(self, node.target, node.iter, scope) if is_endless(iterated) else {}
        before = _numbers(scope)

        def once() -> None:
            self.assign(node.target, given, scope)
            self.run(node.body, scope)

        self._until_settled(once, scope)
        numbers = {**_kept(node.body, before, scope), **untouched(node.body, over)}
        if feeds_itself(node) or finds_ever_more(node) or is_endless(iterated):
            self._never_left(node.iter, node.body, numbers, "endless for")
        if is_endless(iterated):
            counts = frozenset(n.id for n in ast.walk(node.target) if isinstance(n, ast.Name))
            if all_alike(ast.Constant(True), node.body, self._known(scope, before), counts):
                self.record("code", ("endless for",), node.iter)
        self.run(node.orelse, scope)

    def loop_while(self, node: ast.While, scope: Scope) -> None:
        """`while x`."""
        tests = self.values(node.test, scope)
        known = [value for value in tests if isinstance(value, Const)]
        hopeless = bool(known) and not any(bool(value.value) for value in known)
        before = _numbers(scope)
        goes_on = unchanging(node.test, node.body) or moves_away(node.test, node.body)
        goes_on = goes_on or goes_round(node.test, node.body, {**_live_numbers(node, scope), **before})
        goes_on = goes_on or never_divides(node.test, node.body, before)
        goes_on = goes_on or never_emptied(node.test, node.body) or never_caught(node.test, node.body)
        alike = not goes_on or (isinstance(node.test, ast.Constant) and leaves(node.body))
        if alike and not hopeless and all_alike(node.test, node.body, self._known(scope, before)):
            self.record("code", ("while True",), node)
        self._until_settled(lambda: self.run(node.body, scope), scope)
        if goes_on and not hopeless:
            self._never_left(node, node.body, _kept(node.body, before, scope), "while True")
        self.run(node.orelse, scope)

    def _known(self, scope: Scope, numbers: dict[str, int | float]) -> Known:
        """What is known of the names in a loop before its first round."""

        def same(name: str) -> bool:
            functions = [value for value in scope.look_up(name) if isinstance(value, Function)]
            return bool(functions) and all(map(self._gives_the_same, functions))

        return Known(
            data=lambda name: all(map(is_data, scope.look_up(name))),
            table=lambda name: all(map(is_table, scope.look_up(name))),
            dictionary=lambda name: all(map(is_dictionary, scope.look_up(name))),
            same=same,
            holds=lambda test: holds(test, numbers),
        )

    def _gives_the_same(self, function: Function) -> bool:
        """Whether a function of one expression does not look at what it is given."""
        node = function.node
        body = [ast.Return(node.body)] if isinstance(node, ast.Lambda) else node.body
        found = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
        itself = "" if isinstance(node, ast.Lambda) else node.name
        if found is None or any(isinstance(each, ast.Name) and each.id == itself for each in ast.walk(found)):
            return False
        given = frozenset(arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg))
        return all_alike(found, [ast.Pass()], self._known(function.scope, {}), given)

    def _never_left(self, node: ast.AST, body: list[ast.stmt], numbers: Counted, what: str) -> None:
        """Note a loop that goes on by itself; in a generator that is up to who goes through it."""
        if not can_leave(body, numbers):
            self.record("code", (what,), node)
        elif self.generating and not can_leave(body, numbers, pauses=False):
            self.generating[-1] = True

    def _until_settled(self, once: Callable[[], None], scope: Scope) -> None:
        """Read a loop's body until no name stands for other code than the time before."""
        before: object = None
        for turn in range(MOST_TURNS):
            branches(scope, once, lambda: None)
            after = {name: _code_in(values) for name, values in scope.names.items()}
            if turn and after == before:
                return
            before = after


def _code_in(values: Values) -> list[Value]:
    return [value for value in values if isinstance(value, (Named, Bound, Function, Class))]


def _numbers(scope: Scope) -> dict[str, int | float]:
    """The names that stand for one known number."""
    single = {name: values[0] for name, values in scope.names.items() if len(values) == 1}
    known = {name: value.value for name, value in single.items() if isinstance(value, Const)}
    return {name: value for name, value in known.items() if isinstance(value, (int, float))}


def _live_numbers(node: ast.While, scope: Scope) -> dict[str, int | float]:
    """The numbers of the kernel that a loop uses."""
    used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    live = {
        name: scope.namespace[name] for name in used if name in scope.namespace and name not in scope.names
    }
    return {name: number for name, obj in live.items() if (number := still.number_of(obj)) is not None}


def _kept(body: list[ast.stmt], before: dict[str, int | float], scope: Scope) -> Counted:
    """The numbers that a loop leaves as they are, or changes steadily."""
    after = _numbers(scope)
    known = counters(body, before)
    return {name: at for name, at in known.items() if at[1] or after.get(name) == at[0]}
