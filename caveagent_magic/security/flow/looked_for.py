"""Texts that the code only looks for in others: they do not get into what is shown."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from caveagent_magic.security.vocabulary import names

SEARCHING = names(
    """
    contains count find rfind findall finditer match fullmatch search split startswith endswith index
    extract extractall removeprefix removesuffix partition rpartition sub subn replace
    """
)
"""Methods and functions whose first argument is looked for."""
REPLACING = names("sub subn replace")


LONGEST = 10_000  # characters of a text that is looked at wherever its name is used
TOLD = names("print len type repr hash BeautifulSoup")
"""Functions that show a text as it is written, or take it apart."""


def only_named(nodes: Iterable[ast.AST]) -> frozenset[int]:
    """The texts, by identity, that are only given a name: what becomes of them, its uses tell."""
    return frozenset(id(node.value) for node in nodes if isinstance(node, ast.Assign) and _names(node))


def _names(node: ast.Assign) -> bool:
    value = node.value.value if isinstance(node.value, ast.Constant) else None
    short = isinstance(value, str) and len(value) <= LONGEST
    return short and all(isinstance(target, ast.Name) for target in node.targets)


def only_told(nodes: Iterable[ast.AST]) -> frozenset[int]:
    """The names, by identity, whose texts are printed, measured, compared, searched or taken apart."""
    return frozenset(
        id(each) for node in nodes for each in (*_of(node), *_told(node)) if isinstance(each, ast.Name)
    )


def taken_apart(nodes: Iterable[ast.AST]) -> frozenset[int]:
    """The names, by identity, of which only a method or a piece is asked for."""
    whole = (node.value for node in nodes if isinstance(node, (ast.Attribute, ast.Subscript)))
    return frozenset(id(each) for each in whole if isinstance(each, ast.Name))


def _told(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr):  # shown as a text
        yield node.value
    elif isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from node.args if called in TOLD or called in SEARCHING - REPLACING else ()


def looked_for(nodes: Iterable[ast.AST]) -> frozenset[int]:
    """The constants, by identity, that are compared with or searched for."""
    return frozenset(id(each) for node in nodes for each in _of(node) if isinstance(each, ast.Constant))


def _of(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Call) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from node.args[:1] if called in SEARCHING else ()
