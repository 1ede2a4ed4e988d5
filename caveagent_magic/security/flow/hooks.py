"""What Python and libraries call by themselves of the person's live classes: to make an object, to use it."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterable, Iterator, Sequence

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.following import Following
from caveagent_magic.security.flow.generated import generated, passes_on
from caveagent_magic.security.flow.reader import Given, names_of
from caveagent_magic.security.flow.values import (
    ELEMENT,
    Bound,
    Class,
    Entry,
    Instance,
    Items,
    Made,
    Named,
    Ref,
    Value,
    Values,
    join,
)
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.held import held
from caveagent_magic.security.objects.members import (
    is_handler,
    is_property,
    of_libraries,
    own_class,
    own_functions,
)
from caveagent_magic.security.objects.public import class_name
from caveagent_magic.security.objects.still import MISSING, attribute, class_dict, is_a, mro
from caveagent_magic.security.objects.validators import validators

KEPT = pattern(
    r"_|(?:save|load|export|to|from|plot|show|report|upload|download|fetch|dump|store|persist|publish|send)(?:_|$)"
)
"""Begins the names of methods that only their author's code calls."""
MAKING = ("__new__", "__init__", "__post_init__", "__attrs_post_init__", "__attrs_pre_init__")
ASKED_FOR = (*MAKING, "__call__", "__init_subclass__", "__class_getitem__")
"""Methods between underscores that are not called only because an object is there."""


def _shows(name: str) -> bool:
    """Whether it is called where an object is shown or put into a text."""
    return name in ("__repr__", "__str__", "__format__") or name[:2] != "__"


def _offered(name: str) -> bool:
    """Whether a library may know a method by its name: `fit`, `split`, `write`."""
    return not KEPT.match(name)


def is_uncalled(method: object) -> bool:
    """Whether a `__call__` is none of the person's: there is none, or Python's own."""
    return method is MISSING or type(method) is types.WrapperDescriptorType


class Hooks(Following):
    """Follows the methods that nobody names."""

    def is_own_class(self, kind: type) -> bool:
        """Whether a class has code of the person's."""
        if id(kind) not in self.own_classes:
            self.own_classes[id(kind)] = own_class(kind, self.looked)
        return self.own_classes[id(kind)]

    def held_by(self, obj: object) -> Sequence[object]:
        """What the object can reach by itself, gone through once."""
        if id(obj) not in self.holding:
            self.holding[id(obj)] = obj, list(held(obj))
        return self.holding[id(obj)][1]

    def own_kind(self, value: object) -> type | None:
        """The person's class that a value is; None for anything else."""
        obj = value.live.obj if isinstance(value, Named) and value.live is not None else None
        return obj if is_a(obj, type) and self.is_own_class(obj) else None

    def put(self, owner: Items, entries: Iterable[Entry], node: ast.AST) -> None:
        """Whatever is put into a container may come out of one that is not followed."""
        listed = list(entries)
        super().put(owner, listed, node)
        for value in (value for _, values in listed for value in values if isinstance(value, Instance)):
            if value.live is not None:
                self.may_be_met(value.live.obj)

    def may_be_met(self, obj: object) -> None:
        """An object goes where it is not followed: its class is remembered if it is the person's."""
        kind = obj if is_a(obj, type) else type(obj)
        if self.is_own_class(kind):
            self.hidden.setdefault(id(kind), obj)

    def metaclass(self, kind: type, node: ast.AST, of: type | None = None) -> None:
        """Follow all of a metaclass of the person's."""
        if self.is_own_class(kind):
            first: Values = live.values_of(of) if of is not None else ()
            for member in list(class_dict(kind).values()):
                self._follow_member(member, first, kind, node)

    def hooks(self, kind: type, node: ast.AST, obj: object = None, shown: bool = True) -> None:
        """Follow what Python calls of an object, and what the display system does where it is shown."""
        if (id(kind), shown) in self.touched:
            return
        self.touched.add((id(kind), shown))
        if not self.is_own_class(kind):
            return
        itself = Instance(class_name(kind), Ref(kind if obj is None else obj))
        for each in mro(kind):
            for name, member in list(class_dict(each).items()):
                hook = name.startswith(("__", "_repr_", "_ipython_")) and (shown or not _shows(name))
                if (hook and name not in ASKED_FOR) or is_handler(member):
                    self._follow_member(member, (itself,), each, node)

    def overridden(self, kind: type, node: ast.AST, obj: object = None) -> None:
        """Follow what a library may call of an object: its versions of the methods of the library's class."""
        if (id(kind), "overridden") in self.touched or not self.is_own_class(kind):
            return
        self.touched.add((id(kind), "overridden"))
        library = of_libraries(kind)
        itself = Instance(class_name(kind), Ref(kind if obj is None else obj))
        for each in mro(kind) if library else ():
            for name, member in list(class_dict(each).items()):
                if name in library and name[:2] != "__":
                    self._follow_member(member, (itself,), kind, node)

    def _follow_member(self, member: object, itself: Values, kind: type, node: ast.AST) -> None:
        """Follow a member of a class into the person's functions that it is made of."""
        first = _first(member, itself, kind)
        for function in own_functions(member):
            if not (generated(function) or passes_on(function, kind)):
                self.call_back(Bound(live.values_of(function)[0], first), node)
        if type(member) is types.FunctionType and not own_code(member):  # made by a library around others
            for inner in filter(own_code, held(member)):
                self.call_back(live.values_of(inner)[0], node)
        if not is_a(member, type) and self.is_own_class(type(member)):
            self.hooks(type(member), node, member)
            self.called(member, node)

    def called(self, obj: object, node: ast.AST) -> None:
        """Follow the `__call__` of an object that goes where it may be called."""
        if (id(obj), "called") in self.touched:
            return
        self.touched.add((id(obj), "called"))
        if is_uncalled(attribute(obj, "__call__")) and not is_a(obj, types.ModuleType):
            return
        kind = obj if is_a(obj, type) else type(obj)
        method = live.attribute(Instance(class_name(kind), Ref(obj)), "__call__")
        if method and isinstance(method[0], Bound):
            self.call_back(method[0], node)

    def make_live(self, callee: Named, kind: type, given: Given, of: Value | None = None) -> Values:
        """An object of a class of the person's, or of one derived from it, is made: follow that."""
        made = of or Instance(callee.name, Ref(kind))
        self.hidden.setdefault(id(kind), kind)
        for name in MAKING:
            member = next((class_dict(each)[name] for each in mro(kind) if name in class_dict(each)), None)
            for method in own_functions(member):
                self.call_value(live.values_of(method)[0], given.but(args=((made,), *given.args)))
        for member in (member for each in mro(kind) for member in list(class_dict(each).values())):
            if self._describes(member):
                self._follow_member(member, (made,), kind, given.node)
        self.validated(kind, given.node)
        self.overridden(kind, given.node)
        self.hooks(kind, given.node, shown=False)
        return (made,)

    def _make_base(self, base: Value, given: Given, made: Made) -> None:
        """An object of a class of the step is made: what its bases do then."""
        kind = self.own_kind(base)
        if kind is not None and isinstance(base, Named):
            self.make_live(base, kind, given, made)
        elif isinstance(base, Named):
            self.record("pass", names_of(base), given.node)
        elif isinstance(base, Class) and base not in self.making:
            self.making.append(base)
            self._make(base, given, made)
            self.making.pop()

    def validated(self, kind: type, node: ast.AST) -> None:
        """Follow what a model calls, or makes, for its fields."""
        for found in validators(kind):
            if is_a(found, type):
                self.made_by_library(found, node)
            else:
                self.call_back(live.values_of(found)[0], node)

    def made_by_library(self, kind: type, node: ast.AST) -> None:
        """A library makes an object of a class of the person's, nobody knows with what."""
        if (id(kind), "made") not in self.touched and self.is_own_class(kind):
            self.touched.add((id(kind), "made"))
            callee = Named(class_name(kind), Ref(kind))
            self.make_live(callee, kind, Given(node, Scope({}), (), {}, True))

    def derive(self, bases: Values, node: ast.AST) -> None:
        """A class is derived from some others."""
        for base in bases:
            for kind in self.live_kinds(base):
                self.derived(kind, node)

    def derived(self, kind: type, node: ast.AST) -> None:
        """The code derives a class: follow what that runs of the person's class."""
        for each in mro(kind) if self.is_own_class(kind) else ():
            for name, member in list(class_dict(each).items()):
                of_class = is_a(member, (classmethod, staticmethod))
                if of_class and name[:1] == "_" and name not in ("__new__", "__class_getitem__"):
                    self._follow_member(member, (), kind, node)

    def parametrized(self, owner: Named | Class, node: ast.AST) -> Values:
        """`K[x]`: what the `__class_getitem__` of the person's class gives, or the class itself."""
        found: list[Values] = []
        for kind in self.live_kinds(owner):
            method = attribute(kind, "__class_getitem__")
            given = Given(node, Scope({}), (live.values_of(kind), ELEMENT), {}, False)
            found += [self.call_value(live.values_of(each)[0], given) for each in own_functions(method)]
            if method is not MISSING and not found:
                found.append((owner,))
        return join(*found) if found else ()

    def asked_for(self, kind: type, name: str, node: ast.AST) -> None:
        """Follow a method that Python calls of a class itself."""
        for each in mro(kind) if self.is_own_class(kind) else ():
            self._follow_member(class_dict(each).get(name), (), kind, node)

    def live_kinds(self, value: object) -> Iterator[type]:
        """The person's live classes that a class is, or is derived from."""
        if isinstance(value, Class):
            for base in value.bases:
                yield from self.live_kinds(base)
        else:
            kind = self.own_kind(value)
            if kind is not None:
                yield kind

    def use_made(self, value: Made, node: ast.AST) -> None:
        """An object of a class of the step goes somewhere: what it has from the person's counts as done."""
        for kind in self.live_kinds(value.of):
            self.act_on(kind, node)

    def give(self, name: str, given: Given) -> None:
        """A library is given objects or classes: it may make others like them, and read their attributes."""
        values = [value for values in (*given.args, *given.keywords.values()) for value in values]
        inside = [each for value in values if isinstance(value, Items) for each in value.contents]
        known = name[:2] != "?." or name == "?.attrgetter"
        for value in (*values, *inside):
            if isinstance(value, Made):  # what the code has set on the object may be called by its name
                stored = join(*value.of.scope.ever.values()) if value.of.scope.ever else ()
                self.hand_over(tuple(each for each in stored if isinstance(each, (Bound, Named))), given.node)
            if isinstance(value, Class):
                self._make(value, Given(given.node, Scope({}), (), {}, True))
            for kind in self.live_kinds(value):
                self.made_by_library(kind, given.node)
                self.derived(kind, given.node)
            if known and isinstance(value, Instance) and value.live is not None:
                self._give_object(value.live.obj, given.node)

    def _give_object(self, obj: object, node: ast.AST) -> None:
        kind = obj if is_a(obj, type) else type(obj)
        if not self.is_own_class(kind):
            return
        self.made_by_library(kind, node)
        itself = Instance(class_name(kind), Ref(obj))
        for each in mro(kind):
            for name, member in list(class_dict(each).items()):
                if name[:2] != "__" and (is_property(member) or self._describes(member) or _offered(name)):
                    self._follow_member(member, (itself,), each, node)

    def _describes(self, member: object) -> bool:
        kind = type(member)
        return self.is_own_class(kind) and any("__get__" in class_dict(each) for each in mro(kind))


def _first(member: object, itself: Values, kind: type) -> tuple[Values, ...]:
    """What a member of a class is given before all else when it is called."""
    if is_a(member, staticmethod):
        return ()
    if is_a(member, classmethod):
        return (live.values_of(kind),)
    return (itself,) if itself else ()
