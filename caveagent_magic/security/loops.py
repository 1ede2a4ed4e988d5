"""The shape of loops and of code that needs an event loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def leaves(body: list[ast.stmt]) -> bool:
    """Whether a loop's body can leave the loop."""
    return any(
        isinstance(node, (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom))
        for node in _within(body)
    )


def _within(body: list[ast.stmt], loop: bool = False) -> Iterator[ast.AST]:
    """The nodes of a loop's body that belong to this loop."""
    for node in body:
        yield from _nodes(node, loop)


def _nodes(node: ast.AST, loop: bool) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        return
    if not (loop and isinstance(node, ast.Break)):
        yield node
    inner = loop or isinstance(node, (ast.For, ast.While, ast.AsyncFor))
    for child in ast.iter_child_nodes(node):
        yield from _nodes(child, inner)


def top_level_awaits(tree: ast.AST) -> Iterator[ast.AST]:
    """Where the code would need an event loop of its own."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or (
            isinstance(node, ast.comprehension) and node.is_async
        ):
            yield node if hasattr(node, "lineno") else node.iter
        yield from top_level_awaits(node)
