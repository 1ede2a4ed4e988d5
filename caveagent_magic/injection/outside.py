"""Whether code brings in data that is in no variable, so that its output cannot be compared with any."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Mapping

from caveagent_magic.injection import static
from caveagent_magic.pattern import pattern

# Of libraries that read files, databases and the network; a wrong guess only withholds more.
READS = pattern(
    r"^(?:read|load|fetch|scan|open|sql|execute|query_db|urlopen|download|recv|urlretrieve|get_data|import_data"
    r"|check_output|communicate|getenv|listdir|glob|iterdir|input|connect|collect|toPandas|df|pl|arrow)"
    r"(?:s|all|one|many|_.*)?$"
)
OWN = frozenset({"__main__", ""})


def brings_in(code: str, namespace: Mapping[str, object], is_known: Callable[[object], bool]) -> bool:
    """Whether it calls what is named like a reader, or a function of the person's own that is not known."""
    try:
        nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    except (SyntaxError, ValueError):
        return True
    return any(_reads(node.func, namespace, is_known) for node in nodes)


def _reads(called: ast.expr, namespace: Mapping[str, object], is_known: Callable[[object], bool]) -> bool:
    if isinstance(called, ast.Attribute):
        return bool(READS.match(called.attr))
    if not isinstance(called, ast.Name):
        return False
    obj = namespace.get(called.id)
    return bool(READS.match(called.id)) or (_is_persons(obj) and not is_known(obj))


def _is_persons(obj: object) -> bool:
    """Whether it is a function that the person wrote, or an object that can be called like one."""
    if obj is None or isinstance(obj, type):
        return False
    if isinstance(obj, types.FunctionType):
        return obj.__module__ in OWN
    return callable(obj) and static.module_name(type(obj)) in OWN
