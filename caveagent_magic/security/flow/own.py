"""The person's own live functions and classes, followed into their source."""

from __future__ import annotations

import ast
import functools
import sys
import types
from collections.abc import Sequence

from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.compiled import Compiled
from caveagent_magic.security.flow.expressions import holds_markup
from caveagent_magic.security.flow.reader import Given
from caveagent_magic.security.flow.values import (
    DATA,
    Bound,
    Const,
    Instance,
    Made,
    Named,
    Ref,
    Value,
    Values,
    join,
)
from caveagent_magic.security.known import module_dict, own_code, top
from caveagent_magic.security.objects import live, still
from caveagent_magic.security.objects.alike import are_data, is_container
from caveagent_magic.security.objects.callbacks import departing, registered
from caveagent_magic.security.objects.files import is_open_for_writing
from caveagent_magic.security.objects.held import held, written
from caveagent_magic.security.objects.members import own_functions
from caveagent_magic.security.objects.native import TooMany, held_natively, is_handle
from caveagent_magic.security.objects.public import class_name
from caveagent_magic.security.objects.settings import settings_of
from caveagent_magic.security.objects.sinks import ends_in_a_file
from caveagent_magic.security.objects.standing import importing, standing
from caveagent_magic.security.objects.still import Kinds, class_dict, is_a, mro
from caveagent_magic.security.objects.validators import accessors

CALLED_BY_LIBRARIES = ("write", "flush", "find_spec", "find_module", "to_mimebundle", "render")
NEVER_OWN = Kinds(*live.ROUTINES, *live.PLAIN, list, tuple, dict, types.MethodType)


class Own(Compiled):
    """Follows what earlier cells and the person's files defined."""

    def touch(self, value: Instance | Named, node: ast.AST) -> None:
        """Follow the hooks of an object whose class is the person's own, and the code that it holds."""
        obj = value.live.obj if value.live is not None else None
        if obj is None or own_code(obj) or id(obj) in self.touched_objects:
            return
        self.touched_objects.add(id(obj))
        if is_container(obj) and are_data((obj,)):
            return
        if is_a(obj, type):
            self.metaclass(type(obj), node, obj)
            self.asked_for(obj, "__subclasshook__", node)
            return
        for inner in (*self.held_by(obj), *registered(obj)):
            self._may_run(inner, node)
            if is_handle(inner):
                self.ask_native(node)
        if is_handle(obj):
            self.ask_native(node)
        self.hooks(type(obj), node, obj)

    def ask_native(self, node: ast.AST) -> None:
        """Something is used that may call what only native code holds."""
        if self.native is None:
            self.native = node, self.elsewhere

    def read_standing(self) -> None:
        """Follow what the person has told libraries to call by themselves."""
        if not self.tree.body:
            return
        node = self.tree.body[-1]
        nodes = self.nodes
        words = {each.value for each in nodes if isinstance(each, ast.Constant)}
        imports = any(isinstance(each, (ast.Import, ast.ImportFrom)) for each in nodes)
        named = (word for word in words if type(word) is str and word.isidentifier())
        handlers = standing(named, self._libraries(nodes), self.looked)
        for found in (*handlers, *(importing() if imports else ())):
            if own_code(found):
                self.call_back(live.values_of(found)[0], node)
            elif type(found) not in NEVER_OWN:
                self._stands_by(found, node)

    def _libraries(self, nodes: Sequence[ast.AST]) -> set[str]:
        """Those that the code imports, or of whose objects it names one; frames draw with matplotlib."""
        imported = [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
        imported += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        for name in {node.id for node in nodes if isinstance(node, ast.Name)} & set(self.namespace):
            obj = self.namespace[name]
            module = module_dict(obj).get("__name__") if is_a(obj, types.ModuleType) else None
            imported.append(still.word(module) if module else class_name(type(obj)))
        found = set(map(top, imported))
        return found | {"matplotlib"} if "pandas" in found or "seaborn" in found else found

    def _stands_by(self, found: object, node: ast.AST) -> None:
        """An object, or a class, whose methods a library calls."""
        kind = found if is_a(found, type) else type(found)
        if not self.is_own_class(kind):
            return
        self.hooks(kind, node, found)
        self.overridden(kind, node, found)
        for name in CALLED_BY_LIBRARIES:
            for method in live.attribute(Instance(class_name(kind), Ref(found)), name) or ():
                self.call_back(method, node)

    def read_native(self) -> None:
        """Follow what native code may call, once nothing that is read holds a function itself."""
        if self.native is None:
            return
        node, self.elsewhere = self.native
        try:
            with self.budget.aside():
                held_so = list(held_natively())
            for found in held_so:
                self._native(found, node)
        except TooMany:
            self.unknown("may call functions that there are too many objects to look for", node)
        self.elsewhere = None

    def _native(self, found: object, node: ast.AST) -> None:
        for inner in (found, *held(found)):
            self._may_run(inner, node)
        members = list(class_dict(found).values()) if is_a(found, type) else []
        for function in (each for member in members for each in own_functions(member)):
            self.hand_over(live.values_of(function), node)

    def note_pending(self, values: Values, node: ast.AST) -> None:
        """What a live connection of SQLite's has not written down yet is written, or given up."""
        for value in values:
            obj = value.live.obj if isinstance(value, Instance) and value.live is not None else None
            if _is_pending(obj):
                self.record("call", ("sqlite3.Connection.commit()",), node)

    def let_go(self, obj: object, node: ast.AST) -> None:
        """The name of a live object is bound anew or deleted: it may be the last that held it."""
        self.touch(Instance(class_name(type(obj)), Ref(obj)), node)
        for inner in departing(obj):
            self._may_run(inner, node)

    def act_on(self, obj: object, node: ast.AST) -> None:
        """A method of a live object is called, or it is handed on: what it was set up with counts."""
        if id(obj) in self.acted_on:
            return
        self.acted_on.add(id(obj))
        self.may_be_met(obj)
        if is_a(obj, type):  # an object that the code has just made of the person's class
            self.hooks(obj, node)
            self.overridden(obj, node)
            self.validated(obj, node)
            return
        if ends_in_a_file(obj):
            self.record("call", ("polars.LazyFrame.sink_csv", "?.sink_csv"), node, open_ended=True)
        if is_open_for_writing(obj):
            self.record("call", (f"{class_name(type(obj))}.write",), node, open_ended=True)
        self.overridden(type(obj), node, obj)
        self.validated(type(obj), node)
        for kind, given in settings_of((obj, *self.held_by(obj))):
            keywords = {name: live.values_of(value) for name, value in given.items()}
            self.record("call", (class_name(kind),), node, keywords=keywords)

    def home_of(self, owner: Instance, name: str) -> str:
        """The class that has the method: that of a library from which the person's is derived."""
        obj = owner.live.obj if owner.live is not None else None
        kind = obj if is_a(obj, type) else type(obj)
        if obj is None or not self.is_own_class(kind):
            return owner.of
        return next((class_name(each) for each in mro(kind)[:-1] if name in class_dict(each)), owner.of)

    def of_hidden(self, name: str) -> Values:
        """The person's methods of that name of objects in cells of frames, or deeper."""
        found: list[Values] = []
        for obj in self.hidden.values():
            kind = obj if is_a(obj, type) else type(obj)
            owner = Instance(class_name(kind), Ref(obj))
            methods = live.attribute(owner, name) or ()
            found.append(tuple(method for method in methods if isinstance(method, Bound)))
        return join(*found) if found else ()

    def read_property(self, owner: Instance, name: str, node: ast.AST) -> Values | None:
        """Follow the getter of a property."""
        found = still.attribute(owner.live.obj, name) if owner.live is not None else still.MISSING
        if self.is_own_class(type(found)):
            self.hooks(type(found), node)
        elif found is not still.MISSING and not is_a(found, (property, functools.cached_property)):
            for inner in self.held_by(found):
                self._may_run(inner, node)
        getter = (
            found.fget
            if type(found) is property
            else found.func
            if type(found) is functools.cached_property
            else None
        )
        if not own_code(getter):
            return None
        return self.call_value(live.values_of(getter)[0], Given(node, Scope({}), ((owner,),), {}, False))

    def show_tables(self, node: ast.AST) -> None:
        """A frame is shown as it is, or one that was made of those which the code names."""
        if self.shown is None:
            named = {each.id for each in self.nodes if isinstance(each, ast.Name)}
            live_tables = (self.namespace[name] for name in named if name in self.namespace)
            self.shown = any(any(map(holds_markup, written(table))) for table in live_tables)
        if self.shown:
            self.record("code", ("markup that loads",), node)

    def ask_module(self, owner: Value, name: str, node: ast.AST) -> Values | None:
        """Follow the `__getattr__` of a module of the person's, which gives what the module has not."""
        obj = owner.live.obj if isinstance(owner, Named) and owner.live is not None else None
        if not (is_a(obj, types.ModuleType) and isinstance(owner, Named)):
            return None
        if type(obj) is not types.ModuleType:
            return self.read_property(Instance(class_name(type(obj)), owner.live), name, node)
        asked = module_dict(obj).get("__getattr__")
        if not own_code(asked):
            return None
        return self.call_value(live.values_of(asked)[0], Given(node, Scope({}), ((Const(name),),), {}, False))

    def ask_accessor(self, name: str, node: ast.AST) -> Values:
        """Make what the person has registered under that name for all frames and series."""
        if self.registered is None:
            self.registered = accessors()
        kind = self.registered.get(name)
        return self.call_value(live.values_of(kind)[0], _unknown_call(node)) if kind is not None else ()

    def write_property(self, owner: Instance, name: str, values: Values, node: ast.AST) -> None:
        """Follow the setter of a property, and what deletes it."""
        found = still.attribute(owner.live.obj, name) if owner.live is not None else still.MISSING
        obj = owner.live.obj if owner.live is not None else None
        self.validated(obj if is_a(obj, type) else type(obj), node)
        if self.is_own_class(type(found)):
            self.hooks(type(found), node, found)
        for method in (found.fset, found.fdel) if type(found) is property else ():
            if own_code(method):
                args = ((owner,), values)[: method.__code__.co_argcount]
                self.call_value(live.values_of(method)[0], Given(node, Scope({}), args, {}, False))

    def own_class_of(self, value: Value) -> Values:
        """The class of an object, where it is the person's or the step's."""
        if isinstance(value, Made):
            return (value.of,)
        obj = value.live.obj if isinstance(value, Instance) and value.live is not None else None
        kind = obj if is_a(obj, type) else type(obj)
        return live.values_of(kind) if obj is not None and self.is_own_class(kind) else ()


def _is_pending(obj: object) -> bool:
    """Whether it is a connection of SQLite's in the middle of a transaction."""
    module = sys.modules.get("sqlite3")
    kind = module_dict(module).get("Connection") if is_a(module, types.ModuleType) else None
    return type(obj) is kind and bool(class_dict(kind)["in_transaction"].__get__(obj))


def _unknown_call(node: ast.AST) -> Given:
    return Given(node, Scope({}), (DATA,), {}, False)
