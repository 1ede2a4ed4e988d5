"""What about an object is told when it has changed: rows, columns and gaps of a frame, keys, shapes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal.foreign import Table, array_facts, table_of

_MOST_WORDS = 6
_MOST_KEYS = 10_000
_PLAIN = (str, int, float, bool, bytes, type(None), tuple)


@frozen
class Outline:
    """What an object was like, without its values."""

    table: Table | None = None
    shape: tuple[int, ...] | None = None  # of an array
    dtype: str = ""
    keys: frozenset[Any] | None = None  # of a dictionary


def outline_of(thing: Any) -> Outline | None:
    """The outline of a frame, an array or a dictionary; None: there is none."""
    kind = type(thing)
    if kind is dict:
        return Outline(keys=_keys(thing))
    if (facts := array_facts(thing, kind)) is not None:
        return Outline(shape=facts.shape, dtype=facts.dtype)
    table = table_of(thing, count_nulls=True)
    return None if table is None else Outline(table)


def alteration(old: Outline, new: Outline | None) -> str:
    """Such as "10,000 → 9,912 rows, +margin, price int64 → float64, 12 new nulls in region"; may be empty."""
    if new is None:
        return ""
    if old.table is not None and new.table is not None:
        return _of_tables(old.table, new.table) if old.table != new.table else _order(old.table, new.table)
    if old.keys is not None and new.keys is not None:
        more, fewer = len(new.keys - old.keys), len(old.keys - new.keys)
        return ", ".join(
            f"{sign}{count:,} {_plural('key', count)}" for sign, count in (("+", more), ("−", fewer)) if count
        )
    words = []
    if None not in (old.shape, new.shape):
        words += [f"shape {old.shape} → {new.shape}"] if old.shape != new.shape else []
        words += [f"{old.dtype} → {new.dtype}"] if old.dtype != new.dtype else []
    return ", ".join(words)


def _keys(thing: dict[Any, object]) -> frozenset[Any] | None:
    if len(thing) > _MOST_KEYS or any(type(key) not in _PLAIN for key in thing):
        return None  # the hash of any other key may be the user's code
    parts = itertools.chain.from_iterable(key for key in thing if type(key) is tuple)
    return frozenset(thing) if all(type(part) in _PLAIN[:-1] for part in parts) else None


def _of_tables(old: Table, new: Table) -> str:
    words = [f"{old.rows:,} → {new.rows:,} rows"] if old.rows != new.rows else []
    columns = [f"+{name}" for name in new.columns if name not in old.columns]
    columns += [f"−{name}" for name in old.columns if name not in new.columns]
    for name, kind in new.columns.items():
        if old.columns.get(name, kind) != kind:
            columns.append(f"{name} {old.columns[name]} → {kind}")
    words += _some(columns, "more columns")
    if old.index != new.index:
        words.append(f"index {old.index} → {new.index}")
    words += _some(list(_new_nulls(old, new)), "more columns with other nulls")
    return ", ".join(words) or _order(old, new)


def _new_nulls(old: Table, new: Table) -> Iterable[str]:
    if old.nulls is None or new.nulls is None:
        return
    for name, count in new.nulls.items():
        more = count - old.nulls.get(name, count)
        if more:
            yield f"{abs(more):,} {'new' if more > 0 else 'fewer'} {_plural('null', abs(more))} in {name}"


def _order(old: Table, new: Table) -> str:
    return "columns in another order" if list(old.columns) != list(new.columns) else ""


def _some(words: list[str], rest: str) -> list[str]:
    if len(words) > _MOST_WORDS:
        words[_MOST_WORDS:] = [f"and {len(words) - _MOST_WORDS:,} {rest}"]
    return words


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
