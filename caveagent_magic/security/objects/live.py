"""Live objects of the kernel, looked at without running anything of theirs."""

from __future__ import annotations

import builtins
import collections
import functools
import itertools
import sys
import types
from collections.abc import Iterator
from mmap import mmap
from typing import Any

from caveagent_magic.security.flow.values import (
    DATA,
    UNRESOLVED,
    Bound,
    Const,
    Instance,
    Items,
    Named,
    Ref,
    Value,
    Values,
    join,
)
from caveagent_magic.security.known import module_dict, own_code, own_module, top
from caveagent_magic.security.objects import alike, still
from caveagent_magic.security.objects.aliases import alias_of, is_alias_kind
from caveagent_magic.security.objects.alike import are_data, are_like
from caveagent_magic.security.objects.dispatch import adds_for_everyone
from caveagent_magic.security.objects.public import (
    SAME,
    canonical,
    canonical_module,
    class_module,
    class_name,
)
from caveagent_magic.security.objects.still import Kinds, is_a, word

PLAIN_KINDS = Kinds(str, bytes, int, float, bool, type(None))
MOST_ITEMS = (100, 10)  # looked at in a container, and in one inside it
MOST_ALIKE = 1000  # objects in a container that are compared with the first ones
_beyond: dict[int, tuple[object, Values]] = {}
"""What stands for the rest of a long container, by its identity; forgotten with each check."""
PLAIN = (str, bytes, int, float, bool, type(None))
CONTAINERS: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "set", dict: "dict"}
ROUTINES = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.ClassMethodDescriptorType, types.MethodWrapperType,
)  # fmt: skip
ROUTINE_KINDS, CONTAINER_KINDS = Kinds(*ROUTINES), Kinds(*CONTAINERS)
AROUND = Kinds(types.MethodType, functools.partial, functools._lru_cache_wrapper)
MAPPED = "numpy.memmap"
_One = collections.namedtuple("_One", "field")
FIELD: type = type(_One.field)
"""The descriptor of a named tuple's field, which only picks an element."""


def module(name: str) -> Values | None:
    """The module, if the kernel has it already."""
    found = sys.modules.get(name)
    return values_of(found, name) if is_a(found, types.ModuleType) else None


def values_of(obj: object, written: str = "") -> Values:
    """What a live object is."""
    return _possible(obj, written, 0)


def _possible(obj: object, written: str, depth: int) -> Values:
    """One value; of an alias such as `list[Point]` the class that calling it makes, and those it is for."""
    parts = alias_of(obj) if type(obj) not in PLAIN_KINDS else None
    if parts is None or depth > len(MOST_ITEMS):
        return (_value_of(obj, written, depth),)
    found = [_possible(part, "", depth + 1) for part in parts if not is_a(part, (list, tuple))]
    return join(*found) if found else (Named("typing.Any"),)


def is_callable_kind(kind: type) -> bool:
    """Whether objects of the class may be called by what they are: routines, modules, aliases."""
    return (
        issubclass(kind, (types.ModuleType, type))
        or kind in ROUTINE_KINDS
        or kind in AROUND
        or is_alias_kind(kind)
        or kind is _dispatcher()
    )


def called_as(obj: object) -> Values:
    """What a live object is, if it is a module or something to be called; nothing for any other."""
    if type(obj) in PLAIN_KINDS:
        return ()
    if alias_of(obj) is not None:
        return values_of(obj)
    found = _routine(obj, "", 0)
    return (found,) if found is not None else ()


def _value_of(obj: object, written: str, depth: int) -> Value:
    kind = type(obj)
    if kind in PLAIN_KINDS:
        return Const(obj)
    found = _routine(obj, written, depth)
    if found is not None:
        return found
    if kind in CONTAINER_KINDS and depth < len(MOST_ITEMS):
        place = 0 if kind is tuple else id(obj)
        return Items(CONTAINERS[kind], tuple(_entries(obj, depth)), place)  # type: ignore[arg-type]
    return Instance(_array_name(obj) or _engine_name(obj) or class_name(kind), Ref(obj))


def _routine(obj: object, written: str, depth: int) -> Value | None:
    """A module, a class, or something that can be called by what it is."""
    kind = type(obj)
    if obj is sys.modules or obj is builtins.__dict__:
        return Named("sys.modules" if obj is sys.modules else "builtins.__dict__")
    if issubclass(kind, types.ModuleType):
        name = word(module_dict(obj).get("__name__"), written)
        return Named(canonical_module(name), Ref(obj), module=True, written=written)
    if issubclass(kind, type):
        assert is_a(obj, type)
        return Named(class_name(obj), Ref(obj), written=written)
    if kind in ROUTINE_KINDS:
        obj = builtins.open if _is_open_of_ipython(obj) else obj
        return Named(_routine_name(obj), Ref(obj), written=written, receiver=_bound_to(obj, depth))
    if kind is types.MethodType:
        return _method(obj, depth)
    dispatched = _dispatched(obj)
    if dispatched is not None:
        return Named(dispatched, Ref(obj), written=written)
    if kind is functools.partial:
        return _partial(obj, depth)
    if kind is functools._lru_cache_wrapper:
        return _value_of(object.__getattribute__(obj, "__wrapped__"), written, depth)
    return None


def _dispatched(obj: object) -> str | None:
    """The name of one of numpy's own functions, which are of a class of their own."""
    kind = _dispatcher()
    if type(obj) is not kind or kind in ROUTINE_KINDS:
        return None
    where, name = word(getattr(obj, "__module__", "")), word(getattr(obj, "__name__", ""))
    module = sys.modules.get(where) if where.partition(".")[0] == "numpy" else None
    inside = module_dict(module) if is_a(module, types.ModuleType) else {}
    return f"{where}.{name}" if inside.get(name) is obj else None


def _dispatcher() -> type | None:
    numpy = sys.modules.get("numpy")
    return type(module_dict(numpy).get("mean")) if is_a(numpy, types.ModuleType) else None


def _array_name(obj: object) -> str | None:
    """Of an array: whether its memory is that of a file that it can change."""
    numpy = sys.modules.get("numpy")
    inside = module_dict(numpy) if is_a(numpy, types.ModuleType) else {}
    array, mapped = inside.get("ndarray"), inside.get("memmap")
    base = obj
    while array is not None and type(base) is array:
        base = base.base  # type: ignore[attr-defined]
    if mapped is not None and type(base) is mapped:
        return "numpy.ndarray" if still.instance_dict(base).get("mode") in ("r", "c") else MAPPED
    return MAPPED if base is not obj and type(base) is mmap else None


def _engine_name(obj: object) -> str | None:
    """An engine of SQLAlchemy over SQLite is a connection to a file or to memory, as that of the library."""
    if word(class_module(type(obj))) != "sqlalchemy.engine.base" or type(obj).__name__ != "Engine":
        return None
    url = still.instance_dict(obj).get("url")
    driver = tuple.__getitem__(url, 0) if is_a(url, tuple) and tuple.__len__(url) else ""
    return "sqlite3.Connection" if driver in ("sqlite", "sqlite+pysqlite") else None


def _is_open_of_ipython(obj: object) -> bool:
    """Whether it is what IPython puts in the place of `open`; it only keeps the kernel's own streams open."""
    shell = sys.modules.get("IPython.core.interactiveshell")
    return shell is not None and module_dict(shell).get("_modified_open") is obj


def _bound_to(obj: object, depth: int) -> Value | None:
    owner = obj.__self__ if is_a(obj, types.BuiltinFunctionType) else None
    if owner is None or is_a(owner, (types.ModuleType, type)):
        return None
    return _value_of(owner, "", depth + 1)


def _entries(obj: object, depth: int) -> Iterator[tuple[object | None, Values]]:
    assert is_a(obj, (dict, list, tuple, set, frozenset))
    if is_a(obj, dict):
        for key, item in itertools.islice(list(obj.items()), MOST_ITEMS[depth]):
            yield key if type(key) in PLAIN_KINDS else None, _possible(item, "", depth + 1)
    else:
        for index, item in enumerate(itertools.islice(obj, MOST_ITEMS[depth])):
            yield index, _possible(item, "", depth + 1)
    if len(obj) > MOST_ITEMS[depth]:
        yield None, _others(obj, MOST_ITEMS[depth])


def _others(obj: Any, first: int) -> Values:
    """What stands for the rest of a long container; nothing where the first ones are like it."""
    known = _beyond.get(id(obj))
    if known is not None:
        return known[1]
    if are_data(itertools.islice(obj.values() if is_a(obj, dict) else obj, first, None)):
        found = DATA
    else:
        inside = list(obj.values()) if is_a(obj, dict) else list(obj)
        near = first > MOST_ITEMS[-1] and len(inside) <= MOST_ALIKE
        found = () if near and are_like(inside[first:], inside[:first]) else UNRESOLVED
    _beyond[id(obj)] = obj, found
    return found


def forget() -> None:
    """What stood for objects in the last check counts no more."""
    _beyond.clear()
    alike.forget()


def _routine_name(obj: object) -> str:
    what = word(getattr(obj, "__qualname__", "?"))
    if is_a(obj, types.BuiltinFunctionType):
        where, owner = obj.__module__, obj.__self__
        if where is None and owner is not None and not is_a(owner, types.ModuleType):
            return canonical(f"{class_name(owner if is_a(owner, type) else type(owner))}.{obj.__name__}")
        return canonical(f"{word(where, 'builtins')}.{what}")
    if is_a(obj, types.FunctionType):
        if adds_for_everyone(obj):
            return "functools.singledispatch.register"
        return canonical(f"{_exported(obj, word(obj.__module__))}.{what}")
    kind: type = getattr(obj, "__objclass__", object)
    return canonical(f"{class_name(kind)}.{getattr(obj, '__name__', '?')}")


def _exported(obj: types.FunctionType, module: str) -> str:
    """The public module from which a library gives the function: `a._b.f` is `a.f` if that is the same."""
    public = ".".join(part for part in module.split(".") if part[:1] != "_")
    found = sys.modules.get(public) if public != module else None
    inside = module_dict(found) if is_a(found, types.ModuleType) else {}
    return public if inside.get(obj.__name__) is obj else module


def _method(obj: object, depth: int) -> Value:
    assert is_a(obj, types.MethodType)
    if own_code(obj.__func__):
        return Bound(_value_of(obj.__func__, "", depth), ((_value_of(obj.__self__, "", depth + 1),),))
    owner = obj.__self__ if is_a(obj.__self__, type) else type(obj.__self__)
    called = obj.__func__  # a method may be made around anything that can be called
    name = word(called.__name__) if type(called) in ROUTINE_KINDS else "?"
    path = f"{class_name(owner)}.{name}"
    return Named(canonical(SAME.get(path, path)), receiver=_value_of(obj.__self__, "", depth + 1))


def _partial(obj: object, depth: int) -> Value:
    assert is_a(obj, functools.partial)
    first = tuple((_value_of(item, "", depth + 1),) for item in obj.args)
    keywords = tuple((name, (_value_of(item, "", depth + 1),)) for name, item in obj.keywords.items())
    return Bound(_value_of(obj.func, "", depth + 1), first, keywords)


def attribute(owner: Named | Instance, name: str) -> Values | None:
    """The attribute of a live module, class or object; None where only running its code could tell."""
    obj = owner.live.obj if owner.live else still.MISSING
    if is_a(obj, types.ModuleType):
        return _module_attribute(obj, owner, name)
    found = still.attribute(obj, name)
    if type(found) is types.MemberDescriptorType and isinstance(owner, Instance):
        return _in_slot(obj, found)
    if type(found) is FIELD:
        return values_of(FIELD.__get__(found, obj, type(obj))) if is_a(obj, tuple) else DATA
    if found is still.MISSING or is_a(
        found, (property, types.GetSetDescriptorType, types.MemberDescriptorType)
    ):
        return None
    static = is_a(found, staticmethod)
    of_class = is_a(found, classmethod)
    found = still.function_of(found)
    if of_class and own_code(found):
        kind = obj if is_a(obj, type) else type(obj)
        return (Bound(values_of(found)[0], ((Named(class_name(kind), Ref(kind)),),)),)
    if is_a(obj, type) and (isinstance(owner, Named) or not own_code(found)):
        return _class_attribute(obj, found, name)
    inside = name in still.instance_dict(obj)
    if own_code(found) and not (inside or static):
        return (Bound(values_of(found)[0], ((owner,),)),)
    return values_of(found) if own_code(found) or inside else None


def is_column(kind: str, name: str) -> bool:
    """Whether a frame has the name only if one of its columns is called so, such as `_merge`."""
    if kind not in ("pandas.DataFrame", "pandas.Series"):
        return False
    pandas = sys.modules.get("pandas")
    found = module_dict(pandas).get(kind.partition(".")[2]) if is_a(pandas, types.ModuleType) else None
    return is_a(found, type) and name[:2] != "__" and still.attribute(found, name) is still.MISSING


def _in_slot(obj: object, slot: types.MemberDescriptorType) -> Values | None:
    try:
        return values_of(types.MemberDescriptorType.__get__(slot, obj, type(obj)))
    except (AttributeError, TypeError):
        return None


def unbound(obj: object) -> bool:
    """Whether a function taken from a class still waits for the object that it works on."""
    return is_a(obj, (types.MethodDescriptorType, types.WrapperDescriptorType)) or (
        is_a(obj, types.FunctionType) and "." in obj.__qualname__.rpartition("<locals>.")[2]
    )


def _module_attribute(obj: types.ModuleType, owner: Named | Instance, name: str) -> Values | None:
    inside = module_dict(obj)
    base = owner.written if isinstance(owner, Named) and owner.written else getattr(owner, "name", "")
    itself = word(inside.get("__name__"), base)
    if name not in inside:
        return module(f"{itself}.{name}")
    found = inside[name]
    if is_a(found, types.FunctionType) and "<locals>" in found.__qualname__ and not own_code(found):
        return (
            Named(f"{canonical_module(itself)}.{name}", Ref(found)),
        )  # made in a function, and named here
    kinds = (*PLAIN, *ROUTINES, type, types.ModuleType)
    if own_module(obj) or is_a(found, kinds) or found is sys.modules:
        return values_of(found, f"{base}.{name}")
    return (Named(f"{canonical_module(itself)}.{name}", Ref(found)),)


def _class_attribute(kind: type, found: object, name: str) -> Values:
    """A method under the name of the class that it was reached through."""
    if own_code(found):
        return values_of(found)
    if found is still.attribute(type(kind), name) and name[:2] != "__":  # of the class of the class
        kind = type(kind)
    if is_a(found, ROUTINES) or top(class_name(kind)) not in ("__main__", ""):
        static = is_a(still.attribute(kind, name), (staticmethod, classmethod))
        owner = Named(class_name(kind), Ref(kind))
        return (Named(f"{class_name(kind)}.{name}", None if static else Ref(found), receiver=owner),)
    return values_of(found) or DATA
