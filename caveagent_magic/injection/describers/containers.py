"""Lists, tuples, sets and dictionaries: how many elements, of which types.

Types are those of a sample, so that the time does not grow with the size; the values stay where they are.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description, Field, named

SAMPLE = 20
NESTED_SAMPLE = 5
SHOWN_KINDS = 4
FIELD_KEYS = 20  # a dictionary with more keys holds data in them
POSITIONS = 5  # a tuple of no more elements is read by position
_NESTING: tuple[type, ...] = (list, tuple, set, frozenset, dict)


def sequence(obj: Any, base: Any) -> Description:
    """`list[int | str], 1,000 items (20 seen)`, the sample spread over the whole length."""
    size = base.__len__(obj)
    names = static.class_member(type(obj), "_fields") if base is tuple else None
    if type(names) is tuple and len(names) == size and all(type(name) is str for name in names):
        return Description(named(obj, base), fields=partial(_by_name, names, obj), size=size)
    if base is tuple and size <= POSITIONS:
        return Description(f"{named(obj, base)}[{', '.join(map(kind, base.__iter__(obj)))}]")
    return Description(_summary(named(obj, base), kinds(_spread(obj, base, SAMPLE)), size))


def _by_name(names: tuple[str, ...], obj: object) -> Iterator[Field]:
    for name, value in zip(names, tuple.__iter__(obj), strict=True):  # type: ignore[arg-type, var-annotated]
        yield Field(name, kind(value))


def unordered(obj: object, base: Any) -> Description:
    """`set[str], 12 items`."""
    found = kinds(islice(base.__iter__(obj), SAMPLE))
    return Description(_summary(named(obj, base), found, base.__len__(obj)))


def mapping(obj: object, base: type) -> Description:
    """`dict[str, int], 3 items`; its keys are shown only where they act as names of fields.

    That is: a plain `dict` of at most 20 keys, all of them `str` and identifiers. Other keys may be data.
    """
    size = dict.__len__(obj)  # type: ignore[arg-type]
    if type(obj) is dict and _named_fields(obj):
        return Description(_summary(named(obj, base), "", size), fields=partial(_fields, obj), size=size)
    return Description(_summary(named(obj, base), _pairs(obj, SAMPLE, nested=True), size))


def kinds(values: Iterable[object], *, nested: bool = True) -> str:
    """The types of the values in the words of annotations: `int | list[str] | None`."""
    found = list(dict.fromkeys(kind(value, nested=nested) for value in values))
    more = [f"{len(found) - SHOWN_KINDS} more"] if len(found) > SHOWN_KINDS else []
    return " | ".join(found[:SHOWN_KINDS] + more)


def kind(value: object, *, nested: bool = True) -> str:
    """The type of one element, with the element types of a container in it."""
    cls = type(value)
    name = "None" if value is None else static.type_name(cls)
    if not nested or not any(cls is known for known in _NESTING):
        return name
    if cls is dict and _named_fields(value):
        inner = ", ".join(f"{field.label}: {field.type}" for field in _fields(value, nested=False))
        return f"dict{{{inner}}}"
    if cls is dict:
        inner = _pairs(value, NESTED_SAMPLE, nested=False)
    else:
        inner = kinds(islice(cls.__iter__(value), NESTED_SAMPLE), nested=False)  # type: ignore[attr-defined]
    return f"{name}[{inner}]" if inner else name


def _summary(name: str, types: str, size: int) -> str:
    seen = f" ({SAMPLE} seen)" if size > SAMPLE else ""
    return f"{name}{f'[{types}]' if types else ''}, {size:,} item{'' if size == 1 else 's'}{seen}"


def _spread(obj: object, base: Any, count: int) -> Iterator[object]:
    size = base.__len__(obj)
    return (base.__getitem__(obj, index) for index in range(0, size, max(1, -(-size // count))))


def _pairs(obj: object, count: int, *, nested: bool) -> str:
    sample = list(islice(dict.items(obj), count))  # type: ignore[arg-type, var-annotated]
    if not sample:
        return ""
    keys, values = (kinds(half, nested=nested) for half in zip(*sample, strict=True))
    return f"{keys}, {values}"


def _named_fields(obj: object) -> bool:
    size = dict.__len__(obj)  # type: ignore[arg-type]
    keys: Iterator[object] = dict.__iter__(obj)  # type: ignore[arg-type]
    return 0 < size <= FIELD_KEYS and all(
        type(key) is str and key.isidentifier() and not keyword.iskeyword(key) for key in keys
    )


def _fields(obj: object, *, nested: bool = True) -> Iterator[Field]:
    for key, value in dict.items(obj):  # type: ignore[arg-type, var-annotated]
        yield Field(key, kind(value, nested=nested))


DESCRIBERS: dict[str, Describer] = {
    "builtins.list": sequence,
    "builtins.tuple": sequence,
    "collections.deque": unordered,
    "builtins.set": unordered,
    "builtins.frozenset": unordered,
    "builtins.dict": mapping,
}
