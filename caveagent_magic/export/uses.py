"""Which names a piece of code reads, binds and may alter, by the code and the types of live objects."""

from __future__ import annotations

import ast
import builtins
import symtable
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from caveagent_magic.injection import static
from caveagent_magic.record.schema import read_and_bound

# Methods that alter what they are called on, whatever it is.
ALTERING = frozenset({
    "add", "append", "clear", "commit", "discard", "execute", "executemany", "extend", "fit", "fit_transform",
    "insert", "insert_column", "load_state_dict", "partial_fit", "pop", "popitem", "register", "remove",
    "replace_column", "reverse", "seed", "setdefault", "sort", "update", "use",
})  # fmt: skip
# Of these, other methods give something new and leave the object as it was.
STEADY = frozenset({"pandas", "polars", "numpy", "pyarrow", "matplotlib", "seaborn", "builtins"})
SPEAKING = frozenset({"display"})  # shows its arguments, as builtins such as print do


@dataclass(frozen=True, slots=True)
class Uses:
    """What a piece has to do with the names of the namespace."""

    reads: frozenset[str]
    sets: frozenset[str]  # that it surely binds anew, whatever they were
    writes: frozenset[str]  # that it may bind, delete or alter
    functions: Mapping[str, frozenset[str]]  # that it defines, with the names that these read
    alters: frozenset[str] = frozenset()  # functions that it defines and that alter their arguments


def uses_of(code: str, namespace: Mapping[str, object], alters: frozenset[str] = frozenset()) -> Uses:
    """Read code; `alters` are functions known to alter what they are given."""
    try:
        tree = ast.parse(code)
        table = symtable.symtable(code, "piece", "exec")
    except (SyntaxError, ValueError):
        return Uses(frozenset(), frozenset(), frozenset(), {})
    reads, sets = read_and_bound(code)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    own = frozenset(name for name, node in functions.items() if _alters_arguments(node))
    altered = frozenset(_altered(tree, namespace, alters | own)) & (reads | set(table.get_identifiers()))
    return Uses(
        reads=reads,
        sets=sets,
        writes=frozenset(_stored(table)) | frozenset(_starred(tree)) | altered,
        functions={name: read_and_bound(ast.unparse(node))[0] for name, node in functions.items()},
        alters=own,
    )


def _stored(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        binds = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
        if binds and (top or symbol.is_declared_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _stored(child)


def _starred(tree: ast.AST) -> Iterator[str]:
    """What `from module import *` binds."""
    import sys

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            module = sys.modules.get(node.module or "")
            yield from getattr(module, "__all__", None) or (
                name for name in vars(module or object) if not name.startswith("_")
            )


def _altered(tree: ast.AST, namespace: Mapping[str, object], alters: frozenset[str]) -> Iterator[str]:
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            yield from _base(node)
        elif isinstance(node, ast.Call):
            yield from _altered_by_call(node, id(node) in bare, namespace, alters)


def _altered_by_call(
    call: ast.Call, bare: bool, namespace: Mapping[str, object], alters: frozenset[str]
) -> Iterator[str]:
    inplace = any(each.arg == "inplace" and not _is_false(each.value) for each in call.keywords)
    match call.func:
        case ast.Attribute(value=owner, attr=method):
            if inplace or _alters_owner(owner, method, bare, namespace):
                yield from _base(owner)
        case ast.Name(id=name) if name in alters or (bare and _is_own(name, namespace)):
            for argument in (*call.args, *(each.value for each in call.keywords)):
                yield from _base(argument)


def _alters_owner(owner: ast.expr, method: str, bare: bool, namespace: Mapping[str, object]) -> bool:
    if method in ALTERING or (method.startswith(("set_", "add_", "register_")) and bare):
        return True
    root = next(iter(_base(owner)), "")
    thing = namespace.get(root)
    if isinstance(thing, types.ModuleType) or root not in namespace:
        return False
    return bare and static.qualified_name(type(thing)).partition(".")[0] not in STEADY


def _is_own(name: str, namespace: Mapping[str, object]) -> bool:
    """Whether a call by this name may do something to its arguments; what only shows them does not."""
    return name not in SPEAKING and not (hasattr(builtins, name) and name not in namespace)


def _alters_arguments(function: ast.FunctionDef) -> bool:
    arguments = function.args
    own = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    return bool(own & set(_altered(function, {}, frozenset())))


def _base(node: ast.expr) -> Iterator[str]:
    """The name at the beginning of `name.part[3].other`, also through calls such as `name.part()`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
