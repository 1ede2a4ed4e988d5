"""Functions of the person that are read where they are live: with their closures, or by their names alone."""

from __future__ import annotations

import ast
import builtins
import sys
import types
from collections.abc import Iterator

from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.generated import enclosed, generated
from caveagent_magic.security.flow.hooks import Hooks, is_uncalled
from caveagent_magic.security.flow.reader import Given, names_of, span_of
from caveagent_magic.security.flow.source import goes_on, names_in, node_of
from caveagent_magic.security.flow.values import (
    DATA,
    Bound,
    Function,
    Instance,
    Made,
    Named,
    Ref,
    Value,
    Values,
)
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live, still
from caveagent_magic.security.objects.public import class_name
from caveagent_magic.security.objects.still import class_dict, is_a, mro
from caveagent_magic.security.rule import claimed


class Compiled(Hooks):
    """Follows live functions of the person."""

    def _may_run(self, inner: object, node: ast.AST) -> None:
        kind = type(inner)
        if id(kind) in self.quiet and self._is_quiet(inner):
            return
        if is_a(inner, type):
            self.metaclass(inner, node)
            self.metaclass(kind, node, inner)
            return
        found = live.called_as(inner)
        called = [value.function if isinstance(value, Bound) else value for value in found]
        known = [value for value in called if isinstance(value, Named)]
        if any(value.name.startswith("_thread.") for value in known):
            return  # a lock of the library's, which it takes and lets go
        own = any(value.live is not None and own_code(value.live.obj) for value in known)
        if own or any(claimed(name) for value in known for name in names_of(value)):
            self.hand_over(found, node)
        else:
            self.hooks(kind, node, inner)
            self.called(inner, node)
            if self.is_own_class(kind):
                self.hidden[id(kind)] = inner
            elif not live.is_callable_kind(kind) and is_uncalled(still.attribute(kind, "__call__")):
                self.quiet[id(kind)] = kind

    def _is_quiet(self, inner: object) -> bool:
        """Whether an object of a class of which another one was quiet is so, too."""
        named = inner is sys.modules or inner is builtins.__dict__
        return not named and "__call__" not in still.instance_dict(inner)

    def _follow_live(self, callee: Named, function: types.FunctionType, given: Given) -> Values:
        node = node_of(function)
        before = self.elsewhere
        if before is None:
            self.elsewhere = (span_of(given.node), callee.name.rpartition(".")[2])
        try:
            if node is None or generated(function):
                return self._follow_compiled(function, given)
            return self.follow(self._function_of(function, node), given)
        finally:
            self.elsewhere = before

    def _function_of(
        self, function: types.FunctionType, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    ) -> Function:
        if id(function) in self.live_functions:
            return self.live_functions[id(function)]
        scope = self._closure(function)
        positional = function.__code__.co_varnames[: function.__code__.co_argcount]
        defaults = dict(zip(reversed(positional), reversed(function.__defaults__ or ()), strict=False))
        defaults |= function.__kwdefaults__ or {}
        found = Function(node, scope, {name: live.values_of(value) for name, value in defaults.items()})
        self.live_functions[id(function)] = found
        return found

    def _closure(self, function: types.FunctionType) -> Scope:
        beneath = self.outermost if function.__globals__ is self.namespace else None
        scope = Scope(function.__globals__, beneath)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
            try:
                scope.bind(name, live.values_of(cell.cell_contents))
            except ValueError:  # the cell is still empty
                continue
        return scope

    def _follow_compiled(self, function: types.FunctionType, given: Given) -> Values:
        """Without its source, every name in it counts as used on every module that it can reach."""
        self._hand_all(given)
        if (id(function), given.args[:1]) in self.compiled:
            return DATA
        self.compiled.add((id(function), given.args[:1]))
        if generated(function):
            for inner in enclosed(function):
                self._may_run(inner, given.node)
            return DATA
        if goes_on(function.__code__):
            self.unknown("runs a loop of which only the compiled code is there", given.node)
        self.give("", given)
        names = names_in(function.__code__)
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self.hand_over(live.values_of(default), given.node)
        for owner in self._as_live(given.args[0]) if given.args else ():
            if isinstance(owner, (Instance, Named)) and owner.live is not None:
                for name in names:
                    self.hand_over(live.attribute(owner, name) or (), given.node)
        scope = self._closure(function)
        owners = [
            value
            for name in names
            if name in function.__globals__ or name in vars(builtins)
            for value in scope.look_up(name)
        ]
        owners += [
            value for name in names if name not in function.__globals__ for value in live.module(name) or ()
        ]
        owners += [value for values in scope.names.values() for value in values]
        for owner in owners:
            self.hand_over((owner,) if not (isinstance(owner, Named) and owner.module) else (), given.node)
            kind = self.own_kind(owner)
            if kind is not None:
                self.made_by_library(kind, given.node)
            if isinstance(owner, Named) and owner.module and owner.live is not None:
                for name in names:
                    self.hand_over(live.attribute(owner, name) or (), given.node)
        for owner in owners if "super" in names else ():
            self._call_bases(owner, names, given.node)
        for name in names:
            self.record("pass", (f"?.{name}",), given.node)
        return DATA

    def _as_live(self, values: Values) -> Iterator[Value]:
        """The values; one of a class of the step as objects of the person's that it is derived from."""
        for value in values:
            kinds = self.live_kinds(value.of) if isinstance(value, Made) else ()
            yield from (Instance(class_name(kind), Ref(kind)) for kind in kinds)
            yield value

    def _call_bases(self, owner: Value, names: set[str], node: ast.AST) -> None:
        """Methods of these names that the bases of a class of the person's have."""
        kind = owner.live.obj if isinstance(owner, Named) and owner.live is not None else None
        for each in mro(kind)[1:] if is_a(kind, type) and self.is_own_class(kind) else ():
            for name in names.intersection(class_dict(each)):
                member = still.function_of(class_dict(each)[name])
                if own_code(member):
                    self.call_back(live.values_of(member)[0], node)
