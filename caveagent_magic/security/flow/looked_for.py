"""Texts that the code only looks for in others: they do not get into what is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from caveagent_magic.security.vocabulary import names

SEARCHING = names(
    """
    contains count find rfind findall finditer match fullmatch search split startswith endswith index
    extract extractall removeprefix removesuffix partition rpartition sub subn replace
    """
)
"""Methods and functions whose first argument is looked for."""


def looked_for(tree: ast.Module) -> frozenset[int]:
    """The constants, by identity, that are compared with or searched for."""
    return frozenset(
        id(each) for node in ast.walk(tree) for each in _of(node) if isinstance(each, ast.Constant)
    )


def _of(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Call) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from node.args[:1] if called in SEARCHING else ()
