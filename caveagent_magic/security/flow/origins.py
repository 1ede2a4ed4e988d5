"""Where expressions begin: astroid can say something only of those that begin in the code itself.

What comes from a live object, or from a library whose source it is not to open, stays unknown to it, and so
does all that is made of that.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections import defaultdict
from collections.abc import Iterator

CHAINS = (ast.Attribute, ast.Subscript, ast.Call, ast.Starred, ast.Await)
SEVERAL = (ast.Tuple, ast.List, ast.Set, ast.Dict, ast.IfExp, ast.BoolOp)
DATA = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.Compare, ast.JoinedStr, ast.FormattedValue, ast.Slice)


class Origins:
    """What the names of one piece of code are bound to in it."""

    def __init__(self, root: ast.Module) -> None:
        self.bound: defaultdict[str, list[ast.expr]] = defaultdict(list)
        self.defined: set[str] = set()  # by anything but an expression
        self.known: dict[str, bool] = {}
        for node in ast.walk(root):
            self._note(node)

    def inside(self, expression: ast.expr) -> bool:
        """Whether it may begin in the code or in the standard library."""
        node = expression
        while isinstance(node, CHAINS):
            node = node.func if isinstance(node, ast.Call) else node.value
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, SEVERAL):
            return any(self.inside(each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr))
        return not isinstance(node, DATA)

    def _name(self, name: str) -> bool:
        if name not in self.known:
            self.known[name] = False  # while it is looked at: what is bound only to itself begins nowhere
            self.known[name] = (
                name in self.defined
                or any(self.inside(value) for value in self.bound.get(name, ()))
                or (name not in self.bound and name in builtins.__dict__)
            )
        return self.known[name]

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.defined.add(node.name)
        elif isinstance(node, ast.arg):
            self.defined.add(node.arg)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._imported(node)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            self.defined.update(node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self.defined.add(node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar, ast.MatchMapping)):
            self.defined.add((node.rest if isinstance(node, ast.MatchMapping) else node.name) or "")
        else:
            for target, value in _bindings(node):
                for each in ast.walk(target):
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                        self.bound[each.id].append(value)

    def _imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else alias.name
            name = alias.asname or alias.name.partition(".")[0]
            if module.partition(".")[0] in sys.stdlib_module_names:
                self.defined.add(name)
            else:
                self.bound[name] += ()


def _bindings(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The targets that a statement or a part of one binds, each with what it is bound to."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield node.target, node.iter
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, node.context_expr
