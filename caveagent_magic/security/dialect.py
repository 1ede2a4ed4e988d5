"""What IPython makes of a cell before Python sees it, for `check`: there, cells come as they are written.

A step is not read here: the shell runs it without guesses at single lines, and what it runs is judged.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import sys
import textwrap
import warnings
from collections.abc import Mapping
from importlib import import_module

from caveagent_magic.pattern import pattern
from caveagent_magic.security.objects.still import MISSING, instance_dict, is_a

MOST = 20_000  # lines with a sign of IPython's times lines: it reads the whole cell again for each
ASSIGNED = pattern(r"=\s*[%!]")
SIGNS = (*"%!?,;/", ">>>", "In [")
QUOTES = pattern(r"'''|\"\"\"|\\\n")  # only in a string is an indent of an empty line more than looks
LINE = pattern(r"([^\W\d][\w.]*+)[ \t]*+(.*)")
LEAVES = frozenset({"exit", "quit"})


def translated(code: str) -> str:
    """The cell with its magics, commands and questions turned into calls, and without prompts and indents."""
    lines = code.splitlines()
    signs = sum(map(_has_sign, lines))
    if not signs:
        return textwrap.dedent(code) if QUOTES.search(code) else code
    manager = import_module("IPython.core.inputtransformer2").TransformerManager()
    if signs * len(lines) > MOST:  # magics in so long a cell are left to be no Python
        kept = [f"{line}\n" for line in lines]
        for clean in manager.cleanup_transforms:
            kept = clean(kept)
        return "".join(kept)
    try:
        return str(manager.transform_cell(code))
    except (SyntaxError, ValueError, RuntimeError):  # the judge says that it is no Python
        return code


def means_the_same(code: str, cell: str) -> bool:
    """Whether Python runs the same of both."""
    if code == cell:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(code)) == ast.dump(ast.parse(cell))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _has_sign(line: str) -> bool:
    text = line.strip()
    return text.startswith(SIGNS) or text.endswith("?") or bool(ASSIGNED.search(text))


def guessed(code: str, namespace: Mapping[str, object]) -> str:
    """What IPython takes a single line for: a macro's name, an object that calls itself, a bare magic."""
    line = code.strip()
    found = LINE.fullmatch(line)
    if found is None or keyword.iskeyword(found[1]):
        return code
    name, rest = found[1], found[2]
    obj = namespace.get(name, MISSING)
    if _is(obj, "IPython.core.macro", "Macro"):
        return str(instance_dict(obj).get("value"))
    if _is(obj, "IPython.core.autocall", "IPyAutocall") or (obj is MISSING and name in LEAVES):
        return code if rest.startswith("(") else f"{name}({rest.rstrip('; ')})"
    assigned = rest.startswith("=") and not rest.startswith("==")
    head = name.partition(".")[0]
    if not (assigned or head in namespace or hasattr(builtins, head)) and _is_magic(name):
        return f"get_ipython().run_line_magic({name!r}, {rest!r})"
    return code


def _is(obj: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and is_a(obj, kind)


def _is_magic(name: str) -> bool:
    """Whether the shell of this process, if there is one, has a magic of that name."""
    module = sys.modules.get("IPython.core.getipython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and shell.find_magic(name) is not None
