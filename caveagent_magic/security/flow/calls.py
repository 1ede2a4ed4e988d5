"""What calls do: what can be followed is followed, the others are noted."""

from __future__ import annotations

import ast
import dataclasses
import types

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.iterating import drained
from caveagent_magic.security.flow.outcomes import HOLDING, Outcomes
from caveagent_magic.security.flow.parameters import parameters
from caveagent_magic.security.flow.reader import Given, names_of
from caveagent_magic.security.flow.shared import SHARED, changed_for_all
from caveagent_magic.security.flow.specials import SPECIALS
from caveagent_magic.security.flow.values import (
    DATA,
    MADE,
    MISSING,
    Bound,
    Class,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Opaque,
    Ref,
    Value,
    Values,
    constants,
    join,
    texts,
)
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.callbacks import loggers, of_open_figures
from caveagent_magic.security.objects.native import ASKING
from caveagent_magic.security.objects.public import canonical
from caveagent_magic.security.objects.still import is_a
from caveagent_magic.security.reach import reach
from caveagent_magic.security.sql import calls_more_than_duckdb
from caveagent_magic.security.vocabulary import names

CALLED = pattern(r"\b([^\W\d]\w*)\s*\(")
ENDING = names("commit rollback close executescript __enter__ __exit__")
"""Methods of a connection that write down what is pending, or give it up."""
TAKING_ALL = names("join extend update fromkeys extendleft writelines union")
"""Methods that go through all of an iterable."""


class Calls(Outcomes):
    """Works out calls."""

    def call(self, node: ast.Call, scope: Scope) -> Values:
        """What a call gives."""
        callees = self.values(node.func, scope)
        given = self._given(node, scope)
        return join(*(self.call_value(callee, given) for callee in callees)) if callees else DATA

    def _given(self, node: ast.Call, scope: Scope) -> Given:
        args: list[Values] = []
        open_ended = False
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                several = self.values(arg.value, scope)
                if len(several) == 1 and isinstance(several[0], Items) and several[0].kind != "dict":
                    held = several[0]
                    args += [values if held.ordered else held.contents for _, values in held.entries]
                    continue
                open_ended = True
                self.all_of(several, arg)
            else:
                args.append(self.values(arg, scope))
        keywords: dict[str, Values] = {}
        for keyword in node.keywords:
            values = self.values(keyword.value, scope)
            if keyword.arg is not None:
                keywords[keyword.arg] = values
                continue
            known = [
                value
                for value in values
                if isinstance(value, Items) and all(isinstance(k, str) for k, _ in value.entries)
            ]
            if len(known) != len(values):
                open_ended = True
                self.hand_over(values, keyword.value)
                self.hand_over(self.attribute(values, "keys", keyword.value), keyword.value)
            for value in known:
                keywords |= {str(key): inner for key, inner in value.entries}
        return Given(node, scope, tuple(args), keywords, open_ended)

    def call_value(self, callee: Value, given: Given) -> Values:
        """What calling one of the possible callees gives."""
        if isinstance(callee, Named):
            return self._call_named(callee, given)
        if isinstance(callee, Bound):
            merged = {**dict(callee.keywords), **given.keywords}
            return self.call_value(
                callee.function, given.but(args=(*callee.first, *given.args), keywords=merged)
            )
        if isinstance(callee, Function):
            return self.follow(callee, given)
        if isinstance(callee, Class):
            return self._make(callee, given)
        if isinstance(callee, Instance):
            return self._call_instance(callee, given)
        self._hand_all(given)
        if isinstance(callee, Made):
            method = self._class_attribute(callee, "__call__")[0]
            return self.call_value(method, given) if isinstance(method, Bound) else DATA
        if isinstance(callee, Opaque) and callee.origin in ("data", "element", "unresolved"):
            self.unknown("calls something that is only known when it runs", given.node)
        return MISSING if callee == MISSING[0] else DATA

    def _call_instance(self, callee: Instance, given: Given) -> Values:
        method = live.attribute(callee, "__call__") if callee.live is not None else None
        if method and isinstance(method[0], Bound):
            return self.call_value(method[0], given)
        self._hand_all(given)
        self.record("call", (callee.of, f"{callee.of}.__call__"), given.node, args=given.args)
        return (self._made_with(callee.of, (callee,), given),) if callee.of.startswith(HOLDING) else MADE

    def _call_named(self, callee: Named, given: Given) -> Values:
        obj = callee.live.obj if callee.live is not None else None
        if own_code(obj):
            return self._follow_live(callee, obj, given)
        self._note_reach(callee, given)
        self._note_changed(callee, given)
        self._note_formula(given)
        through = self.own_kind(callee.receiver)
        if through is not None:  # a library's method of the person's class
            self.made_by_library(through, given.node)
        if is_a(obj, type) and self.is_own_class(obj):
            return self.make_live(callee, obj, given)
        name = canonical(callee.name)
        receiver: Values = (callee.receiver,) if callee.receiver is not None else ()
        if given.args and _unbound(callee):
            receiver, given = given.args[0], given.but(args=given.args[1:])
        elif given.args and callee.receiver is None and obj is not None and live.unbound(obj):
            self._record_call(callee, given.but(args=given.args[1:]), given.args[0])
        if name.rpartition(".")[2] in TAKING_ALL:
            drained(self, given)
        special = SPECIALS.get(name)
        if special is not None:
            found = special(self, given)
            if found is not None:
                return found
        self._record_call(callee, given, receiver)
        return self._outcome(callee, name, receiver, given)

    def _note_changed(self, callee: Named, given: Given) -> None:
        """Note that a container which a module of a library holds is changed in place."""
        method = callee.name.rpartition(".")[2]
        if callee.name.startswith(("operator.", "_operator.")):
            method = f"__{method.strip('_')}__"
        bare = given.args and (callee.receiver is None or _unbound(callee))
        owners = [callee.receiver, *(given.args[0] if bare else ())]
        for name in filter(None, (changed_for_all(owner, method, self.shared) for owner in owners)):
            self.record("store", (f"{name}[]",), given.node, args=given.args, detail=SHARED)

    def _note_formula(self, given: Given) -> None:
        """Follow the functions that a formula calls; those of the person and the code go before patsy's."""
        written = (each for values in (*given.args[:2], *given.keywords.values()) for each in texts(values))
        for name in {name for text in written if "~" in text for name in CALLED.findall(text)}:
            for value in given.scope.look_up(name):
                if not (isinstance(value, Named) and value.name.startswith("builtins.")):
                    self.hand_over((value,), given.node)

    def _note_reach(self, callee: Named, given: Given) -> None:
        """Note what a live function of a library is seen to use, and what its object was set up with."""
        obj, owner = callee.live.obj if callee.live is not None else None, callee.receiver
        if type(obj) is types.FunctionType:
            for name in reach(obj):
                self.record("pass", (name,), given.node)
        if callee.name.startswith("logging."):
            for logger in loggers(given.args[0] if given.args else ()):
                self.touch(Instance("logging.Logger", Ref(logger)), given.node)
                self.act_on(logger, given.node)
        if callee.name.startswith(ASKING) and not _asks_duckdb_alone(callee, given):
            self.ask_native(given.node)
        if callee.name.startswith("matplotlib.pyplot."):
            for figure in of_open_figures():
                self.touch(Instance("matplotlib", Ref(figure)), given.node)
        method = callee.name.rpartition(".")[2]
        if method in ENDING and isinstance(owner, Instance):
            self.note_pending((owner,), given.node)
        if isinstance(owner, Instance) and owner.live is not None and not method.startswith(("get_", "set_")):
            self.act_on(owner.live.obj, given.node)

    def _record_call(self, callee: Named, given: Given, receiver: Values) -> None:
        """Note a call; a method taken from its class goes by the same names as one of an object."""
        known = callee.receiver is not None or not receiver
        called = callee if known else dataclasses.replace(callee, receiver=receiver[0])
        spread = self.workers and callee.name.startswith(HOLDING)
        keywords = {"n_jobs": DATA, **given.keywords} if spread else given.keywords
        self.record(
            "call", names_of(called), given.node, args=given.args, keywords=keywords,
            open_ended=given.open_ended, receiver=receiver, given=parameters(callee, given.args, receiver),
        )  # fmt: skip


def _unbound(callee: Named) -> bool:
    """Whether it is a method taken from its class, so that the object comes first: `DataFrame.to_csv(df)`."""
    owner = callee.receiver
    if not isinstance(owner, Named) or owner.module:
        return False
    if callee.live is not None:
        return isinstance(owner.live, Ref) and is_a(owner.live.obj, type) and live.unbound(callee.live.obj)
    return False


def _asks_duckdb_alone(callee: Named, given: Given) -> bool:
    """Whether a query uses nothing that somebody has put into DuckDB, as far as its words tell."""
    words = constants(given.args[0]) if given.args else []
    if words is None or any(isinstance(each, str) and calls_more_than_duckdb(each) for each in words):
        return False
    return callee.name.startswith(("duckdb.", "_duckdb."))
