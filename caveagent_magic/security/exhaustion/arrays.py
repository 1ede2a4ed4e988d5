"""How much arrays and frames are that functions of numpy, pandas, scipy and scikit-learn give."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from caveagent_magic.security.exhaustion.amounts import (
    UNKNOWN,
    Amount,
    argument,
    array,
    dimensions,
    length,
    numeric,
    shape_of,
    unfolded,
)
from caveagent_magic.security.objects.columns import column_of

Args: TypeAlias = tuple[Amount, ...]
Keywords: TypeAlias = Mapping[str, Amount]
Grows: TypeAlias = Callable[[Args, Keywords], Amount]


def filled(args: Args, keywords: Keywords) -> Amount:
    """As many as the shape says."""
    return array(*dimensions(argument(args, keywords, 0, "shape", "size", "N", "n")))


def alike(args: Args, keywords: Keywords) -> Amount:
    """As many, all of one value."""
    return replace(filled(args, keywords), single=True)


def spread_out(args: Args, keywords: Keywords) -> Amount:
    """One value, or a few, in a shape; nothing of it lies in memory."""
    return replace(array(*dimensions(argument(args, keywords, 1, "shape"))), lazy=True)


def windows(args: Args, keywords: Keywords) -> Amount:
    """Every stretch of so many elements, each of which lies in memory once."""
    width = numeric(argument(args, keywords, 1, "window_shape")) or 1.0
    return replace(array(max(_size(args[:1]) - width + 1, 1.0), width), lazy=True)


def all_pairs(args: Args, keywords: Keywords) -> Amount:
    """A label for every combination."""
    given = argument(args, keywords, 0, "iterables") or UNKNOWN
    if given.items:
        return array(math.prod(max(length(item), 1.0) for item in given.items))
    inner = length(given.inner)
    return array(inner ** min(length(given), 300 / max(math.log10(max(inner, 1.0)), 1.0)))


def drawn(position: int) -> Grows:
    """As many random numbers as the size at a position says."""
    return lambda args, keywords: array(*dimensions(argument(args, keywords, position, "size")))


def each_dimension(args: Args, _: Keywords) -> Amount:
    """A dimension for each argument."""
    return array(*(numeric(arg) or 1.0 for arg in args))


def square(args: Args, keywords: Keywords) -> Amount:
    """A matrix."""
    rows = numeric(argument(args, keywords, 0, "N", "n")) or (length(args[0]) if args else 1.0)
    return array(rows, numeric(argument(args, keywords, 1, "M", "m")) or rows)


def counted(args: Args, keywords: Keywords) -> float | None:
    """How many numbers there are from a start to an end."""
    ends = [numeric(arg) for arg in args[:3]]
    if not ends or any(end is None for end in ends):
        return None
    start, stop = (0.0, ends[0]) if len(ends) == 1 else (ends[0], ends[1])
    step = ends[2] if len(ends) == 3 else numeric(keywords.get("step")) or 1.0
    return max(math.ceil((stop - start) / step), 0.0) if step else 0.0  # type: ignore[operator]


def arange(args: Args, keywords: Keywords) -> Amount:
    """Numbers from a start to an end, as an array."""
    found = counted(args, keywords)
    return replace(array(found), distinct=True) if found is not None else UNKNOWN


def spaced(args: Args, keywords: Keywords) -> Amount:
    """So many numbers between two others."""
    return array(numeric(argument(args, keywords, 2, "num")) or 50.0)


def tiled(args: Args, keywords: Keywords) -> Amount:
    """Copies beside one another."""
    return array(_size(args[:1]) * math.prod(dimensions(argument(args, keywords, 1, "reps"))))


def repeated(args: Args, keywords: Keywords) -> Amount:
    """Each element so many times."""
    return array(_size(args[:1]) * (numeric(argument(args, keywords, 1, "repeats")) or 1.0))


def _size(args: Args) -> float:
    return math.prod(max(unfolded(arg), 1.0) for arg in args)


def _rows(amount: Amount) -> float:
    return (shape_of(amount) or (1.0,))[0]


def every_pair(args: Args, _: Keywords) -> Amount:
    """Something for each pair."""
    return array(*(max(unfolded(arg), 1.0) for arg in args))


def grid(args: Args, keywords: Keywords) -> Amount:
    """The coordinates of a grid."""
    one = math.prod(_rows(arg) for arg in args)
    return array(one, float(len(args)))


def distances(args: Args, keywords: Keywords) -> Amount:
    """A number for each pair of rows."""
    other = argument(args, keywords, 1, "Y", "XB")
    return array(_rows(args[0]), _rows(other if other is not None and other.length else args[0]))


def triangle(args: Args, _: Keywords) -> Amount:
    """Half a matrix."""
    sizes = dimensions(args[0] if args else None)
    return array(sizes[0] ** 2 / 2) if sizes else UNKNOWN


def summed_over(args: Args, keywords: Keywords) -> Amount:
    """`einsum('i,j->ij', a, b)` gives an element for every letter after the arrow."""
    form = args[0].value if args else None
    if not isinstance(form, str) or "->" not in form:
        return UNKNOWN
    given, wanted = form.replace(" ", "").split("->", 1)
    sizes = {
        letter: size
        for letters, arg in zip(given.split(","), args[1:], strict=False)
        for letter, size in zip(letters, shape_of(arg), strict=False)
    }
    return array(*(sizes.get(letter, 1.0) for letter in wanted))


def product_of(args: Args, _: Keywords) -> Amount:
    """The product of two matrices."""
    return array(*shape_of(args[0])[:-1], *shape_of(args[1])[1:]) if len(args) > 1 else UNKNOWN


def sparse(args: Args, keywords: Keywords) -> Amount:
    """A sparse matrix: what it would hold once it is written out."""
    return replace(square(args, keywords), lazy=True)


def sparse_of_shape(args: Args, keywords: Keywords) -> Amount:
    """A sparse matrix of a shape."""
    return replace(filled(args, keywords), lazy=True)


def by_function(args: Args, keywords: Keywords) -> Amount:
    """What a function gives at each place of a shape."""
    return array(*dimensions(argument(args, keywords, 1, "shape")))


def condensed(args: Args, _: Keywords) -> Amount:
    """A number for each pair of rows, once."""
    return array(_rows(args[0]) ** 2 / 2)


def vander(args: Args, keywords: Keywords) -> Amount:
    """The powers of numbers."""
    return array(_rows(args[0]), numeric(argument(args, keywords, 1, "N")) or _rows(args[0]))


def padded(args: Args, keywords: Keywords) -> Amount:
    """With so much more on both sides."""
    return array(_size(args[:1]) + 2 * sum(dimensions(argument(args, keywords, 1, "pad_width"))))


def joined_up(args: Args, keywords: Keywords) -> Amount:
    """Rows under one another."""
    first = args[0] if args else keywords.get("objs", UNKNOWN)
    if not first.items:
        return replace(
            array(length(first) * _rows(first.inner or UNKNOWN), *_columns(first.inner)), frame=True
        )
    return replace(array(sum(_rows(item) for item in first.items), *_columns(first.items[0])), frame=True)


def _columns(amount: Amount | None) -> tuple[float, ...]:
    return shape_of(amount)[1:] if amount is not None else ()


def framed(args: Args, keywords: Keywords) -> Amount:
    """A frame of data, an index and columns."""
    data = argument(args, keywords, 0, "data")
    index = argument(args, keywords, 1, "index")
    columns = argument(args, keywords, 2, "columns")
    shape = shape_of(data) if data is not None else ()
    rows = max((shape or (1.0,))[0], length(index))
    found = (rows, *shape[1:]) if len(shape) > 1 or columns is None else (rows, length(columns))
    distinct = data is not None and data.distinct
    span = (index or UNKNOWN).span or (data or UNKNOWN).span
    same = data.alike if data is not None else frozenset()
    return replace(array(*found), frame=True, distinct=distinct, span=span, alike=same)


MOST_CHECKED = 10**8  # rows that two tables have together where it is looked whether a key tells them apart
DRAWING = {
    "normal": 2, "uniform": 2, "integers": 2, "random": 0, "standard_normal": 0, "choice": 1, "poisson": 1,
    "exponential": 1, "gamma": 2, "beta": 2, "binomial": 2,
}  # fmt: skip


def joined(sides: Args, keywords: Keywords) -> Amount:
    """Every row of one frame with every row of another, where no key tells them apart."""
    frames = [side for side in (*sides, *keywords.values()) if side.frame][:2]
    if len(frames) < 2:
        return UNKNOWN
    keys = [keywords[word].value for word in ("on", "left_on", "right_on") if word in keywords]
    large = _rows(frames[0]) * _rows(frames[1]) > MOST_CHECKED
    alike = [key in frame.alike or (large and one_value(frame, key)) for key in keys for frame in frames]
    if keywords.get("how", UNKNOWN).value != "cross" and not (alike and all(alike)):
        return UNKNOWN
    return replace(array(_rows(frames[0]) * _rows(frames[1])), frame=True)


def one_value(frame: Amount, column: object) -> bool:
    """Whether a column of numbers of a live frame has the same in all rows."""
    values = column_of(frame.live.obj, column) if frame.live is not None else None
    if values is None or values.dtype.kind not in "iufb" or not len(values):
        return False
    return bool((values == values[0]).all())


def reindexed(owner: Amount, args: Args, keywords: Keywords) -> Amount:
    """A row for each label."""
    labels = argument(args, keywords, 0, "index", "labels")
    return replace(array(length(labels), *_columns(owner)), frame=True)


def reshaped(owner: Amount, shape: tuple[float, ...], args: Args) -> Amount:
    """The same elements in another shape."""
    given = args[0].items if len(args) == 1 and args[0].items else args
    size = unfolded(owner)
    rest = math.prod(part for part, arg in zip(shape, given, strict=False) if numeric(arg) != -1)
    found = array(
        *(
            size / max(rest, 1.0) if numeric(arg) == -1 else part
            for part, arg in zip(shape, given, strict=False)
        )
    )
    return replace(found, distinct=owner.distinct)
