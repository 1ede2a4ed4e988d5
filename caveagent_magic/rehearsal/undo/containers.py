"""The containers of Python and its standard library, read and written by their base types' own methods."""

from __future__ import annotations

import array
import collections
import contextlib
import itertools
import operator
from collections.abc import Iterable
from typing import Any

from caveagent_magic.rehearsal.undo.kept import Kind, each_is

Pairs = tuple[tuple[object, ...], tuple[object, ...]]
_TRIES = 100


def _write_list(thing: Any, state: list[object]) -> None:
    list.__setitem__(thing, slice(None), state)


def _same_dict(first: dict[object, object], second: dict[object, object]) -> bool:
    return (
        len(first) == len(second)
        and all(map(operator.is_, first, second))
        and all(map(operator.is_, first.values(), second.values()))
    )


def _inside_dict(state: dict[object, object]) -> Iterable[object]:
    return itertools.chain(state, state.values())


def _write_dict(thing: Any, state: dict[object, object]) -> None:
    dict.clear(thing)
    dict.update(thing, state)


def _read_pairs(thing: Any) -> Pairs:
    """For subclasses: `dict` itself would copy them by what they override."""
    return tuple(dict.keys(thing)), tuple(dict.values(thing))


def _write_pairs(thing: Any, state: Pairs) -> None:
    dict.clear(thing)
    for key, value in zip(*state, strict=True):
        dict.__setitem__(thing, key, value)


def _read_ordered(thing: Any) -> Pairs:
    """Keys and values in an order that `dict` itself does not know of."""
    pairs = list(collections.OrderedDict.items(thing))
    return tuple(key for key, _ in pairs), tuple(value for _, value in pairs)


def _write_ordered(thing: Any, state: Pairs) -> None:
    collections.OrderedDict.clear(thing)
    for key, value in zip(*state, strict=True):
        collections.OrderedDict.__setitem__(thing, key, value)


def _same_pairs(first: Pairs, second: Pairs) -> bool:
    return each_is(first[0], second[0]) and each_is(first[1], second[1])


def _same_set(first: set[object], second: set[object]) -> bool:
    return len(first) == len(second) and set(map(id, first)) == set(map(id, second))


def _write_set(thing: Any, state: set[object]) -> None:
    set.clear(thing)
    set.update(thing, state)


def _read_deque(thing: Any) -> list[object]:
    """Another thread may add to it while it is read: a queue of a cluster is never at rest."""
    for _ in range(_TRIES):
        with contextlib.suppress(RuntimeError):
            return list(collections.deque.__iter__(thing))
    return list(collections.deque.__iter__(thing))


def _write_deque(thing: Any, state: list[object]) -> None:
    collections.deque.clear(thing)
    collections.deque.extend(thing, state)


def _write_bytes(thing: Any, state: bytes) -> None:
    bytearray.__setitem__(thing, slice(None), state)


def _write_array(thing: Any, state: array.array[Any]) -> None:
    array.array.__setitem__(thing, slice(None), state)


def _copy_array(thing: Any) -> array.array[Any]:
    return array.array.__getitem__(thing, slice(None))


def _same_array(first: array.array[Any], second: array.array[Any]) -> bool:
    return first.tobytes() == second.tobytes()


def _factory(thing: Any) -> Any:
    return _FACTORY.__get__(thing)


_FACTORY: Any = collections.defaultdict.__dict__["default_factory"]

LIST = Kind(list.copy, _write_list, each_is, iter)
DICT = Kind(dict.copy, _write_dict, _same_dict, _inside_dict)
ORDERED = Kind(_read_ordered, _write_ordered, _same_pairs, itertools.chain.from_iterable)
SUBCLASS = Kind(_read_pairs, _write_pairs, _same_pairs, itertools.chain.from_iterable)
SET = Kind(set, _write_set, _same_set, iter)
DEQUE = Kind(_read_deque, _write_deque, each_is, iter)
BYTES = Kind(lambda thing: bytes(memoryview(thing)), _write_bytes, operator.eq)
ARRAY = Kind(_copy_array, _write_array, _same_array)
FACTORY = Kind(
    _factory, lambda thing, state: _FACTORY.__set__(thing, state), operator.is_, lambda state: (state,)
)

# A class comes before its bases; dictionaries of exactly that type are `DICT`.
BASES: tuple[tuple[type, tuple[Kind, ...]], ...] = (
    (list, (LIST,)),
    (collections.OrderedDict, (ORDERED,)),
    (collections.defaultdict, (SUBCLASS, FACTORY)),
    (dict, (SUBCLASS,)),
    (set, (SET,)),
    (collections.deque, (DEQUE,)),
    (bytearray, (BYTES,)),
    (array.array, (ARRAY,)),
)
