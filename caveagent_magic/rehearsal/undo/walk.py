"""The walk over everything that the person's names lead to, remembering the state of each object."""

from __future__ import annotations

import gc
import sys
import time
import types
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.rehearsal.tensors import tensor_of
from caveagent_magic.rehearsal.undo import attributes
from caveagent_magic.rehearsal.undo.arrays import FORM, OBJECTS, base_of, form_of, has_objects
from caveagent_magic.rehearsal.undo.kept import Kept, Kind
from caveagent_magic.rehearsal.undo.plan import Plan, is_users, plan_of
from caveagent_magic.rehearsal.undo.tensor_state import TENSOR

_LOOK_AT_CLOCK = 256  # objects


@frozen
class Limits:
    """What taking a checkpoint may cost."""

    seconds: float = 0.4  # of the processor
    objects: int = 500_000
    items: int = 5_000_000  # of all containers together
    copied: int = 32 << 20  # bytes of arrays that are copied; what is more is left to a frozen fork


@slotted
class Span:
    """Where the memory of one array lies."""

    address: int
    size: int
    array: Any
    name: str


@slotted
class Walk:
    """What was found."""

    limits: Limits
    home: str  # the module that the person's classes say they are from
    namespace: int  # its id: it is not looked into
    kept: list[Kept] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)  # names that were not looked at to the end
    opaque: dict[str, str] = field(default_factory=dict)  # names to the type that cannot be looked into
    outside: set[str] = field(default_factory=set)  # names of arrays whose memory is a file
    _alive: list[object] = field(default_factory=list)  # so that no id is used again
    _seen: set[int] = field(default_factory=set)
    _plans: dict[type, Plan] = field(default_factory=dict)
    _passed: set[type] = field(default_factory=set)  # types whose plan is to skip
    _items: int = 0
    _deadline: float = 0.0

    @classmethod
    def over(
        cls, roots: Iterable[tuple[str, object]], namespace: Mapping[str, object], limits: Limits
    ) -> Walk:
        """Walk from these names; where a limit is met, the names that follow are unseen."""
        home = namespace.get("__name__")
        walk = cls(limits, str(home) if home else "__main__", id(namespace))
        walk._deadline = time.thread_time() + limits.seconds
        for name, thing in roots:
            if not walk._follow(name, thing):
                walk.unseen.add(name)
        return walk

    @property
    def alive(self) -> list[object]:
        """Every object that was met."""
        return self._alive

    def _follow(self, name: str, root: object) -> bool:
        """Look at all that a name leads to and that was not met before; False: there was no time."""
        stack: list[tuple[object, bool]] = [(root, False)]
        passed, seen = self._passed, self._seen
        while stack:
            thing, quiet = stack.pop()
            kind, key = type(thing), id(thing)
            if kind in passed or key in seen or (kind is dict and self._is_skipped(thing)):
                continue
            plan = self._plans.get(kind) or self._plan(kind)
            if plan.skip:
                passed.add(kind)
                continue
            seen.add(key)
            if len(seen) % _LOOK_AT_CLOCK == 0 and self._is_over():
                return False
            self._alive.append(thing)
            if plan.opaque:
                self.opaque.setdefault(name, plan.opaque)
            quiet = quiet or (plan.library and thing is not root)
            found = self._look(thing, kind, plan, name, quiet)
            self._items += len(found)
            stack += [(child, quiet) for child in found if type(child) not in passed]
            if self._items > self.limits.items:
                return False
        return True

    def _is_skipped(self, thing: Any) -> bool:
        """Whether a dictionary holds the names of a module or of the notebook."""
        name = thing.get("__name__")
        module = sys.modules.get(name) if type(name) is str else None
        return id(thing) == self.namespace or (type(module) is types.ModuleType and vars(module) is thing)

    def _plan(self, kind: type) -> Plan:
        plan = self._plans[kind] = plan_of(kind)
        return plan

    def _is_over(self) -> bool:
        return len(self._seen) > self.limits.objects or time.thread_time() > self._deadline

    def _look(self, thing: Any, kind: type, plan: Plan, name: str, quiet: bool) -> list[object]:
        found: list[object] = []
        for each in (*plan.kinds, *self._more(thing, kind, plan)) if plan.varies else plan.kinds:
            state = each.read(thing)
            self.kept.append(Kept(thing, each, state, name, quiet))
            found += each.inside(state)
        if kind is dict:
            return found
        if plan.referents:
            found += self._held_by(thing)
        elif kind is tuple or kind is frozenset:
            found += thing
        elif plan.is_array:
            found += self._array(thing, name)
        elif plan.is_tensor:
            found += self._tensor(thing, name, quiet)
        elif kind is types.FunctionType:
            found += thing.__closure__ or ()
        return found

    def _more(self, thing: Any, kind: type, plan: Plan) -> tuple[Kind, ...]:
        """What depends on the object, and not on its type alone."""
        if plan.is_array:
            return (FORM, OBJECTS) if has_objects(thing) else (FORM,)
        if kind is types.FunctionType and thing.__module__ == self.home:
            return (attributes.FUNCTION,)
        if issubclass(kind, type) and is_users(thing, self.home):
            return (attributes.CLASS,)
        return ()

    def _array(self, thing: Any, name: str) -> list[object]:
        base = base_of(thing)
        if not has_objects(thing):
            address, size = form_of(thing).span()
            self.spans.append(Span(address, size, thing, name))
        return [] if base is None else [base]

    def _tensor(self, thing: Any, name: str, quiet: bool) -> list[object]:
        state = tensor_of(thing)
        if state is None:
            self.opaque.setdefault(name, attributes.qualified(type(thing)))
            return []
        self.kept.append(Kept(thing, TENSOR, state, name, quiet))
        self.spans.append(Span(state.address, state.reach, state.alias, name))
        return [] if state.grad is None else [state.grad]

    def _held_by(self, thing: object) -> list[object]:
        """What an object refers to in C; neither classes of libraries nor what leads to their modules."""
        passed, found = self._passed, gc.get_referents(thing)
        return [
            each
            for each in found
            if type(each) not in passed and (not issubclass(type(each), type) or is_users(each, self.home))
        ]
