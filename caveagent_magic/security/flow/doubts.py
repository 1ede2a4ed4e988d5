"""What our own data flow could not follow to its end, asked about a second time."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from caveagent_magic.frozen import frozen
from caveagent_magic.security.budget import Budget
from caveagent_magic.security.exhaustion.queues import WAITING, may_wait
from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.looked_for import looked_for, only_named, only_told, taken_apart
from caveagent_magic.security.flow.origins import Origins
from caveagent_magic.security.flow.reader import Given
from caveagent_magic.security.flow.stores import Stores
from caveagent_magic.security.flow.values import Instance, Named, Opaque, Value, Values
from caveagent_magic.security.known import computes, harmless
from caveagent_magic.security.objects.public import canonical
from caveagent_magic.security.rule import claimed
from caveagent_magic.security.use import Span
from caveagent_magic.security.writers import NEEDS_LOOK

if TYPE_CHECKING:
    from caveagent_magic.security.flow.infer import Opinion

MOST_DOUBTS = 200  # of one cell
LOST = frozenset({"data", "element", "unresolved", "parameter"})


@frozen(eq=False)
class Doubt:
    """A call of something unknown or of a method of it, or a store to one of its attributes."""

    root: ast.Module  # the piece of code that the node is in
    node: ast.Call | ast.Attribute
    given: Given | None  # None: a store
    stored: Values
    elsewhere: tuple[Span, str] | None


class Doubts(Stores):
    """Keeps doubts while reading, and asks for a second opinion afterwards."""

    def __init__(self, tree: ast.Module, namespace: Mapping[str, object], budget: Budget) -> None:
        super().__init__(namespace, budget)
        self.tree = tree
        self.doubts: list[Doubt] = []
        self.searched: frozenset[int] | None = None  # texts that are only looked for
        self.told: frozenset[int] | None = None  # names whose texts are only looked at
        self.apart: frozenset[int] = frozenset()
        self.pieces: dict[int, ast.Module] = {}  # of the person's own source, by the function in it
        self.more: bool | None = None
        self.opinion: Opinion | None = None

    def is_looked_for(self, node: ast.Constant) -> bool:
        """Whether a text of the code is only looked for in others."""
        if self.searched is None:
            self.searched = looked_for(self.nodes) | only_named(self.nodes)
        return id(node) in self.searched

    def is_told(self, node: ast.Name, of_person: bool) -> bool:
        """Whether the text behind a name is only looked at there, or, if it is the person's, taken apart."""
        if self.told is None:
            self.told, self.apart = only_told(self.nodes), taken_apart(self.nodes)
        return id(node) in self.told or (of_person and id(node) in self.apart)

    def doubt(self, node: ast.AST, given: Given | None, stored: Values = ()) -> None:
        """Keep the doubt, if there is a piece of code in which it can be looked up."""
        if not isinstance(node, (ast.Call, ast.Attribute)) or len(self.doubts) >= MOST_DOUBTS:
            return
        root: ast.Module | None = self.tree
        if self.elsewhere is not None:
            root = self._piece(self.following[-1]) if self.following else None
        if root is not None:
            self.doubts.append(Doubt(root, node, given, stored, self.elsewhere))

    def _piece(self, function: object) -> ast.Module | None:
        if id(function) not in self.pieces and isinstance(function, (ast.stmt, ast.expr)):
            statement = ast.Expr(function) if isinstance(function, ast.expr) else function
            self.pieces[id(function)] = ast.Module([ast.copy_location(statement, function)], [])
        return self.pieces.get(id(function))

    def call_value(self, callee: Value, given: Given) -> Values:
        """What calling one of the possible callees gives."""
        if _lost(callee) or (isinstance(callee, Named) and callee.name.startswith("?.")):
            self.doubt(given.node, given)
        return super().call_value(callee, given)

    def _record_call(self, callee: Named, given: Given, receiver: Values) -> None:
        """Note a call, and whether it waits for what never comes."""
        super()._record_call(callee, given, receiver)
        if canonical(callee.name) in WAITING:
            owner = callee.receiver
            queue = owner.live.obj if isinstance(owner, Instance) and owner.live is not None else None
            if may_wait(given.node, self.following[-1] if self.following else self.tree, queue):
                self.record("code", ("a queue that nothing fills",), given.node)

    def store_attribute(self, owners: Values, name: str, values: Values, node: ast.AST) -> None:
        """`owner.name = value`."""
        if any(_lost(owner) for owner in owners):
            self.doubt(node, None, values)
        super().store_attribute(owners, name, values, node)

    def ask_again(self) -> None:
        """Note what the second opinion adds; raises `TooMuch` where it takes too long."""
        doubts = [doubt for doubt in self.doubts if doubt.elsewhere or self._names_more_than_computing()]
        origins: dict[int, Origins] = {}
        for doubt in doubts:
            if id(doubt.root) not in origins:
                origins[id(doubt.root)] = Origins(doubt.root)
            asked = [_asked(doubt.node), *_arguments(doubt.given)]
            beginning = origins[id(doubt.root)]
            expressions = [each if beginning.inside(each) else None for each in asked]
            if any(expressions):
                self._ask_about(doubt, expressions)
        self.elsewhere = None

    def _ask_about(self, doubt: Doubt, expressions: list[ast.expr | None]) -> None:
        if self.opinion is None:
            from caveagent_magic.security.flow.infer import Opinion

            self.opinion = Opinion(self.budget)
        found, *handed = self.opinion.of(expressions, doubt.root)
        self.elsewhere = doubt.elsewhere
        self._settle(doubt, found)
        for values in handed:
            self.hand_over(values, doubt.node)

    def _settle(self, doubt: Doubt, found: Values) -> None:
        if isinstance(doubt.node, ast.Attribute):
            super().store_attribute(found, doubt.node.attr, doubt.stored, doubt.node)
        elif found and doubt.given is not None:
            method = doubt.node.func
            callees = (
                self.attribute(found, method.attr, method) if isinstance(method, ast.Attribute) else found
            )
            for callee in callees:
                super().call_value(callee, doubt.given)

    def _names_more_than_computing(self) -> bool:
        """Whether the code mentions anything from which more than computing can be reached.

        What a piece of code does, it must name somewhere: where it names only what computes, there is nothing
        that a second look could find.
        """
        if self.more is None:
            names, modules = _mentioned(self.nodes)
            self.more = any(map(_does_more, modules)) or any(map(self._is_more, names))
        return self.more

    def _is_more(self, name: str) -> bool:
        found = Scope(self.namespace).beneath(name)
        return any(isinstance(value, Named) and _does_more(value.name) for value in found)


def _does_more(name: str) -> bool:
    return claimed(name) or not (harmless(name) or computes(name))


def _mentioned(nodes: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """The names and the modules that occur, but for a plain `print(…)`."""
    names: set[str] = set()
    modules: set[str] = set()
    plain: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            decisive = NEEDS_LOOK.get(f"builtins.{node.func.id}")
            if decisive and all(keyword.arg not in (decisive, None) for keyword in node.keywords):
                plain.add(id(node.func))
        elif isinstance(node, ast.Name) and id(node) not in plain:
            names.add(node.id)
        elif isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names, modules


def _lost(value: Value | None) -> bool:
    return isinstance(value, Opaque) and value.origin in LOST


def _asked(node: ast.Call | ast.Attribute) -> ast.expr:
    """The expression that the doubt is about: the object of an attribute, or the callee itself."""
    if isinstance(node, ast.Attribute):
        return node.value
    return node.func.value if isinstance(node.func, ast.Attribute) else node.func


def _arguments(given: Given | None) -> list[ast.expr]:
    if given is None or not isinstance(given.node, ast.Call):
        return []
    named = [keyword.value for keyword in given.node.keywords]
    return [
        arg for arg in (*given.node.args, *named) if isinstance(arg, (ast.Name, ast.Attribute, ast.Subscript))
    ]
