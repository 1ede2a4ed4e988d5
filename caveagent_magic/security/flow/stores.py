"""Binding of names, attributes and items."""

from __future__ import annotations

import ast
import builtins
import types

from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.calls import Calls
from caveagent_magic.security.flow.reader import names_of
from caveagent_magic.security.flow.shared import SETTINGS, SHARED, is_of_library, is_relied_on
from caveagent_magic.security.flow.values import (
    DATA,
    Bound,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Opaque,
    Ref,
    Values,
    texts,
)
from caveagent_magic.security.known import harmless, known_here, module_dict
from caveagent_magic.security.objects import live, still
from caveagent_magic.security.objects.files import is_memory
from caveagent_magic.security.objects.public import canonical, canonical_module, class_name
from caveagent_magic.security.objects.still import is_a, word

RELIED_ON = frozenset(["display", "get_ipython", "exit", "quit", "In", "Out"])


class Stores(Calls):
    """Binds whatever is assigned or imported."""

    def assign(self, target: ast.expr, values: Values, scope: Scope) -> None:
        """Bind a target of any shape."""
        if isinstance(target, ast.Name):
            self.store_name(target.id, values, target, scope)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, values, scope)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, values, scope)
        elif isinstance(target, ast.Attribute):
            self.store_attribute(self.values(target.value, scope), target.attr, values, target)
        elif isinstance(target, ast.Subscript):
            self._store_item(target, values, scope)

    def _unpack(self, target: ast.Tuple | ast.List, values: Values, scope: Scope) -> None:
        exact = (
            len(values) == 1
            and isinstance(values[0], Items)
            and not any(isinstance(t, ast.Starred) for t in target.elts)
        )
        everything = values[0].contents if exact and isinstance(values[0], Items) else ()
        for index, each in enumerate(target.elts):
            if exact:
                found = self.item(values[0], (Const(index),), each)
            else:
                found = everything or self.elements(values, target)
            if isinstance(each, ast.Starred):
                self.all_of(values, each)
                found = (Items("list", ((None, found),), id(each)),)
            self.assign(each, found, scope)

    def store_name(self, name: str, values: Values, node: ast.AST, scope: Scope) -> None:
        """Bind a name, noting where the person or the libraries rely on what it meant."""
        if scope.is_class and name not in scope.outer:
            self.hand_over(tuple(value for value in values if isinstance(value, (Named, Items))), node)
        elif scope.outermost or name in scope.outer:
            was = scope.namespace.get(name)
            held = not is_a(was, (types.ModuleType, types.FunctionType, type, type(None)))
            if held and name not in scope.names:
                self.let_go(was, node)
            if (name in builtins.__dict__ or name in RELIED_ON) and any(
                _is_code(value) or _is_another(value, name) for value in values
            ):
                self.record("store", (f"builtins.{name}",), node)
            elif is_a(was, types.ModuleType) and not any(_is_it(value, was) for value in values):
                self.record("store", (f"__main__.{name}",), node)
            if name.startswith("__") and name.endswith("__"):
                self.record("store", (f"?.{name}",), node)
        self._rebound(name, values, scope)
        scope.bind(name, values)

    def _rebound(self, name: str, values: Values, scope: Scope) -> None:
        """A function that was followed earlier may see something else from now on."""
        if not set(values) <= set(scope.ever.get(name, ())) and (scope.outermost or name in scope.ever):
            self.changes += 1

    def store_attribute(self, owners: Values, name: str, values: Values, node: ast.AST) -> None:
        """`owner.name = value`: on modules and classes it changes what others rely on."""
        for owner in owners:
            if isinstance(owner, Named) and _shared(owner):
                self.record("store", (f"{canonical(owner.name)}.{name}",), node, args=(values,))
            elif isinstance(owner, (Named, Instance)) and not isinstance(owner, Opaque):
                first = owner.name if isinstance(owner, Named) else owner.of
                known = "" if _replaces_method(owner, name, values) else "of an object"
                self.record(
                    "store", (f"{first}.{name}", f"?.{name}"), node, args=(values,), receiver=(owner,),
                    detail=SHARED if is_relied_on(owner, name) else known,
                )  # fmt: skip
            else:
                self.record("store", (f"?.{name}",), node, args=(values,), detail="of an object")
            if isinstance(owner, Instance):
                if name in ("isolation_level", "autocommit"):
                    self.note_pending((owner,), node)
                if owner.live is not None and is_memory(owner.live.obj):
                    self.record("call", ("mmap.mmap.write",), node)
                self.write_property(owner, name, values, node)
            if isinstance(owner, Class):
                owner.scope.bind(name, values)
            if isinstance(owner, Made):
                owner.of.scope.bind(name, values)
                for kind in self.live_kinds(owner.of):
                    self.write_property(Instance(class_name(kind), Ref(kind)), name, values, node)
        if not all(isinstance(owner, (Class, Made)) for owner in owners) or not owners:
            self.hand_over(values, node)

    def _store_item(self, target: ast.Subscript, values: Values, scope: Scope) -> None:
        owners = self.values(target.value, scope)
        keys = self.values(target.slice, scope)
        self.hand_over(keys, target.slice)
        if _in_layout(target) and texts(keys):
            self.record(
                "store",
                tuple(f"?.layout.{word}" for word in texts(keys)),
                target,
                args=(values,),
                detail="of an object",
            )
        for owner in owners:
            if isinstance(owner, (Named, Instance)):
                of = names_of(owner) if isinstance(owner, Named) else (owner.of,)
                self.record("store", tuple(f"{name}[]" for name in of), target, args=(keys, values))
            if isinstance(owner, Instance) and owner.live is not None and is_memory(owner.live.obj):
                self.record("call", ("mmap.mmap.write",), target)
            if isinstance(owner, Named) and is_of_library(owner):
                self.record("store", (f"{owner.name}[]",), target, args=(keys, values), detail=SHARED)
            elif isinstance(owner, Items) and owner.place in self.shared:
                self.record(
                    "store", (f"{self.shared[owner.place]}[]",), target, args=(values,), detail=SHARED
                )
            if isinstance(owner, Instance) and owner.live is not None and not known_here(owner.of):
                self.record("call", (f"{owner.of}.__setitem__",), target, args=(keys, values))
        if isinstance(target.slice, ast.Slice):
            values = self.all_of(values, target)
        for owner in owners:
            if isinstance(owner, Items):
                self._store_in(owner, keys, values, target)
        if not (isinstance(target.value, ast.Name) and any(isinstance(owner, Items) for owner in owners)):
            self.hand_over(values, target)

    def _store_in(self, owner: Items, keys: Values, values: Values, target: ast.Subscript) -> None:
        moves = isinstance(target.slice, ast.Slice) or isinstance(target.ctx, ast.Del)
        if moves and owner.kind == "list":
            self.mix(owner, target)
        known = [key.value for key in keys if isinstance(key, Const)]
        key = known[0] if len(known) == 1 == len(keys) else None
        if owner.kind == "list" and isinstance(key, int) and key < 0:
            key = None  # from the end, wherever that is
        self.put(owner, [(key, values)], target)

    def imported(self, name: str, node: ast.AST) -> Values:
        """The module that an import gives."""
        self.record("import", (canonical_module(name), name), node)
        return live.module(name) or (Named(canonical_module(name), module=True),)

    def _import_all(self, owners: Values, scope: Scope) -> None:
        for owner in owners:
            if not isinstance(owner, Named) or owner.live is None:
                scope.starred += (owner,) if isinstance(owner, Named) else ()
                continue
            assert is_a(owner.live.obj, types.ModuleType)
            inside = module_dict(owner.live.obj)
            public = inside.get("__all__")
            listed = is_a(public, (list, tuple))
            names = list(public) if listed else [n for n in inside if n[:1] != "_"]  # type: ignore[arg-type]
            for name in map(word, names):
                scope.bind(name, live.attribute(owner, name) or DATA)


def _in_layout(target: ast.Subscript) -> bool:
    """`fig['layout']['images']`."""
    inner = target.value.slice if isinstance(target.value, ast.Subscript) else None
    return isinstance(inner, ast.Constant) and inner.value == "layout"


def _is_code(value: object) -> bool:
    """Whether binding it to a name would change what calls of that name do."""
    if isinstance(value, Named) and value.module and value.name == "IPython.display":
        return False  # `import IPython.display as display`
    if isinstance(value, Named):
        return value.name.startswith("builtins.") or not harmless(value.name)
    return isinstance(value, (Function, Class, Bound, Made))


def _is_another(value: object, name: str) -> bool:
    """Whether it is a routine or module of another name; `from math import pow` is meant as it is written."""
    return isinstance(value, Named) and value.name.rpartition(".")[2] != name


def _is_it(value: object, module: types.ModuleType) -> bool:
    """Whether it is the module itself."""
    if not isinstance(value, Named):
        return False
    drawing = word(module_dict(module).get("__name__")) == "matplotlib.pyplot"
    if drawing and value.name in ("pylab", "matplotlib.pylab"):  # has all of its names
        return True
    return value.live is not None and value.live.obj is module


def _replaces_method(owner: Named | Instance, name: str, values: Values) -> bool:
    """Whether a method of a live object or class is to be other code from now on."""
    obj = owner.live.obj if owner.live is not None else None
    found = still.function_of(still.attribute(obj, name)) if obj is not None else None
    method = is_a(found, live.ROUTINES) and "." in word(getattr(found, "__qualname__", ""))
    return method and any(isinstance(value, (Function, Bound, Class, Named)) for value in values)


def _shared(owner: Named) -> bool:
    """Whether it is a module, a class or a routine of somebody else."""
    if SETTINGS & set(owner.name.split(".")):
        return False
    if owner.live is not None:
        return owner.module or (
            is_a(owner.live.obj, (type, *live.ROUTINES)) and not owner.name.startswith("__main__")
        )
    return owner.module or owner.name.rpartition(".")[2][:1].isupper() or owner.name == "builtins.type()"
