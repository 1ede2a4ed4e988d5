"""Attributes: of instances, functions, classes, cells, and of the C types that pandas is made of."""

from __future__ import annotations

import operator
import types
from collections.abc import Callable, Iterable
from typing import Any, cast

from caveagent_magic.rehearsal.undo.kept import CannotRestore, Kind, each_is

Values = tuple[object, ...]


class _Nothing:
    """Stands for an attribute that is not set."""


NOTHING = _Nothing()
_CLASS: Any = object.__dict__["__class__"]
_MODULE: Any = type.__dict__["__module__"]
_NAME: Any = type.__dict__["__name__"]
_NAMESPACE: Any = type.__dict__["__dict__"]
_OF_FUNCTIONS = (
    "__code__",
    "__defaults__",
    "__kwdefaults__",
    "__dict__",
    "__name__",
    "__qualname__",
    "__doc__",
)
_NOT_OF_CLASSES = frozenset({"__dict__", "__weakref__", "_abc_impl"})
_OF_C = (types.GetSetDescriptorType, types.MemberDescriptorType)
# pandas' own C types; their other attributes are computed.
_OF_PANDAS = {
    "pandas._libs.internals.BlockManager": (
        *("blocks", "axes", "_known_consolidated", "_is_consolidated", "_blknos", "_blklocs"),
        *("_interleaved_dtype", "_dtypes_cache"),
    ),
    "pandas._libs.internals.Block": ("values", "_mgr_locs", "refs"),
    "pandas._libs.internals.SharedBlock": ("values", "_mgr_locs", "refs"),
    "pandas._libs.internals.NumpyBlock": ("values",),
    "pandas._libs.internals.NDArrayBackedBlock": ("values",),
    "pandas._libs.internals.BlockValuesRefs": ("referenced_blocks", "clear_counter"),
    "pandas._libs.arrays.NDArrayBacked": ("_ndarray", "_dtype"),
}


def names_in(kind: type) -> dict[str, Any]:
    """What a class itself defines, read past its metaclass."""
    return cast("dict[str, Any]", _NAMESPACE.__get__(kind))


def module_of(kind: type) -> str:
    """The module that a class says it is from, read past its metaclass; empty: it says none."""
    found = _MODULE.__get__(kind)
    return found if isinstance(found, str) else ""


def name_of(kind: type) -> str:
    """The name of a class, read past its metaclass."""
    return str(_NAME.__get__(kind))


def qualified(kind: type) -> str:
    """Module and name of a class."""
    return f"{module_of(kind)}.{name_of(kind)}"


def _get(descriptor: Any, thing: Any) -> object:
    try:
        return descriptor.__get__(thing)
    except AttributeError:  # a slot that is not filled
        return NOTHING


def _put(descriptor: Any, thing: Any, value: object) -> None:
    if value is NOTHING:
        descriptor.__delete__(thing)
    else:
        descriptor.__set__(thing, value)


def _same_values(first: Values, second: Values) -> bool:
    """By identity; numbers that C fields give out anew each time by value."""
    return len(first) == len(second) and all(
        one is other or (type(one) is type(other) in (int, bool, str) and one == other)
        for one, other in zip(first, second, strict=True)
    )


def _kind(descriptors: tuple[Any, ...]) -> Kind:
    def read(thing: Any) -> Values:
        return tuple(_get(descriptor, thing) for descriptor in descriptors)

    def write(thing: Any, state: Values) -> None:
        now = read(thing)
        for descriptor, old, new in zip(descriptors, state, now, strict=True):
            if not _same_values((old,), (new,)):
                _put(descriptor, thing, old)

    return Kind(read, write, _same_values, iter)


def dictionary_of(kind: type) -> Any:
    """The descriptor of the attribute dictionary of a class' instances; None: they have none in plain C."""
    for base in type.mro(kind):
        descriptor = names_in(base).get("__dict__")
        if descriptor is not None:
            return descriptor if type(descriptor) is types.GetSetDescriptorType else None
    return None


def slots_of(kind: type) -> tuple[Any, ...]:
    """The descriptors of all slots that Python classes among the bases define."""
    return tuple(
        member
        for base in type.mro(kind)
        if "__slots__" in names_in(base)
        for member in names_in(base).values()
        if type(member) is types.MemberDescriptorType
    )


def instance(kind: type) -> Kind:
    """The class, the attribute dictionary itself and the slots of an instance."""
    dictionary = dictionary_of(kind)
    return _kind((_CLASS, *([dictionary] if dictionary is not None else []), *slots_of(kind)))


def of_pandas(base: type) -> Kind | None:
    """The attributes of one of pandas' C types; None: it is none of these."""
    names = _OF_PANDAS.get(qualified(base), ())
    found = tuple(names_in(base)[name] for name in names if type(names_in(base).get(name)) in _OF_C)
    return _kind(found) if found else None


def _read_class(kind: Any) -> tuple[Values, Values]:
    own = {name: value for name, value in names_in(kind).items() if name not in _NOT_OF_CLASSES}
    return tuple(own), (*own.values(), type.__dict__["__bases__"].__get__(kind))


def _write_class(kind: Any, state: tuple[Values, Values]) -> None:
    names, (*values, bases) = state
    now = _read_class(kind)[0]
    for name in set(now) - set(names):
        type.__delattr__(kind, str(name))
    for name, value in zip(names, values, strict=True):
        if names_in(kind).get(str(name), NOTHING) is not value:
            type.__setattr__(kind, str(name), value)
    if type.__dict__["__bases__"].__get__(kind) != bases:
        kind.__bases__ = bases


def _same_class(first: tuple[Values, Values], second: tuple[Values, Values]) -> bool:
    """The order of the names does not matter, and the tuple of bases is made anew each time."""
    if not each_is(cast("tuple[object, ...]", first[1][-1]), cast("tuple[object, ...]", second[1][-1])):
        return False
    other = dict(zip(second[0], second[1], strict=False))
    return len(first[0]) == len(other) and all(
        other.get(name, NOTHING) is value for name, value in zip(first[0], first[1], strict=False)
    )


def _inside_class(state: tuple[Values, Values]) -> Iterable[object]:
    return state[1][:-1]


def _descriptor(name: str) -> Any:
    return names_in(types.FunctionType)[name]


def _read_position(thing: Any) -> Values:
    return tuple(thing.__reduce__()[1:])


def _write_position(thing: Any, state: Values) -> None:
    now = _read_position(thing)
    if _same_position(now, state):
        return
    if len(now) == 1 or len(state) == 1:  # at its end it lets go of what it went over
        raise CannotRestore("it is an iterator that has come to its end, and cannot begin anew")
    thing.__setstate__(state[1])  # which cuts it at the present length of what it goes over


def _same_position(first: Values, second: Values) -> bool:
    if len(first) != len(second) or len(first) == 1:
        return len(first) == len(second)
    return each_is(cast("Values", first[0]), cast("Values", second[0])) and first[1] == second[1]


def _no_way_back(reason: str) -> Callable[[Any, Any], None]:
    def write(thing: Any, state: Any) -> None:
        raise CannotRestore(reason)

    return write


def _read_generator(thing: Any) -> object:
    frame = thing.gi_frame
    return None if frame is None else frame.f_lasti


CELL = _kind((types.CellType.__dict__["cell_contents"],))
FUNCTION = _kind(tuple(_descriptor(name) for name in _OF_FUNCTIONS))
CLASS = Kind(_read_class, _write_class, _same_class, _inside_class)
POSITION = Kind(_read_position, _write_position, _same_position, lambda state: state[:1])
GENERATOR = Kind(
    _read_generator, _no_way_back("it is a generator that went on, and cannot go back"), operator.eq
)
POSITIONS = frozenset({type(iter([])), type(iter(())), type(iter("")), type(iter(b"")), type(reversed([]))})
