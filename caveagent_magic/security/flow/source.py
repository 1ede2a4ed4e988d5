"""The source of the person's own functions, found without running anything."""

from __future__ import annotations

import ast
import functools
import linecache
import os
import stat
import types
from collections.abc import Iterator

LONGEST = 2_000_000  # bytes of a file of source
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def node_of(function: types.FunctionType) -> FunctionNode | None:
    """The syntax tree of a function; None if its source is not there or more than one thing fits."""
    code = function.__code__
    tree = _tree(_text(code.co_filename))
    found = [node for node in _functions(tree, code.co_firstlineno) if _fits(node, code)] if tree else []
    return found[0] if len(found) == 1 else None


def _text(path: str) -> str:
    """The source in a file, or of a cell; a pipe or a device is not waited for."""
    if path not in linecache.cache:
        try:
            there = os.stat(path)
        except (OSError, ValueError):
            there = None
        if there is not None and not (stat.S_ISREG(there.st_mode) and there.st_size <= LONGEST):
            return ""
    return "".join(linecache.getlines(path))


@functools.lru_cache(maxsize=64)
def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source) if source else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _functions(tree: ast.Module, line: int) -> Iterator[FunctionNode]:
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            if min([node.lineno, *(each.lineno for each in decorators)]) == line:
                yield node


def _fits(node: FunctionNode, code: types.CodeType) -> bool:
    name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    given = node.args
    parameters = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    count = code.co_argcount + code.co_kwonlyargcount
    return name == code.co_name and tuple(parameters) == code.co_varnames[:count]


def names_in(code: types.CodeType) -> set[str]:
    """Every global name and attribute that compiled code mentions, where there is no source."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= names_in(constant)
    return found
