"""Which names a piece of code reads, binds and may alter, by the code and the types of live objects."""

from __future__ import annotations

import ast
import builtins
import symtable
import types
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

from caveagent_magic.frozen import frozen
from caveagent_magic.injection import static
from caveagent_magic.record.schema import read_and_bound, symbols_of

# Methods that alter what they are called on, whatever it is.
ALTERING = frozenset({
    "add", "append", "clear", "commit", "discard", "execute", "executemany", "extend", "fit", "fit_transform",
    "insert", "insert_column", "load_state_dict", "partial_fit", "pop", "popitem", "register", "remove",
    "replace_column", "reverse", "seed", "setdefault", "sort", "update", "use",
})  # fmt: skip
# Of these, other methods give something new and leave the object as it was.
STEADY = frozenset({"pandas", "polars", "numpy", "pyarrow", "matplotlib", "seaborn", "builtins"})
FRAMES = frozenset({"pandas", "polars"})  # of which each operation gives a new one
SPEAKING = frozenset({"display"})  # shows its arguments, as builtins such as print do


NamesOf: TypeAlias = Mapping[str, frozenset[str]]


@frozen
class Uses:
    """What a piece has to do with the names of the namespace."""

    reads: frozenset[str]
    sets: frozenset[str]  # that it surely binds anew, whatever they were
    stores: frozenset[str]  # that it may bind or delete
    alters: frozenset[str]  # whose objects it may alter in place
    shares: tuple[frozenset[str], ...] = ()  # names that may stand for one object from then on, or hold it
    functions: NamesOf = field(default_factory=dict)  # that it defines, with the names that these read
    altering: NamesOf = field(default_factory=dict)  # of them, those that alter their arguments and these

    @property
    def writes(self) -> frozenset[str]:
        """All names that it may do something to."""
        return self.stores | self.alters


NO_FUNCTIONS: NamesOf = {}


def uses_of(code: str, namespace: Mapping[str, object], known: NamesOf = NO_FUNCTIONS) -> Uses:
    """Read code; `known` are functions that alter what they are given, and these names besides."""
    try:
        tree = ast.parse(code)
        table = symbols_of(code)
    except (SyntaxError, ValueError):
        return Uses(frozenset(), frozenset(), frozenset(), frozenset())
    reads, sets = read_and_bound(code)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    functions = {name: read_and_bound(ast.unparse(node))[0] for name, node in defined.items()}
    altered = {name: frozenset(_altered(node, {}, known)) for name, node in defined.items()}
    altering = {name: names & functions[name] for name, names in altered.items() if names}
    inner = _inner(table) - reads - set(table.get_identifiers())
    return Uses(
        reads=reads,
        sets=sets,
        stores=frozenset(_stored(table)) | frozenset(_starred(tree)),
        alters=frozenset(_altered(tree, namespace, {**known, **altering})) - inner,
        shares=tuple(_shared(tree, namespace)),
        functions=functions,
        altering=altering,
    )


def _stored(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        binds = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
        if binds and (top or symbol.is_declared_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _stored(child)


def _inner(table: symtable.SymbolTable) -> set[str]:
    """The names of all functions and classes inside."""
    children = table.get_children()
    return {name for child in children for name in (*child.get_identifiers(), *_inner(child))}


def _starred(tree: ast.AST) -> Iterator[str]:
    """What `from module import *` binds."""
    import sys

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            module = sys.modules.get(node.module or "")
            yield from getattr(module, "__all__", None) or (
                name for name in vars(module or object) if not name.startswith("_")
            )


def _shared(tree: ast.AST, namespace: Mapping[str, object]) -> Iterator[frozenset[str]]:
    """The names of each statement that binds or calls; frames give new ones, and do not share."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign()
                | ast.AugAssign()
                | ast.AnnAssign()
                | ast.NamedExpr()
                | ast.Expr()
                | ast.withitem()
            ):
                parts: list[ast.AST] = [node]
            case ast.For(target=target, iter=of) | ast.comprehension(target=target, iter=of):
                parts = [target, of]
            case _:
                continue
        names = frozenset(name for part in parts for name in _lasting_names(part, namespace))
        if len(names) > 1:
            yield names


def _lasting_names(node: ast.AST, namespace: Mapping[str, object]) -> Iterator[str]:
    if isinstance(node, ast.Name):
        if not isinstance(namespace.get(node.id), types.ModuleType):
            yield node.id
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.Name) and _gives_new(node, child.id, namespace)):
            yield from _lasting_names(child, namespace)


def _gives_new(node: ast.AST, name: str, namespace: Mapping[str, object]) -> bool:
    """Whether what is made here of a name shares nothing with it: it is a frame, and not just passed on."""
    read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    derived = isinstance(node, ast.Attribute | ast.Subscript | ast.BinOp | ast.Compare | ast.UnaryOp) and read
    return derived and name in namespace and _library(namespace[name]) in FRAMES


def _altered(tree: ast.AST, namespace: Mapping[str, object], known: NamesOf) -> Iterator[str]:
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            yield from _base(node)
        elif isinstance(node, ast.AugAssign):
            yield from _base(node.target)
        elif isinstance(node, ast.Call):
            yield from _altered_by_call(node, id(node) in bare, namespace, known)


def _altered_by_call(
    call: ast.Call, bare: bool, namespace: Mapping[str, object], known: NamesOf
) -> Iterator[str]:
    inplace = any(each.arg == "inplace" and not _is_false(each.value) for each in call.keywords)
    match call.func:
        case ast.Attribute(value=owner, attr=method):
            if inplace or _alters_owner(owner, method, bare, namespace):
                yield from _base(owner)
        case ast.Name(id=name) if name in known or (bare and _is_own(name, namespace)):
            yield from known.get(name, ())
            for argument in (*call.args, *(each.value for each in call.keywords)):
                yield from _base(argument)


def _alters_owner(owner: ast.expr, method: str, bare: bool, namespace: Mapping[str, object]) -> bool:
    if method in ALTERING or (method.startswith(("set_", "add_", "register_")) and bare):
        return True
    root = next(iter(_base(owner)), "")
    thing = namespace.get(root)
    if isinstance(thing, types.ModuleType) or root not in namespace:
        return False
    return bare and _library(thing) not in STEADY


def _library(thing: object) -> str:
    return static.qualified_name(type(thing)).partition(".")[0]


def _is_own(name: str, namespace: Mapping[str, object]) -> bool:
    """Whether a call by this name may do something to its arguments; what only shows them does not."""
    return name not in SPEAKING and not (hasattr(builtins, name) and name not in namespace)


def _base(node: ast.expr) -> Iterator[str]:
    """The name at the beginning of `name.part[3].other`, also through calls such as `name.part()`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
