"""Attributes, items and elements of whatever a value may be."""

from __future__ import annotations

import ast
import dataclasses
import enum

from caveagent_magic.security.flow.containers import Containers
from caveagent_magic.security.flow.places import above
from caveagent_magic.security.flow.reader import names_of
from caveagent_magic.security.flow.results import CLASSES, RESULTS
from caveagent_magic.security.flow.shared import held_by_library
from caveagent_magic.security.flow.values import (
    DATA,
    PARAMETER,
    UNRESOLVED,
    Bound,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Opaque,
    Text,
    Value,
    Values,
    each_of,
    join,
)
from caveagent_magic.security.known import ITS_OWN, STDLIB_INSIDE, computes, own_name, top
from caveagent_magic.security.objects import live, still
from caveagent_magic.security.objects.still import is_a

HANDLED_BY_CALLER = {"__call__"}


class Attributes(Containers):
    """Looks into values."""

    def attribute(self, owners: Values, name: str, node: ast.AST) -> Values:
        """`owner.name` for every possible owner, recorded as read."""
        alike = _without_alike(owners)
        possible = [self._attribute_of(owner, name, node) for owner in alike] if owners else [DATA]
        both = join if UNRESOLVED[0] in owners else each_of
        found = both(*possible, self.ask_accessor(name, node))
        if name == "style" and not all(isinstance(owner, Named) and owner.module for owner in owners):
            self.show_tables(node)
        for value in found:
            if isinstance(value, Named) and not value.module:
                self.record("read", names_of(value), node, receiver=owners)
                if value.live is not None and is_a(value.live.obj, type):
                    self.touch(value, node)
            elif isinstance(value, Const) and value.kind in (str, bytes) and name[:2] != "__":
                self.record("read", (f"?.{name}",), node, receiver=owners)
            elif isinstance(value, Instance) and value.live is not None:
                self.touch(value, node)
        return found

    def _attribute_of(self, owner: Value, name: str, node: ast.AST) -> Values:
        if name in HANDLED_BY_CALLER:
            return (owner,)
        if name == "__class__" and _says_its_class(owner):
            return self.class_of(owner)
        if name == "__dict__" and (own := self.own_attributes(owner)):
            return own
        if isinstance(owner, (Named, Instance)) and owner.live is not None:
            found = live.attribute(owner, name)
            if found is None and isinstance(owner, Instance):
                found = self.read_property(owner, name, node)
            elif found is None:
                found = self.ask_module(owner, name, node)
            if found is not None:
                self.note_shared(owner, name, found)
                return found
        if isinstance(owner, Named):
            return self._named_attribute(owner, name)
        if isinstance(owner, Instance):
            if name[:1] == "_" and live.is_column(owner.of, name):
                return DATA
            upper = above(owner, name)
            if upper is not None:
                return upper
            if name == "T":  # turned around, it is of the same kind
                return (Instance(owner.of),)
            return (Named(f"{self.home_of(owner, name)}.{name}", receiver=owner),)
        if isinstance(owner, (Class, Made)):
            return self._class_attribute(owner, name)
        if isinstance(owner, Items):
            return (Named(f"builtins.{owner.kind}.{name}", receiver=owner),)
        if isinstance(owner, (Const, Text)):
            kind = type(owner.value).__name__ if isinstance(owner, Const) else "str"
            return (Named(f"builtins.{kind}.{name}", receiver=owner),)
        if isinstance(owner, Bound) and name == "func":
            return (owner.function,)
        return (Named(f"?.{name}", receiver=owner), *self.of_hidden(name))

    def class_of(self, owner: Value) -> Values:
        """What `type(x)` gives, which `x.__class__` gives as well."""
        return (Named("builtins.type()", receiver=owner), *self.own_class_of(owner))

    def own_attributes(self, owner: Value) -> Values:
        """The dictionary of an object of the step's classes, or of the person's; nothing for any other."""
        if isinstance(owner, Made):
            return (Items("dict", tuple(owner.of.scope.ever.items())),)
        obj = owner.live.obj if isinstance(owner, Instance) and owner.live is not None else None
        if obj is None or not self.own_class_of(owner):
            return ()
        if is_a(obj, type):  # an object that the code has just made of the person's class
            return (Items("dict", ((None, DATA),)),)
        return live.values_of(still.instance_dict(obj))

    def note_shared(self, owner: Named | Instance, name: str, found: Values) -> None:
        """A container that is reached through a module of a library belongs to that."""
        if isinstance(owner, Named) and not own_name(owner.name):
            for value in found:
                if isinstance(value, Items) and value.place:
                    self.shared[value.place] = f"{owner.name}.{name}"

    def _named_attribute(self, owner: Named, name: str) -> Values:
        path = f"{owner.name}.{name}"
        if path in CLASSES or f"{path}" in RESULTS:
            return (Named(path, receiver=owner),)
        if owner.module:
            found = live.module(path)
            if found is not None:
                return found
            inside = name in STDLIB_INSIDE and path not in ITS_OWN and computes(owner.name)
            if inside:
                return live.module(name) or (Named(name, module=True, written=path),)
            return (Named(path, module=name.islower(), receiver=owner),)
        if owner.name.startswith("?."):
            return (Named(f"?.{name}", receiver=owner),)
        if name in STDLIB_INSIDE and computes(owner.name) and path not in ITS_OWN:
            return (Named(name, module=True, written=path),)
        return (Named(path, receiver=owner),)

    def _class_attribute(self, owner: Class | Made, name: str) -> Values:
        of = owner if isinstance(owner, Class) else owner.of
        if name in of.scope.ever:
            found = of.scope.ever[name]
            if isinstance(owner, Class):
                return found
            return tuple(
                Bound(value, ((owner,),)) if isinstance(value, Function) else value for value in found
            )
        inherited = [value for value in of.bases if not isinstance(value, Opaque)]
        if inherited:
            seen: list[Value] = [*inherited] if isinstance(owner, Class) else [*map(_object_of, inherited)]
            found = join(*(self._attribute_of(base, name, ast.Pass()) for base in seen))
            return found if isinstance(owner, Class) else tuple(_bound(value, owner, seen) for value in found)
        return (Named(f"?.{name}", receiver=owner),)

    def item(self, owner: Value, keys: Values, node: ast.AST) -> Values:
        """`owner[key]` for every possible key."""
        if isinstance(owner, Items):
            sliced = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
            return (_part(owner),) if sliced else _items(owner, keys)
        if isinstance(owner, (Named, Class)) and (given := self.parametrized(owner, node)):
            return given
        if _is_enum(owner):
            return (_object_of(owner),)
        if isinstance(owner, Named):
            read = tuple(f"{name}[]" for name in names_of(owner))
            self.record("read", read, node, args=(keys,))
            if (held := held_by_library(owner, keys)) is not None:
                return (held,)
            inside: Values = () if owner.module else tuple(filter(_is_live_class, keys))
            given = (owner,) if _is_generic(owner) else DATA
            return join((Instance(RESULTS[read[0]]),) if read[0] in RESULTS else given, inside)
        if isinstance(owner, Class) and "__class_getitem__" not in owner.scope.ever:
            return (owner,)
        if isinstance(owner, Made):
            self.use_made(owner, node)
        if isinstance(owner, Instance):
            if owner.live is not None:
                self.act_on(owner.live.obj, node)
            self.record("read", (f"{owner.of}[]",), node, args=(keys,))
            known = live.MAPPED if owner.of == live.MAPPED else RESULTS.get(f"{owner.of}[]")
            return (Instance(known),) if known else DATA
        if isinstance(owner, Const) and isinstance(owner.value, (str, bytes)):
            return _piece(owner, node, keys)
        return (Text((None,)),) if isinstance(owner, Text) else DATA

    def elements(self, values: Values, node: ast.AST) -> Values:
        """What iterating over the values may give."""
        found: list[Values] = []
        for value in values:
            if isinstance(value, Items):
                keys = tuple(Const(key) for key, _ in value.entries if isinstance(key, (str, int)))
                found.append((keys or DATA) if value.kind == "dict" else value.contents)
            elif _is_enum(value):
                found.append((_object_of(value),))
            elif isinstance(value, Const) and isinstance(value.value, str) and len(value.value) < 16:
                found.append(tuple(Const(letter) for letter in dict.fromkeys(value.value)) or DATA)
            elif isinstance(value, Instance) and value.of == "paths":
                found.append((value.about,) if value.about else DATA)
            else:
                self.hand_over((value,), node)
                found.append(
                    PARAMETER
                    if value == PARAMETER[0]
                    else (Text((None,), True),)
                    if isinstance(value, Text)
                    else DATA
                )
        return join(*found) or DATA


def _without_alike(owners: Values) -> Values:
    """One of each kind of table: they have the same attributes."""
    if len(owners) < 3:
        return owners
    kept = {_kind(owner): owner for owner in reversed(owners)}
    return tuple(reversed(kept.values()))


def _kind(owner: Value) -> object:
    table = isinstance(owner, Instance) and top(owner.of) in ("pandas", "polars")
    return owner.of if table and isinstance(owner, Instance) else owner


def _is_enum(value: Value) -> bool:
    """Whether it is a class whose members are objects of it."""
    obj = value.live.obj if isinstance(value, Named) and value.live is not None else None
    return is_a(obj, enum.EnumMeta)


def _is_live_class(value: Value) -> bool:
    return isinstance(value, Named) and value.live is not None and is_a(value.live.obj, type)


def _says_its_class(owner: Value) -> bool:
    """Whether asking it for its class runs nothing of the person's."""
    obj = owner.live.obj if isinstance(owner, (Named, Instance)) and owner.live is not None else None
    return not isinstance(owner, Named) and still.attribute(obj, "__class__") is object.__dict__["__class__"]


def _is_generic(owner: Named) -> bool:
    """Whether `owner[x]` is an alias of the class itself, as nothing else says what it is."""
    obj = owner.live.obj if owner.live is not None else None
    return is_a(obj, type) and still.attribute(type(obj), "__getitem__") is still.MISSING


def _object_of(base: Value) -> Value:
    """An object of a live class, as which one of a class derived from it may be looked at."""
    live_class = isinstance(base, Named) and _is_live_class(base) and base.receiver is None
    return Instance(base.name, base.live) if live_class and isinstance(base, Named) else base


def _bound(value: Value, owner: Made, seen: list[Value]) -> Value:
    """An inherited method belongs to the object from then on."""
    if isinstance(value, Bound) and value.first and value.first[0] in [(each,) for each in seen]:
        return Bound(value.function, ((owner,), *value.first[1:]), value.keywords)
    if isinstance(value, Function):
        return Bound(value, ((owner,),))
    method = isinstance(value, Named) and value.live is not None and live.unbound(value.live.obj)
    return dataclasses.replace(value, receiver=owner) if method and isinstance(value, Named) else value


def _part(owner: Items) -> Items:
    """A slice: whatever is in it may be anywhere."""
    return Items(owner.kind, tuple((None, values) for _, values in owner.entries))


def _items(owner: Items, keys: Values) -> Values:
    wanted = [key.value for key in keys if isinstance(key, Const)]
    if len(wanted) != len(keys) or not wanted:
        return owner.contents or DATA
    if owner.kind != "dict" and any(isinstance(key, int) and key < 0 for key in wanted):
        if not owner.ordered:
            return owner.contents or DATA
        wanted = [key + len(owner.entries) if isinstance(key, int) and key < 0 else key for key in wanted]
    found = [values for key, values in owner.entries if key is None or key in wanted]
    return join(*found) if found else DATA


def _piece(owner: Const, node: ast.AST, keys: Values) -> Values:
    """An index or slice of a constant string."""
    assert isinstance(owner.value, (str, bytes))
    inner = node.slice if isinstance(node, ast.Subscript) else None
    try:
        if isinstance(inner, ast.Slice):
            bounds = [
                ast.literal_eval(part) if part is not None else None
                for part in (inner.lower, inner.upper, inner.step)
            ]
            return (Const(owner.value[slice(*bounds)]),)
        places = [key.value for key in keys if isinstance(key, Const) and isinstance(key.value, int)]
        if len(places) == len(keys):
            return join(*((Const(owner.value[place]),) for place in places))
    except (ValueError, TypeError, IndexError):
        return (Text((None,)),)
    return (Text((None,)),)
