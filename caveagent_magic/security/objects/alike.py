"""Whether objects are alike, so that not each one of a long container has to be looked at."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from caveagent_magic.security.known import module_dict, top
from caveagent_magic.security.objects.held import DATA_PACKAGES, cells
from caveagent_magic.security.objects.members import own_class
from caveagent_magic.security.objects.still import (
    MISSING,
    Kinds,
    class_dict,
    instance_dict,
    is_a,
    mro,
    word,
)
from caveagent_magic.security.vocabulary import names

_class_module = type.__dict__["__module__"].__get__
ROWS = Kinds(list, tuple, set, frozenset)
MEASURED = names(
    """
    datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone decimal.Decimal
    fractions.Fraction pandas.Timestamp pandas.Timedelta pandas.Period pandas.Interval numpy.float64
    numpy.float32 numpy.int64 numpy.int32 numpy.uint8 numpy.bool_ numpy.str_ numpy.datetime64
    numpy.timedelta64
    """
)
"""Classes of libraries whose objects are single values."""
ROUTINES = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)
SINGLE = frozenset(map(id, (str, bytes, bytearray, int, float, complex, bool, type(None), range, slice)))
SEVERAL = frozenset(map(id, (list, tuple, set, frozenset, dict)))
CONTAINERS = (list, tuple, set, frozenset, dict)
DEEPEST = 3  # containers inside one another
MOST = 100_000  # objects that are looked at
MOST_INSIDE = 200  # objects in one attribute


_seen: dict[int, tuple[object, Mapping[str, set[object]]]] = {}
_classes: dict[int, tuple[type, bool]] = {}
"""What was found in this check, with the objects, so that no other one gets their identities."""


def are_data(objects: Iterable[Any], depth: int = 0) -> bool:
    """Whether there is nothing among them, or in the containers among them, but plain values."""
    listed = list(islice(objects, MOST + 1))
    if len(listed) > MOST:
        return False
    others = set(map(id, map(type, listed))) - SINGLE  # by identity: a metaclass may say anything of equality
    if not others or others <= _measured(len(sys.modules)):
        return True
    if depth == DEEPEST or not others <= _measured(len(sys.modules)) | SEVERAL:
        return False
    rows = [row for row in listed if type(row) in ROWS]
    tables = [table for table in listed if type(table) is dict]
    return are_data(chain(_all(rows), _all(tables), _all(map(dict.values, tables))), depth + 1)


def is_container(obj: object) -> bool:
    """Whether it is one of Python's own containers, as such."""
    return id(type(obj)) in SEVERAL


def _all(several: Iterable[Iterable[object]]) -> Iterator[object]:
    return chain.from_iterable(several)


@functools.lru_cache(maxsize=8)
def _measured(loaded: int) -> set[int]:
    """The classes of single values, by identity, as they are in the libraries when so many are loaded."""
    found = []
    for name in MEASURED:
        library, _, what = name.partition(".")
        module = sys.modules.get(library)
        kind = module_dict(module).get(what) if is_a(module, types.ModuleType) else None
        found += [kind] if is_a(kind, type) else []
    return set(map(id, found))


def are_like(objects: Iterable[object], others: Iterable[object]) -> bool:
    """Whether each is of the class of some others, with nothing in its attributes that none of them has.

    A function is only like itself, another object like those of its class.
    """
    known: dict[int, dict[str, set[object]]] = {}
    for other in others:
        of_class = known.setdefault(id(type(other)), {})
        for name, kinds in _made_of(other).items():
            of_class.setdefault(name, set()).update(kinds)
    return all(_fits(obj, known.get(id(type(obj)))) for obj in objects)


def _fits(obj: object, known: Mapping[str, set[object]] | None) -> bool:
    return known is not None and all(kinds <= known.get(name, set()) for name, kinds in _made_of(obj).items())


def _made_of(obj: object) -> Mapping[str, set[object]]:
    """What is in each attribute, apart from plain values; of a function or a container what it is itself."""
    found = _seen.get(id(obj))
    if found is None:
        whole = is_a(obj, (*CONTAINERS, *ROUTINES)) or not _own_class(type(obj))
        parts = [("", obj)] if whole else _attributes(obj)
        found = _seen[id(obj)] = obj, {name: set(_kinds(value, 0)) for name, value in parts}
    return found[1]


def _own_class(kind: type) -> bool:
    found = _classes.get(id(kind))
    if found is None:
        found = _classes[id(kind)] = kind, own_class(kind)
    return found[1]


def forget() -> None:
    """Objects may have changed since the last check."""
    _seen.clear()
    _classes.clear()


def _kinds(value: object, depth: int) -> Iterator[object]:
    kind = type(value)
    if kind in ROWS or kind is dict:
        inside = list(islice(_contents(value), MOST_INSIDE + 1))
        whole = len(inside) <= MOST_INSIDE and depth < DEEPEST
        for each in inside if whole else ():
            yield from _kinds(each, depth + 1)
        if not (whole or are_data((value,))):
            yield id(value)
    elif kind is types.FunctionType:
        yield id(value.__code__) if are_data(_given(value)) else id(value)  # type: ignore[attr-defined]
    elif id(kind) not in SINGLE:
        yield id(kind) if _own_class(kind) or _holds_data(value) else id(value)


def _contents(value: Any) -> Iterator[object]:
    yield from value
    yield from value.values() if type(value) is dict else ()


def _given(function: Any) -> Iterator[object]:
    """What a function was made with: its defaults, and what it closes over."""
    yield from (function.__defaults__, function.__kwdefaults__, function.__dict__)
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # still empty
            yield None


def _holds_data(value: object) -> bool:
    package = top(word(_class_module(type(value))))
    return package in DATA_PACKAGES and not is_a(value, ROUTINES) and are_data(cells(value))


def _attributes(obj: object) -> Iterator[tuple[str, object]]:
    for name, value in instance_dict(obj).items():
        yield name if type(name) is str else "", value
    for kind in mro(type(obj)):
        for name, member in class_dict(kind).items() if class_dict(kind).get("__slots__") else ():
            if type(member) is types.MemberDescriptorType:
                yield name, _in_slot(obj, member)


def _in_slot(obj: object, slot: types.MemberDescriptorType) -> object:
    try:
        return types.MemberDescriptorType.__get__(slot, obj, type(obj))
    except (AttributeError, TypeError):
        return MISSING
