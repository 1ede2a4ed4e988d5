"""Locks that the code waits for while it holds them itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def waits_for_itself(tree: ast.Module) -> Iterator[ast.AST]:
    """Where a lock made by the code is taken a second time, so that nobody can let it go."""
    made = {name for node in ast.walk(tree) for name in _made(node)}
    if made:
        yield from _waits(tree.body, made, set())


def _made(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        maker = node.value.func
        if (maker.attr if isinstance(maker, ast.Attribute) else getattr(maker, "id", "")) == "Lock":
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _waits(body: list[ast.stmt], made: set[str], held: set[str]) -> Iterator[ast.AST]:
    for statement in body:
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            taken = {
                item.context_expr.id for item in statement.items if isinstance(item.context_expr, ast.Name)
            }
            yield from (statement for _ in taken & made & held)
            yield from _waits(statement.body, made, held | (taken & made))
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _waits(statement.body, made, set())
        elif isinstance(statement, (ast.Expr, ast.Assign)):
            yield from _taken(statement, made, held)
        else:  # one of several ways to go on
            held -= {node.value.id for node in ast.walk(statement) if _of_lock(node, "release")}  # type: ignore[attr-defined]


def _taken(statement: ast.stmt, made: set[str], held: set[str]) -> Iterator[ast.AST]:
    for node in ast.walk(statement):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else ""
        if name in made and node.func.attr == "release":
            held.discard(name)
        elif name in made and node.func.attr == "acquire" and not (node.args or node.keywords):
            if name in held:
                yield node
            held.add(name)


def _of_lock(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.value, ast.Name)
