"""Magics: the code that their lines hold, what they bind, and what they show of objects."""

from __future__ import annotations

import ast
import builtins
import re
import string
import sys
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caveagent_magic.pattern import pattern
from caveagent_magic.security.dialect import translated
from caveagent_magic.security.flow.reader import Given
from caveagent_magic.security.flow.values import DATA, Instance, Values, constants
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live

if TYPE_CHECKING:
    from caveagent_magic.security.flow.calls import Calls

TIMING = frozenset({"time", "timeit", "capture"})
WHOLE = frozenset({"time", "timeit"})
"""Magics in whose lines nothing is filled in beforehand."""
EXPLAINING = frozenset({"pinfo", "pinfo2", "pdoc", "pdef", "psource", "pfile", "psearch"})
NAMED = pattern(r"\$(\$?[\w.]+)")
WRITES = pattern(r"(?:^|\s)-[a-z]*f")


def magic(calls: Calls, given: Given) -> Values | None:
    """A magic goes by its own name; what its line makes it run is read as code."""
    names = constants(given.args[0]) if given.args else None
    lines = constants(given.args[1]) if len(given.args) > 1 else []
    for name in names or ("run_line_magic",):
        found = str(name).lstrip("%")
        calls.record("call", (f"%{found}",), given.node, args=given.args)
        replaced = _of_the_person(found)
        if replaced is not None:
            calls.hand_over(live.values_of(replaced), given.node)
        if lines is None and found not in WHOLE:
            calls.unknown("hands a magic a text that is only known when it runs", given.node)
        for line in map(str, lines or ()):
            _read(calls, found, line, given)
        if found in TIMING:
            _run_texts(calls, given)
    return DATA


def _of_the_person(name: str) -> object:
    """A function of the person's that the shell of this process has under the name of a magic."""
    module = sys.modules.get("IPython.core.getipython")
    shell = module.get_ipython() if module is not None else None
    if shell is None:
        return None
    for kind in ("line", "cell"):
        found = shell.magics_manager.magics[kind].get(name)
        if own_code(found.__func__ if type(found) is types.MethodType else found):
            return found
    return None


def _read(calls: Calls, name: str, line: str, given: Given) -> None:
    """What one of IPython's own magics does with its line."""
    for code in _filled_in(line) if name not in WHOLE else ():
        _run(calls, code, given)
    if name == "capture":
        _bind(calls, line, given)
    elif name in EXPLAINING:
        _explain(calls, line, given)
    elif name == "whos":
        for each in list(calls.namespace):
            if calls.is_own_class(type(calls.namespace[each])) and each[:1] != "_":
                calls.values(ast.copy_location(ast.Name(each, ast.Load()), given.node), given.scope)
    elif name == "config":
        _run(calls, line.partition("=")[2], given)
    elif name == "history" and WRITES.search(line):
        calls.record("call", ("%history.f",), given.node)


def _filled_in(line: str) -> Iterator[str]:
    """The code in braces and behind dollars, which IPython works out before the magic sees its line."""
    try:
        for text, field, spec, _ in string.Formatter().parse(line):
            yield from (name for name in NAMED.findall(text) if name[:1] != "$")
            if field is not None:
                yield f"{field}:{spec}" if spec else field
    except ValueError:  # what came before it was worked out
        return


def _run(calls: Calls, code: str, given: Given) -> None:
    try:
        with_lines = ast.parse(code.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for each in ast.walk(with_lines):
        if isinstance(each, (ast.expr, ast.stmt)):
            ast.copy_location(each, given.node)
    calls.run(with_lines.body, given.scope)


def _bind(calls: Calls, line: str, given: Given) -> None:
    """`%%capture NAME` binds a name to an object that can be called."""
    for name in (word for word in line.split() if word.isidentifier()):
        if hasattr(builtins, name):
            calls.record("store", (f"builtins.{name}",), given.node)
        calls.store_name(name, (Instance("IPython.utils.capture.CapturedIO"),), given.node, given.scope)


def _explain(calls: Calls, line: str, given: Given) -> None:
    """Help shows the object itself, and fetches attributes to come to it."""
    path = line.strip().split()[-1] if line.strip() else ""
    try:
        node = ast.parse(path.rstrip("*").rstrip("."), mode="eval").body
    except (SyntaxError, ValueError):
        return
    for each in ast.walk(node):
        ast.copy_location(each, given.node)
    for value in calls.values(node, given.scope):
        if isinstance(value, Instance) and value.live is not None:
            calls.touch(value, given.node)
        if "*" in path and calls.own_class_of(value):
            calls.unknown("fetches all attributes of an object of your class", given.node)


def _parsed(code: str) -> ast.Module:
    """Code of a cell, which may hold magics itself."""
    try:
        return ast.parse(code)
    except SyntaxError:
        return ast.parse(translated(code))


def timed(calls: Calls, given: Given) -> Values | None:
    """The code in texts that are known is read as code; the rule speaks of the others."""
    code = (*given.args[:2], *(given.keywords[key] for key in ("stmt", "setup") if key in given.keywords))
    _run_texts(calls, given.but(args=((), *(values for values in code if constants(values)))))
    return None


def _run_texts(calls: Calls, given: Given) -> None:
    for text in [str(text) for values in given.args[1:] for text in constants(values) or ("?(",)]:
        code = re.sub(r"^\s*(?:-\w+\s*\d*\s+)+", "", text)
        try:
            calls.run(_parsed(code).body, given.scope)
        except SyntaxError:
            calls.unknown("times something that cannot be read", given.node)
