"""How much something is, as far as it is written: lengths, shapes, digits; what is unknown counts as one."""

from __future__ import annotations

import ast
import math
import sys
from collections.abc import Mapping
from dataclasses import replace

from caveagent_magic.frozen import frozen
from caveagent_magic.security.flow.values import Ref
from caveagent_magic.security.objects.still import Kinds

SHORT = 8  # elements of a list that are kept one by one

MANY = 10.0**18
FULL = 64  # bits of a number that is worked out exactly


@frozen
class Amount:
    """What is known of the size of a value; `name` is the qualified name of a module or function."""

    value: float | int | str | bytes | None = None
    length: float | None = None  # elements, or characters
    shape: tuple[float, ...] = ()  # of an array or a frame
    inner: Amount | None = None  # the largest element
    items: tuple[Amount, ...] = ()  # of a short literal
    bits: float = 0.0  # of a number too long to be worked out
    lazy: bool = False  # made one by one, so that nothing is held
    shared: bool = False  # all elements are the same one
    frame: bool = False
    several: bool = False  # the largest of several numbers
    distinct: bool = False  # no two elements are alike; of a frame, those of a column
    alike: frozenset[str] = frozenset()  # columns that hold one value in all rows
    single: bool = False  # one value in all places
    span: float | None = None  # seconds from the first of its dates to the last
    live: Ref | None = None  # the frame of the kernel that it is
    name: str = ""
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | None = None


UNKNOWN = Amount()
NUMBERS, TEXTS = Kinds(int, float, bool), Kinds(str, bytes)
PLAIN, ORDERED = Kinds(int, float, str), Kinds(list, tuple)
TABLES = (("numpy", "ndarray"), ("pandas", "DataFrame"), ("pandas", "Series"), ("polars", "DataFrame"))
CONTAINERS = Kinds(list, tuple, set, frozenset, dict, range)


def number(value: float) -> Amount:
    """A number, exactly where it is short."""
    return Amount(value=value) if not isinstance(value, int) or value.bit_length() <= FULL else digits(value)


def digits(value: int) -> Amount:
    """A long number."""
    return Amount(bits=float(value.bit_length()))


def text(length: float) -> Amount:
    """A text or bytes of that length."""
    return Amount(length=length)


def array(*shape: float) -> Amount:
    """An array of that shape."""
    return Amount(length=shape[0] if shape else 1.0, shape=shape or (1.0,))


def listed(length: float | None, inner: Amount | None = None, lazy: bool = False) -> Amount:
    """What goes through so many elements."""
    return Amount(length=length, inner=inner, lazy=lazy)


def numeric(amount: Amount | None) -> float | None:
    """Its number, where it is one."""
    value = amount.value if amount is not None else None
    return value if isinstance(value, (int, float)) else None


def length(amount: Amount | None) -> float:
    """How many times a loop over it goes round; what is not known or never ends counts as one."""
    found = amount.length if amount is not None else None
    return found if found is not None and math.isfinite(found) else 1.0


def held(amount: Amount | None) -> float:
    """How many elements or characters lie in memory."""
    if amount is None or amount.lazy:
        return 0.0
    if amount.shape:
        return math.prod(amount.shape)
    if amount.shared:
        return length(amount) + held(amount.inner)
    return unfolded(amount)


def unfolded(amount: Amount | None) -> float:
    """How many there are once elements that are one and the same are written out."""
    if amount is None or amount.length is None:
        return amount.bits / FULL if amount is not None else 0.0
    if amount.shape:
        return math.prod(amount.shape)
    return length(amount) * max(unfolded(amount.inner), 1.0)


def dimensions(amount: Amount | None) -> tuple[float, ...]:
    """The shape that a number or a tuple of numbers asks for."""
    if amount is None:
        return ()
    if amount.items:
        return tuple(abs(numeric(item) or 1.0) for item in amount.items)
    found = numeric(amount)
    return (abs(found),) if found is not None else ()


def shape_of(amount: Amount) -> tuple[float, ...]:
    """The shape it has as an array."""
    if amount.shape:
        return amount.shape
    if amount.length is None:
        return ()
    inside = shape_of(amount.inner) if amount.inner is not None and amount.value is None else ()
    return (length(amount), *inside)


def broadcast(left: tuple[float, ...], right: tuple[float, ...]) -> tuple[float, ...]:
    """The shape that two arrays take on together."""
    size = max(len(left), len(right))
    first, second = (1.0,) * (size - len(left)) + left, (1.0,) * (size - len(right)) + right
    return tuple(max(pair) for pair in zip(first, second, strict=True))


def larger(left: Amount, right: Amount) -> Amount:
    """The one that may cost more."""
    return max(left, right, key=_rank)


def _rank(amount: Amount) -> tuple[float, float, float]:
    return (unfolded(amount), amount.bits, numeric(amount) or 0.0)


def grown(before: Amount, after: Amount, times: float) -> Amount:
    """What becomes of it when it goes on growing by the same amount so many times more."""
    if before.length is None or after.length is None or after.length <= before.length or times <= 0:
        return after
    if not math.isfinite(after.length):
        return after
    whole = after.length + (after.length - before.length) * times
    shape = (whole, *after.shape[1:]) if after.shape else ()
    return replace(after, length=whole, shape=shape, items=())


def live_amount(obj: object) -> Amount:
    """How much a live object is; only those of exact, known types are looked at."""
    kind = type(obj)
    if kind in NUMBERS:
        return number(obj)  # type: ignore[arg-type]
    if kind in TEXTS:
        return Amount(value=obj if len(obj) < 1000 else None, length=float(len(obj)))  # type: ignore[arg-type]
    if kind in CONTAINERS:
        size = len(obj)  # type: ignore[arg-type]
        inside = list(obj) if kind in ORDERED and size <= SHORT else []  # type: ignore[call-overload]
        items = tuple(map(live_amount, inside)) if all(type(each) in PLAIN for each in inside) else ()
        return replace(listed(float(size)), items=items)
    for module, name in TABLES:
        if kind is getattr(sys.modules.get(module), name, None):
            shape = tuple(float(part) for part in obj.shape)  # type: ignore[attr-defined]
            return replace(array(*shape), frame=module != "numpy", live=Ref(obj))
    return UNKNOWN


def argument(
    args: tuple[Amount, ...], keywords: Mapping[str, Amount], position: int, *words: str
) -> Amount | None:
    """What is given at a position or under a keyword."""
    found = next((keywords[word] for word in words if word in keywords), None)
    return found or (args[position] if 0 <= position < len(args) else None)
