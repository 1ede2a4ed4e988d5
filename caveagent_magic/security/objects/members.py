"""The person's functions that the members of a class are made of: methods, properties, partial methods."""

from __future__ import annotations

import abc
import functools
import sys
import types
import weakref
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter, is_
from typing import NamedTuple, TypeAlias

from caveagent_magic.security.known import own_code, own_module
from caveagent_magic.security.objects.still import (
    Kinds,
    class_dict,
    function_of,
    instance_dict,
    is_a,
    mro,
    word,
)

STILL = Kinds(
    types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType, str, int, bool,
    types.MemberDescriptorType, types.ClassMethodDescriptorType, types.NoneType, dict, tuple, type, list, set,
    types.BuiltinFunctionType, frozenset, bytes, float, object, type(abc.ABC.__dict__["_abc_impl"]),
)  # fmt: skip
"""What members are that hold no code of the person's."""
FUNCTION = types.FunctionType
METHODS = Kinds(FUNCTION, staticmethod, classmethod)
OF_PYTHON = (functools.partialmethod, functools.singledispatchmethod)
PARTIAL = (functools.partial, functools.partialmethod)
ACCESS = ("fget", "fset", "fdel")
_closure = types.FunctionType.__dict__["__closure__"].__get__
_code, _full = attrgetter("__code__"), attrgetter("cell_contents")
_class_module = type.__dict__["__module__"].__get__


class Looked(NamedTuple):
    """A class of a library without code of the person's, as it was."""

    of: weakref.ref[type]
    members: tuple[object, ...]
    functions: tuple[object, ...]
    codes: tuple[object, ...]
    cells: tuple[types.CellType, ...]
    enclosed: tuple[object, ...]
    changing: tuple[object, ...]

    def is_still(self, kind: type, members: tuple[object, ...]) -> bool:
        """Whether the class is this one, with these members, each with its code and around what it was."""
        return (
            self.of() is kind
            and _same(members, self.members)
            and _same(_enclosed(self.cells), self.enclosed)
            and all(map(is_, map(_code, self.functions), self.codes))
        )


def _same(objects: Sequence[object], others: Sequence[object]) -> bool:
    return len(objects) == len(others) and all(map(is_, objects, others))


_looked_at: dict[int, Looked] = {}


class Content(NamedTuple):
    """What a class itself has, apart from what cannot be the person's."""

    of: type  # so that no other one gets its identity
    members: tuple[object, ...]
    kinds: tuple[type, ...]  # of them
    own: bool  # whether some are the person's


LookedAt: TypeAlias = dict[int, Content]
"""Classes that were looked at, by identity."""


def own_functions(member: object) -> Sequence[types.FunctionType]:
    """The functions of the person's that using the member would call."""
    kind = type(member)
    if kind in STILL:
        return ()
    if own_code(member):
        return (member,)
    if kind is types.FunctionType:  # a library may have put its own around it
        cells = _closure(member)
        return tuple(filter(own_code, map(_content, cells))) if cells else ()
    return tuple(filter(own_code, _inside(function_of(member))))


def _enclosed(cells: Sequence[types.CellType]) -> tuple[object, ...]:
    """The functions that others are around."""
    try:
        contents = list(map(_full, cells))
    except ValueError:  # one is still empty
        contents = list(map(_content, cells))
    return tuple(each for each in contents if type(each) is FUNCTION)


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # still empty
        return None


def _inside(member: object) -> Iterable[object]:
    for _ in range(8):
        if not is_a(member, PARTIAL):
            break
        member = function_of(object.__getattribute__(member, "func"))
    kind = type(member)
    if issubclass(kind, property):
        return [*(property.__dict__[name].__get__(member) for name in ACCESS), member]
    if issubclass(kind, functools.cached_property):
        return (object.__getattribute__(member, "func"), member)
    if issubclass(kind, functools.singledispatchmethod):
        made_of = object.__getattribute__(member, "dispatcher").registry
        return [*map(function_of, made_of.values()), member]
    return [*instance_dict(member).values(), member]


def is_handler(member: object) -> bool:
    """Whether it is a library's object around a function of the person's, which it calls when it likes."""
    kind = type(member)
    known = kind in STILL or kind in METHODS or is_property(member) or is_a(member, OF_PYTHON)
    return not known and bool(own_functions(member))


def is_property(member: object) -> bool:
    """Whether reading the attribute calls something."""
    return is_a(member, (property, functools.cached_property))


def own_class(kind: type, looked: LookedAt | None = None) -> bool:
    """Whether a class of the person's is among those that make it up, or the class of a descriptor.

    `looked` holds what was found of classes before in this check.
    """
    looked = {} if looked is None else looked
    classes = mro(kind) if not issubclass(kind, type) else (kind,)
    found = [look_at(each, looked) for each in classes]
    if any(each.own for each in found):
        return True
    kinds = {id(each): each for one in found for each in one.kinds if not issubclass(each, type)}
    within = chain.from_iterable(map(mro, kinds.values()))
    return any(look_at(each, looked).own for each in within)


def look_at(kind: type, looked: LookedAt) -> Content:
    """What there is to look at in a class itself."""
    known = looked.get(id(kind))
    if known is None:
        members = _to_look_at(kind)
        kinds = {id(each): each for each in map(type, members) if each not in STILL and each not in METHODS}
        own = any(map(own_functions, members))
        known = looked[id(kind)] = Content(kind, members, tuple(kinds.values()), own)
    return known


def _to_look_at(kind: type) -> tuple[object, ...]:
    """The members of a class; where none is the person's, those that can change."""
    members = tuple(class_dict(kind).values())
    seen = _looked_at.get(id(kind))
    if seen is not None and seen.is_still(kind, members):
        return seen.changing
    functions: list[object] = []
    cells: list[types.CellType] = []
    changing: list[object] = []
    for each in members:
        if type(each) is FUNCTION:
            functions.append(each)
            cells += _closure(each) or ()
        elif (fixed := _fixed(each)) is None:
            changing.append(each)
        else:
            functions += fixed
    functions += (enclosed := _enclosed(cells))
    if any(map(own_code, functions)):
        return members
    if _of_a_library(kind):
        codes = tuple(map(_code, functions))
        _looked_at[id(kind)] = Looked(
            weakref.ref(kind), members, tuple(functions), codes, tuple(cells), enclosed, tuple(changing)
        )
    return tuple(changing)


def _fixed(member: object) -> tuple[object, ...] | None:
    """The functions of a member that nothing can be put into but other code; None where it can change."""
    kind = type(member)
    if kind in STILL:
        return ()
    if kind is property:
        inside: tuple[object, ...] = tuple(property.__dict__[name].__get__(member) for name in ACCESS)
    else:
        inside = (function_of(member) if kind in METHODS else member,)
    found = tuple(each for each in inside if each is not None)
    plain = all(type(each) is types.FunctionType and _closure(each) is None for each in found)
    return found if plain else None


def _of_a_library(kind: type) -> bool:
    module = sys.modules.get(word(_class_module(kind)))
    return is_a(module, types.ModuleType) and not own_module(module)


def of_libraries(kind: type) -> set[str]:
    """The names of methods that a class has from others' bases: libraries may call them."""
    return {
        name
        for each in mro(kind)[:-1]
        for name, member in class_dict(each).items()
        if not own_functions(member) and (is_property(member) or _is_method(member))
    }


def _is_method(member: object) -> bool:
    return is_a(
        function_of(member), (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)
    )
