"""What a request is about, as digests: its words, and the types and columns of what its code speaks of."""

from __future__ import annotations

import ast
import hashlib
import json
import symtable
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import description
from caveagent_magic.pattern import pattern
from caveagent_magic.ports import Task

UNREADABLE = "unreadable"
# What has names of its own, or says where names belong: only Python's own table of symbols tells whose.
_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Global, ast.Nonlocal),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.AnnAssign),
    *(getattr(ast, name) for name in ("TypeAlias",) if hasattr(ast, name)),  # Python 3.12
)
_COUNT = pattern(r"\[[\d,]+ ")  # how many categories a column has is no part of its type


def options_of(task: Task, model: str) -> dict[str, Any]:
    """What the line of the cell asks for, beside its words."""
    return {
        "only": list(task.only),
        "hide": list(task.hide),
        "show": list(task.show),
        "out": task.out,
        "model": model,
        **({"plan": True} if task.plan else {}),
    }


def digest_of(request: str, options: Mapping[str, Any]) -> str:
    """The digest of a request."""
    return _digest([request.strip(), options])


def address_of(asked: str, schema: Mapping[str, str]) -> str:
    """The digest of a request together with what it is about."""
    return _digest([asked, schema])


def schema_of(variables: Mapping[str, object]) -> dict[str, str]:
    """For each variable the digest of its type and columns; neither rows nor values count."""
    return {name: _digest(_outline(obj)) for name, obj in variables.items()}


class Schema(Mapping[str, str]):
    """The same of the variables that are there now, each worked out when it is first asked for."""

    def __init__(self, variables: Callable[[], Mapping[str, object]]) -> None:
        self._variables, self._names = variables, tuple(variables())
        self._known: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._known:
            self._known[name] = _digest(_outline(self._variables().get(name)))
        return self._known[name]

    def settle(self, names: Iterable[str]) -> None:
        """Work these out, before code changes them."""
        for name in names:
            self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def read_and_bound(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names that code reads before it has bound them, and those that it surely binds."""
    try:
        statements = ast.parse(code).body
        reads, bound = set[str](), set[str]()
        for statement in statements:
            binds = _binds(statement)
            reads |= _reads(statement) - bound
            bound |= binds
    except (SyntaxError, ValueError):  # top-level await, which is never run
        return frozenset(), frozenset()
    return frozenset(reads), frozenset(bound)


def _reads(statement: ast.stmt) -> set[str]:
    """The names of the namespace that a statement reads, functions and comprehensions inside it included."""
    own = set[str]()
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        own = {statement.target.id}
    nodes = list(ast.walk(statement))
    if any(isinstance(node, _SCOPES) for node in nodes):
        return own | _referenced(_symbols(statement))
    return own | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def symbols_of(code: str) -> symtable.SymbolTable:
    """The names of code by scope, those of comprehensions apart; raises what `symtable` raises.

    Since Python 3.12 all but generators count as part of the scope around them (PEP 709).
    """
    return _symbols(ast.parse(code))


def _symbols(tree: ast.AST) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(_Generators().visit(tree)), "step", "exec")


class _Generators(ast.NodeTransformer):
    """Turns each comprehension into a generator that reads the same."""

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.AST:
        """A list or a set."""
        return self.generic_visit(ast.GeneratorExp(node.elt, node.generators))

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        """A dictionary: its pairs."""
        pair = ast.Tuple([node.key, node.value], ast.Load())
        return self.generic_visit(ast.GeneratorExp(pair, node.generators))


def _referenced(table: symtable.SymbolTable) -> set[str]:
    top = table.get_type() == "module"
    found = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return found.union(*map(_referenced, table.get_children()))


def _binds(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.Assign(targets=targets):
            nodes = [node for target in targets for node in ast.walk(target)]
            return {
                node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).partition(".")[0] for alias in names}
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
    return set()


def _outline(obj: object) -> list[Any]:
    kind = static.qualified_name(type(obj))
    try:
        described = description(obj)
        fields = [[str(each.label), _COUNT.sub("[", each.type)] for each in described.fields()]
    except Exception:  # a user's object may raise anything while it is looked at
        return [kind, UNREADABLE]
    return [kind, described.summary if type(obj) is types.FunctionType else "", fields]


def _digest(thing: Any) -> str:
    text = json.dumps(thing, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
