"""What each expression may stand for; every position of the syntax is visited."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from caveagent_magic.pattern import pattern
from caveagent_magic.security.exhaustion.exits import never
from caveagent_magic.security.flow import fold
from caveagent_magic.security.flow.attributes import Attributes
from caveagent_magic.security.flow.bindings import Scope, branches
from caveagent_magic.security.flow.endless import among, counted, is_endless
from caveagent_magic.security.flow.inheriting import inherited
from caveagent_magic.security.flow.looked_for import LONGEST
from caveagent_magic.security.flow.reader import names_of
from caveagent_magic.security.flow.values import (
    DATA,
    Const,
    Entry,
    Instance,
    Items,
    Named,
    Opaque,
    Ref,
    Text,
    Value,
    Values,
    join,
)

LOADING = pattern(
    r"<\s*(?:script|iframe|object|embed|form|meta|base)\b|<[^<>]*[\s/\"'](?:src|on\w+|data|poster|srcset)\s*=|"
    r"<\s*link\b|\bjavascript:|\bon(?:click|load|error|mouse\w+|focus|key\w+|pointer\w+|toggle)\s*=|"
    r"url\(\s*['\"]?(?:https?:)?//|\x1b\]8;|\x9d8;",
    re.IGNORECASE,
)
"""Markup that a browser acts on as soon as it is shown, wherever the text ends up; links of a terminal."""


SIGNS = pattern(r"[<=(:;]")
"""What each of these has one of: most texts have none."""
OF_ITS_OWN = pattern(
    r"\ssrc\s*=\s*(['\"])(?:data:image/(?:png|jpeg|gif|webp);base64,[\w+/=]*|(?:[\w-]+/)*[\w-]+\.(?:png|jpe?g|gif))\1",
    re.IGNORECASE,
)
"""A picture that is written out, or that lies beside the notebook."""
BUILDING = (ast.BinOp, ast.Call, ast.JoinedStr)
"""What puts texts together."""
DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict)
WALKING = pattern(
    r"\{\w*(?:[.\[][^{}]*)?[.\[](?:__(?!class__\.__name__)\w+__"
    r"|(?:os|sys|subprocess|builtins|importlib|posix|shutil|socket)[.\[])"
)
"""A field of a format string that reaches into Python's machinery or the system, whoever fills it in."""


class Expressions(Attributes):
    """Works out expressions."""

    def values(self, node: ast.expr | None, scope: Scope) -> Values:
        """What the expression may stand for."""
        if node is None:
            return ()
        self.budget.spend()
        found = self.READERS.get(type(node), Expressions._other)(self, node, scope)
        if isinstance(node, BUILDING) and any(map(_builds_markup, found)):
            self.record("code", ("markup that loads",), node)
        return self.now(found, node)

    def consume(self, node: ast.expr | None, scope: Scope) -> None:
        """Work out an expression whose value goes where it is not followed."""
        if node is not None:
            self.hand_over(self.values(node, scope), node)

    def annotation(self, node: ast.expr | None, scope: Scope) -> None:
        """An annotation; a text in its place is code that libraries run when they ask for types."""
        self.values(node, scope)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                inner = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return
            for each in ast.walk(inner):
                ast.copy_location(each, node)
            self.values(inner, scope)

    def _other(self, node: ast.expr, scope: Scope) -> Values:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.consume(child, scope)
        return DATA

    def _constant(self, node: ast.Constant, scope: Scope) -> Values:
        if isinstance(node.value, str) and _loads(node.value) and not self.is_looked_for(node):
            self.record("code", ("markup that loads",), node)
        if isinstance(node.value, str) and "{" in node.value and WALKING.search(node.value):
            self.record("code", ("a format that walks into objects",), node)
        value = fold.const(node.value)
        return (value,) if value is not None else DATA

    def _name(self, node: ast.Name, scope: Scope) -> Values:
        name = node.id
        if name.startswith("__") and name.endswith("__"):
            self.record("read", (f"?.{name}",), node)
        found = scope.look_up(name)
        for value in found:
            if isinstance(value, Const) and value.kind is str:
                self._read_text(value.value, node, scope)
            elif isinstance(value, Instance) and value.live is not None:
                self.record("read", (value.of,), node)
                self.touch(value, node)
            elif isinstance(value, Named) and not value.module:
                self.record("read", names_of(value), node)
                self.touch(value, node)
            elif isinstance(value, Items) and name in scope.namespace and name not in scope.names:
                self.touch(Instance(f"builtins.{value.kind}", Ref(scope.namespace[name])), node)
        return found

    def _read_text(self, text: Any, node: ast.Name, scope: Scope) -> None:
        """A name that stands for a text goes somewhere."""
        of_person = scope.namespace.get(node.id) is text
        if len(text) <= LONGEST and is_markup(text) and not self.is_told(node, of_person):
            self.record("code", ("markup that loads",), node)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Values:
        if (
            node.attr in ("__name__", "__qualname__")
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "__class__"
        ):
            self.values(node.value.value, scope)
            return DATA
        above = inherited(self, node, scope)
        return above or self.attribute(self.values(node.value, scope), node.attr, node)

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Values:
        owners = self.values(node.value, scope)
        keys = self.values(node.slice, scope)
        self.hand_over(keys, node.slice)
        return join(*(self.item(owner, keys, node) for owner in owners)) if owners else DATA

    def _slice(self, node: ast.Slice, scope: Scope) -> Values:
        for part in (node.lower, node.upper, node.step):
            self.consume(part, scope)
        return DATA

    def _container(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope) -> Values:
        self._place_inner(node, node.elts)
        entries: list[Entry] = []
        known = not any(isinstance(item, ast.Starred) for item in node.elts)
        for index, item in enumerate(node.elts):
            if isinstance(item, ast.Starred):
                entries.append((None, self.all_of(self.values(item.value, scope), item)))
            else:
                entries.append((index if known else None, self.values(item, scope)))
        kind = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}[type(node)]
        return (Items(kind, tuple(entries)),)  # type: ignore[arg-type]

    def _place_inner(self, node: ast.expr, parts: Iterable[ast.expr]) -> None:
        """A table written out as a list of lists is one place, so that its equal rows are the same to us."""
        place = self.places.get(id(node), id(node))
        self.places.update({id(part): place for part in parts if isinstance(part, DISPLAYS)})

    def _dict(self, node: ast.Dict, scope: Scope) -> Values:
        self._place_inner(node, node.values)
        entries: list[Entry] = []
        for key, item in zip(node.keys, node.values, strict=True):
            values = self.values(item, scope)
            if key is None:
                entries += [entry for value in values if isinstance(value, Items) for entry in value.entries]
                others = tuple(value for value in values if not isinstance(value, Items))
                entries += [(None, DATA)] if others else []
                self.hand_over(others, item)
                continue
            keys = self.values(key, scope)
            self.hand_over(keys, key)
            known = [k.value for k in keys if isinstance(k, Const)]
            entries += [(k, values) for k in known] if len(known) == len(keys) else [(None, values)]
        return (Items("dict", tuple(entries)),)

    def _binary(self, node: ast.BinOp, scope: Scope) -> Values:
        left, right = self.values(node.left, scope), self.values(node.right, scope)
        return self.combined(node, left, right)

    def combined(self, node: ast.BinOp, left: Values, right: Values) -> Values:
        """What an operator makes of two values."""
        self.hand_over(tuple(v for v in left if not isinstance(v, Items)), node.left)
        self.hand_over(tuple(v for v in right if not isinstance(v, Items)), node.right)
        if any(isinstance(value, Items) for value in (*left, *right)):
            entries = [
                entry for value in (*left, *right) if isinstance(value, Items) for entry in value.entries
            ]
            kind = next(value.kind for value in (*left, *right) if isinstance(value, Items))
            if kind == "dict" and not all(isinstance(value, Items) for value in (*left, *right)):
                entries.append((None, DATA))
            return (Items(kind, tuple((key if kind == "dict" else None, values) for key, values in entries)),)
        return fold.binary(type(node.op).__name__, left, right)

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Values:
        found = self.values(node.operand, scope)
        self.hand_over(found, node.operand)
        if isinstance(node.op, ast.USub):
            numbers = [v.value for v in found if isinstance(v, Const) and isinstance(v.value, (int, float))]
            if len(numbers) == len(found):
                return tuple(Const(-number) for number in numbers)
        return DATA

    def _either(self, node: ast.BoolOp, scope: Scope) -> Values:
        return join(*(self.values(value, scope) for value in node.values))

    def _conditional(self, node: ast.IfExp, scope: Scope) -> Values:
        self.consume(node.test, scope)
        found: list[Values] = []
        branches(
            scope,
            lambda: found.append(self.values(node.body, scope)),
            lambda: found.append(self.values(node.orelse, scope)),
        )
        return join(*found)

    def _formatted(self, node: ast.JoinedStr, scope: Scope) -> Values:
        parts: list[Value] = []
        for piece in node.values:
            if isinstance(piece, ast.FormattedValue):
                found = self.values(piece.value, scope)
                self.hand_over(tuple(value for value in found if not isinstance(value, Const)), piece)
                self.consume(piece.format_spec, scope)
                plain = piece.format_spec is None and piece.conversion == -1 and len(found) == 1
                parts.append(found[0] if plain else Opaque("data"))
            else:
                parts += self.values(piece, scope)
        return (fold.text(parts),)

    def _walrus(self, node: ast.NamedExpr, scope: Scope) -> Values:
        found = self.values(node.value, scope)
        while scope.of_comprehension and scope.parent is not None:  # it binds outside
            scope.bind(node.target.id, found)
            scope = scope.parent
        self.store_name(node.target.id, found, node, scope)
        return found

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Values:
        return (self.make_function(node, scope),)

    def _await(self, node: ast.Await | ast.YieldFrom, scope: Scope) -> Values:
        found = self.values(node.value, scope)
        self.hand_over(found, node)
        if isinstance(node, ast.YieldFrom) and self.generating and is_endless(found):
            self.generating[-1] = True
        return join(found, DATA) if found else DATA

    def _yield(self, node: ast.Yield, scope: Scope) -> Values:
        self.consume(node.value, scope)
        return DATA

    def _starred(self, node: ast.Starred, scope: Scope) -> Values:
        return self.all_of(self.values(node.value, scope), node)

    def all_of(self, values: Values, node: ast.AST) -> Values:
        """Everything that goes through an iterable is taken."""
        if is_endless(values):
            self.record("code", ("endless for",), node)
        return self.elements(values, node)

    def _compare(self, node: ast.Compare, scope: Scope) -> Values:
        inside = isinstance(node.ops[0], (ast.In, ast.NotIn)) and len(node.ops) == 1
        if inside and is_endless(self.values(node.comparators[0], scope)) and among(self, node, scope):
            self.record("code", ("endless for",), node)
        return self._other(node, scope)

    def _call(self, node: ast.Call, scope: Scope) -> Values:
        return self.call(node, scope)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> Values:
        inside = Scope(scope.namespace, _view(scope), of_comprehension=True)
        endless = False
        for part in node.generators:
            iterated = self.values(part.iter, inside)
            endless |= is_endless(iterated)
            numbers = counted(self, part.target, part.iter, inside) if is_endless(iterated) else {}
            if numbers and any(never(test, True, numbers) for test in part.ifs):
                self.record("code", ("endless for",), node)
            given = self.elements(iterated, part.iter)
            self.assign(part.target, given, inside)
            for test in part.ifs:
                self.consume(test, inside)
        if endless and not isinstance(node, ast.GeneratorExp):
            self.record("code", ("endless for",), node)
        if isinstance(node, ast.DictComp):
            keys, values = self.values(node.key, inside), self.values(node.value, inside)
            known = [key.value for key in keys if isinstance(key, Const)]
            entries = (
                [(key, values) for key in known] if known and len(known) == len(keys) else [(None, values)]
            )
            return (Items("dict", tuple(entries)),)
        kind = "set" if isinstance(node, ast.SetComp) else "list"
        found = Items(kind, ((None, self.values(node.elt, inside)),))  # type: ignore[arg-type]
        return (found, Instance("endless")) if endless else (found,)

    READERS: Mapping[type, Callable[..., Values]] = MappingProxyType({
        ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _subscript,
        ast.Slice: _slice, ast.List: _container, ast.Tuple: _container, ast.Set: _container, ast.Dict: _dict,
        ast.BinOp: _binary, ast.UnaryOp: _unary, ast.BoolOp: _either, ast.IfExp: _conditional,
        ast.JoinedStr: _formatted, ast.NamedExpr: _walrus, ast.Lambda: _lambda, ast.Await: _await,
        ast.YieldFrom: _await, ast.Yield: _yield, ast.Starred: _starred, ast.Call: _call,
        ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension,
        ast.DictComp: _comprehension, ast.Compare: _compare,
    })  # fmt: skip


def _builds_markup(value: Value) -> bool:
    """Whether a text that is put together is one on which a browser acts."""
    if isinstance(value, Const):
        return value.kind is str and len(str(value.value)) <= LONGEST and is_markup(value.value)
    return isinstance(value, Text) and is_markup("x".join(piece or "" for piece in value.pieces))


def is_markup(value: object) -> bool:
    """Whether it is a text on which a browser acts."""
    return type(value) is str and _loads(value)


def holds_markup(values: Iterable[object]) -> bool:
    """Whether there is such a text among them."""
    texts = {value for value in values if type(value) is str}
    return SIGNS.search("".join(texts)) is not None and any(map(_loads, texts))


def _loads(text: str) -> bool:
    return (
        bool(SIGNS.search(text))
        and bool(LOADING.search(text))
        and bool(LOADING.search(OF_ITS_OWN.sub(" ", text)))
    )


def _view(scope: Scope) -> Scope:
    """The scope as a comprehension sees it: with the names as they are now."""
    seen = Scope(scope.namespace, scope.parent, scope.names, scope.names)
    seen.outer, seen.is_class, seen.of_comprehension = scope.outer, scope.is_class, scope.of_comprehension
    return seen
