"""Containers and objects that a module of a library holds: changed in one place, they are so for everyone."""

from __future__ import annotations

import collections
import sys
import types

from caveagent_magic.security.flow.values import DATA, Const, Items, Named, Ref, Value, Values
from caveagent_magic.security.known import computes, own_name
from caveagent_magic.security.objects.still import instance_dict, is_a
from caveagent_magic.security.vocabulary import names

SETTINGS = names(
    "options rcParams config settings defaults templates renderers STOPWORDS STOP_WORDS stop_words"
)
"""Objects inside modules that are made to be set, or to be added to."""
SHARED = "of a library"
"""Said of containers in modules of libraries: what is put into them is there for everyone."""
CHANGING = names(
    """
    append extend insert remove clear sort reverse pop popitem update setdefault add discard appendleft
    popleft extendleft rotate difference_update intersection_update __setitem__ __delitem__ __iadd__ __ior__
    """
)
"""Methods that change a container in place."""


def is_of_library(owner: Value) -> bool:
    """Whether it is a container that a module of a library has, and that is not made to be set."""
    if not isinstance(owner, Named):
        return False
    obj = owner.live.obj if owner.live is not None else None
    parts = owner.name.split(".")
    if SETTINGS.intersection(parts) or own_name(owner.name):
        return False
    if obj is not None:
        return is_a(obj, (dict, list, set, collections.deque))
    return (parts[-1][:1] == "_" and parts[0] in sys.modules) or (len(parts) > 1 and in_a_module(owner))


def held_by_library(owner: Named, keys: Values) -> Named | None:
    """The object that a table of a library's holds under a key, where it could itself be changed in place."""
    table = owner.live.obj if owner.live is not None else None
    if table is None and computes(owner.name) and is_of_library(owner):
        return Named(f"{owner.name}[]", receiver=owner)
    known = [key.value for key in keys if isinstance(key, Const)]
    if not (is_a(table, dict) and known and is_of_library(owner)):
        return None
    found = dict.get(table, known[0])
    changes = is_a(found, (dict, list, set)) or bool(instance_dict(found))
    routine = is_a(found, (type, types.ModuleType, types.FunctionType))
    return Named(f"{owner.name}[]", Ref(found), receiver=owner) if changes and not routine else None


def taken_from_library(owner: Named, method: str, args: tuple[Values, ...]) -> Values:
    """What `get`, `values` and `items` give of such a table; nothing where that could not be changed."""
    if method == "get" and args:
        found = held_by_library(owner, args[0])
        return (found,) if found is not None else ()
    table = owner.live.obj if owner.live is not None else {"": None}
    if method not in ("values", "items") or not is_a(table, dict) or not is_of_library(owner):
        return ()
    key = Const(next(iter(dict.keys(table)), None))
    inside = held_by_library(owner, (key,)) if type(key.value) is str else None
    if inside is None:
        return ()
    one = inside if method == "values" else Items("tuple", ((0, DATA), (1, (inside,))))
    return (Items("list", ((None, (one,)),)),)


def is_relied_on(owner: Value, name: str) -> bool:
    """Whether an attribute of an object that a module of a library holds is a part of how that works."""
    if not (isinstance(owner, Named) and in_a_module(owner)):
        return False
    return name[:1] == "_" or owner.live is not None or any(p[:1] == "_" for p in owner.name.split("."))


def in_a_module(owner: Named) -> bool:
    """Whether it is what a module of a library holds, reached by nothing but names."""
    value: Value | None = owner
    while isinstance(value, Named) and not value.module and value.receiver is not None:
        value = value.receiver
    if not isinstance(value, Named) or SETTINGS.intersection(owner.name.split(".")):
        return False
    module = value.module or value.name in sys.modules or value.name.rpartition(".")[0] in sys.modules
    return module and not own_name(owner.name)


def changed_for_all(owner: Value | None, method: str, shared: dict[int, str]) -> str:
    """What a method changes for everyone: the name of a library's container, empty for anything else."""
    if method not in CHANGING or owner is None:
        return ""
    if isinstance(owner, Items):
        return shared.get(owner.place, "")
    return owner.name if isinstance(owner, Named) and is_of_library(owner) else ""
