"""Code to the uses in it: which qualified names it calls, reads, imports and stores to, and where."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping
from types import MappingProxyType

from caveagent_magic.security.budget import Budget, TooMuch
from caveagent_magic.security.exhaustion.cost import COSTLY, costs
from caveagent_magic.security.exhaustion.locks import waits_for_itself
from caveagent_magic.security.flow.bindings import Scope, branches
from caveagent_magic.security.flow.looping import Loops
from caveagent_magic.security.flow.reader import BY_ITSELF, MEMORY, Given
from caveagent_magic.security.flow.shared import SHARED, changed_for_all
from caveagent_magic.security.flow.specials import folded_name
from caveagent_magic.security.flow.values import (
    DATA,
    Bound,
    Class,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Opaque,
    Values,
    join,
)
from caveagent_magic.security.known import extendable, harmless
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.public import canonical
from caveagent_magic.security.objects.still import attribute, is_a
from caveagent_magic.security.use import Use


def uses_of(tree: ast.Module, namespace: Mapping[str, object], budget: Budget) -> tuple[list[Use], bool]:
    """Every use in the code, in the order met, and whether all of it could be followed."""
    reader = Names(tree, namespace, budget)
    live.forget()
    try:
        reader.outermost = Scope(namespace)
        reader.run(tree.body, reader.outermost)
        reader.read_standing()
        reader.read_uncalled()
        reader.read_native()
        reader.ask_again()
        locks = any(name.endswith(("Lock", "allocate_lock")) for use in reader.uses for name in use.names)
        for waiting in waits_for_itself(tree) if locks else ():
            reader.record("code", ("a lock that is held already",), waiting)
        for node, what in costs(tree, namespace):
            reader.record("code", (f"{COSTLY}{what}",), node)
    except TooMuch:
        return reader.uses, False
    finally:
        live.forget()
    return reader.uses, True


class Names(Loops):
    """Reads statements."""

    def run(self, body: list[ast.stmt], scope: Scope) -> None:
        """Read statements in order."""
        for statement in body:
            self.STATEMENTS.get(type(statement), Names._plain)(self, statement, scope)

    def store_attribute(self, owners: Values, name: str, values: Values, node: ast.AST) -> None:
        """`owner.name = value`; a method that the display system calls may also come to a class so."""
        if name in BY_ITSELF:
            self.record("code", (f"def {name}",), node)
        super().store_attribute(owners, name, values, node)

    def store_name(self, name: str, values: Values, node: ast.AST, scope: Scope) -> None:
        """`name = value`, also in the body of a class."""
        if (name in BY_ITSELF or (name in MEMORY and scope.is_class)) and not isinstance(
            node, (ast.FunctionDef, ast.AsyncFunctionDef)
        ):
            self.record("code", (f"def {name}",), node)
        super().store_name(name, values, node, scope)

    def _plain(self, node: ast.stmt, scope: Scope) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.consume(child, scope)

    def _expression(self, node: ast.Expr, scope: Scope) -> None:
        found = self.values(node.value, scope)
        for value in found if scope.outermost else ():  # it may be shown
            if isinstance(value, Made):
                self.use_made(value, node)
            elif isinstance(value, Instance) and value.live is not None and is_a(value.live.obj, type):
                self.act_on(value.live.obj, node)

    def _raise(self, node: ast.Raise, scope: Scope) -> None:
        found = self.values(node.exc, scope)
        self.hand_over(found, node)
        self.consume(node.cause, scope)
        self.give("raise", Given(node, scope, (found,), {}, False))

    def _return(self, node: ast.Return, scope: Scope) -> None:
        found = self.values(node.value, scope)
        if self.returned:
            self.returned[-1].append(found)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        found = self.values(node.value, scope)
        for target in node.targets:
            self.assign(target, found, scope)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        self.annotation(node.annotation, scope)
        if node.value is not None:
            self.assign(node.target, self.values(node.value, scope), scope)

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        load = ast.copy_location(ast.BinOp(_loaded(node.target), node.op, node.value), node)
        left, right = self.values(load.left, scope), self.values(node.value, scope)
        if any(isinstance(value, Items) for value in left):
            self.all_of(right, node)
        containers = [value for value in left if isinstance(value, Items) and value.place]
        for name in filter(None, (changed_for_all(value, "__iadd__", self.shared) for value in left)):
            self.record("store", (f"{name}[]",), node, args=(right,), detail=SHARED)
        for owner in containers:
            self.put(owner, [(None, self.spread(right, node))], node)
        found = self.now(self.combined(load, left, right), node)
        same = len(containers) == len(left) > 0  # it stays what it was, with more in it
        self.assign(node.target, self.now(left) if same else found, scope)

    def _delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.values(_loaded(target), scope)
                if target.id in scope.namespace and target.id not in scope.names:
                    self.let_go(scope.namespace[target.id], target)
            elif isinstance(target, ast.Attribute):
                self.store_attribute(self.values(target.value, scope), target.attr, DATA, target)
            elif isinstance(target, ast.Subscript):
                self._store_item(target, DATA, scope)
            elif isinstance(target, (ast.Tuple, ast.List)):
                self._delete(ast.Delete(target.elts), scope)

    def _declare(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        scope.outer.update(node.names)

    def _import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            found = self.imported(alias.name, node)
            first = alias.name.partition(".")[0]
            if alias.asname is None:
                found = live.module(first) or (Named(first, module=True),)
            self.store_name(alias.asname or first, found, node, scope)

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        name = "." * node.level + (node.module or "")
        owners = self.imported(name, node)
        for alias in node.names:
            if alias.name == "*":
                self._import_all(owners, scope)
                continue
            found = live.module(f"{name}.{alias.name}") or join(
                *(self._attribute_of(o, alias.name, node) for o in owners)
            )
            self.store_name(alias.asname or alias.name, found, node, scope)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        function = self.make_function(node, scope)
        self.annotation(node.returns, scope)
        if node.name in BY_ITSELF or node.name in MEMORY:
            self.record("code", (f"def {node.name}",), node)
        found: Values = (function,)
        for decorator in reversed(node.decorator_list):
            found = join(self._decorate(decorator, found, scope), found)
        if len(found) > 1 and all(isinstance(value, (Function, Opaque)) for value in found):
            found = tuple(value for value in found if not isinstance(value, Opaque))
        self.store_name(node.name, found, node, scope)

    def _decorate(self, decorator: ast.expr, decorated: Values, scope: Scope) -> Values:
        found: list[Values] = []
        given = Given(decorator, scope, (decorated,), {}, False)
        for value in self.values(decorator, scope):
            if isinstance(value, (Function, Bound, Class)):
                found.append(self.call_value(value, given))
            elif isinstance(value, Named):
                found.append(self.call_value(value, given.but(args=(DATA,))))
            elif isinstance(value, Instance) and value.live is not None:
                self.called(value.live.obj, decorator)
            elif isinstance(value, Opaque) and value.origin in ("data", "unresolved"):
                self.unknown("calls something that is only known when it runs", decorator)
        return join(*found) if found else ()

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        inside = Scope(scope.namespace, scope, is_class=True)
        bases = join(*(self.values(base, scope) for base in node.bases))
        self.hand_over(
            tuple(base for base in bases if isinstance(base, Named) and not harmless(base.name)), node
        )
        for keyword in node.keywords:
            self._class_keyword(keyword, scope)
        self.derive(bases, node)
        self._derive_from_library(bases, node)
        self.run(node.body, inside)
        if any(isinstance(base, Named) and base.name.startswith("pydantic.") for base in bases):
            self._model_fields(node, scope)
        kind = Class(node.name, inside, bases)
        for decorator in node.decorator_list:
            self._decorate(decorator, DATA, scope)
        self.classes[id(inside)] = kind
        self.store_name(node.name, (kind,), node, scope)

    def _model_fields(self, node: ast.ClassDef, scope: Scope) -> None:
        """A model makes what its fields are annotated with."""
        fields = (part.annotation for part in node.body if isinstance(part, ast.AnnAssign))
        for name in (each for field in fields for each in ast.walk(field) if isinstance(each, ast.Name)):
            self.give("pydantic", Given(name, scope, (self.values(name, scope),), {}, False))

    def _class_keyword(self, keyword: ast.keyword, scope: Scope) -> None:
        """`metaclass=M`, or what `__init_subclass__` is given."""
        found = self.values(keyword.value, scope)
        self.hand_over(found, keyword.value)
        for kind in filter(None, map(self.own_kind, found)):
            self.metaclass(kind, keyword.value)

    def _derive_from_library(self, bases: Values, node: ast.ClassDef) -> None:
        """A library calls what is overridden, and does with the result what nothing here says."""
        if any(isinstance(statement, (ast.FunctionDef, ast.Assign)) for statement in node.body):
            for base in bases:
                if isinstance(base, Named) and not base.module and not extendable(canonical(base.name)):
                    self.unknown(f"what {base.name} does with a class derived from it", node)

    def _if(self, node: ast.If, scope: Scope) -> None:
        self.consume(node.test, scope)
        branches(scope, lambda: self.run(node.body, scope), lambda: self.run(node.orelse, scope))

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        for item in node.items:
            found = self.values(item.context_expr, scope)
            self.hand_over(tuple(value for value in found if isinstance(value, Named)), item.context_expr)
            self.note_pending(found, item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, found, scope)
        self.run(node.body, scope)

    def _try(self, node: ast.Try, scope: Scope) -> None:
        branches(scope, lambda: self.run(node.body, scope), lambda: None)

        def handle(handler: ast.ExceptHandler) -> None:
            kinds = self.values(handler.type, scope)
            if handler.name:
                self.store_name(handler.name, _caught(handler.name, kinds), handler, scope)
            self.run(handler.body, scope)

        branches(scope, lambda: self.run(node.orelse, scope), *(lambda h=h: handle(h) for h in node.handlers))
        self.run(node.finalbody, scope)

    def _match(self, node: ast.Match, scope: Scope) -> None:
        subject = self.values(node.subject, scope)
        inside = join(subject, *(value.contents for value in subject if isinstance(value, Items)))

        def case(each: ast.match_case) -> None:
            self._pattern(each.pattern, inside, scope)
            self.consume(each.guard, scope)
            self.run(each.body, scope)

        branches(scope, lambda: None, *(lambda c=c: case(c) for c in node.cases))

    def _pattern(self, pattern: ast.pattern, subject: Values, scope: Scope) -> None:
        taken = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
        if isinstance(taken, str):
            self.store_name(taken, join(scope.names.get(taken, ()), subject), pattern, scope)
        if isinstance(pattern, ast.MatchValue):
            self.values(pattern.value, scope)
        if isinstance(pattern, ast.MatchClass):
            for name in _matched(self.values(pattern.cls, scope)):
                self.attribute(subject, name, pattern)
            for attribute, part in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
                self._pattern(part, self.attribute(subject, folded_name(attribute), pattern), scope)
        for child in ast.iter_child_nodes(pattern):
            if isinstance(child, ast.pattern) and child not in getattr(pattern, "kwd_patterns", ()):
                self._pattern(child, subject, scope)

    STATEMENTS: Mapping[type, Callable[..., None]] = MappingProxyType({
        ast.Expr: _expression, ast.Raise: _raise, ast.Return: _return, ast.Assign: _assign,
        ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Delete: _delete, ast.Global: _declare,
        ast.Nonlocal: _declare, ast.Import: _import, ast.ImportFrom: _import_from, ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function, ast.ClassDef: _class, ast.If: _if, ast.For: Loops.loop_over,
        ast.AsyncFor: Loops.loop_over, ast.While: Loops.loop_while, ast.With: _with,
        ast.AsyncWith: _with, ast.Try: _try,
        ast.TryStar: _try, ast.Match: _match,
    })  # fmt: skip


def _caught(name: str, kinds: Values) -> Values:
    """What an error may be; under the name of a builtin it matters whether it can be called."""
    made = tuple(Made(kind) for kind in kinds if isinstance(kind, Class) and "__call__" in kind.scope.ever)
    return made if made and hasattr(builtins, name) else (Instance("builtins.Exception"),)


def _matched(kinds: Values) -> list[str]:
    """The attributes that a pattern fetches by their places."""
    objects = [kind.live.obj for kind in kinds if isinstance(kind, Named) and kind.live is not None]
    given = [attribute(obj, "__match_args__") for obj in objects if is_a(obj, type)]
    return [name for names in given if type(names) is tuple for name in names if type(name) is str]


def _loaded(target: ast.expr) -> ast.expr:
    """The target of `+=` as an expression that reads it."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    if isinstance(target, ast.Attribute):
        return ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
    assert isinstance(target, ast.Subscript)
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
