"""The source of the person's own functions, found without running anything."""

from __future__ import annotations

import ast
import dis
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
    return node_at(function.__code__)


def node_at(code: types.CodeType) -> FunctionNode | None:
    """The syntax tree of what was compiled to that code, likewise."""
    tree = _tree(_text(code.co_filename))
    found = [node for node in _functions(tree, code.co_firstlineno) if _fits(node, code)] if tree else []
    return found[0] if len(found) == 1 and _is_whole(found[0], code) else None


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


def _is_whole(node: FunctionNode, code: types.CodeType) -> bool:
    """Whether all that the code names and says stands in the source: it may not be that of this code."""
    inside = list(ast.walk(node))
    written = {each.id for each in inside if isinstance(each, ast.Name)}
    written |= {each.attr for each in inside if isinstance(each, ast.Attribute)}
    for each in inside:
        if isinstance(each, (ast.Import, ast.ImportFrom)):
            written |= {getattr(each, "module", None) or ""}
            written |= {part for alias in each.names for part in (alias.name, *alias.name.split("."))}
        elif isinstance(each, ast.MatchClass):
            written |= set(each.kwd_attrs)
        elif isinstance(each, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            written.add(each.name)
    plain = {name.rpartition("__")[2] for name in written}
    known = written | OF_CLASSES
    return all(name in known or name.rpartition("__")[2] in plain for name in names_in(code))


OF_CLASSES = frozenset(
    {"__name__", "__module__", "__qualname__", "__annotations__", "__doc__", "AssertionError"}
)
"""Names that the compiler puts into code by itself."""


def names_in(code: types.CodeType) -> set[str]:
    """Every global name and attribute that compiled code mentions, where there is no source."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= names_in(constant)
    return found


def goes_on(code: types.CodeType) -> bool:
    """Whether compiled code has a loop that goes over nothing, such as `while`."""
    steps = {step.offset: step for step in dis.get_instructions(code)}
    back = [step.argval for step in steps.values() if "JUMP" in step.opname and _is_back(step)]
    return any(steps[target].opname not in ("FOR_ITER", "SEND", "END_ASYNC_FOR") for target in back)


def _is_back(step: dis.Instruction) -> bool:
    return isinstance(step.argval, int) and step.argval < step.offset
