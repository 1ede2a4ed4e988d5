"""Tables that are as wide as there are different values, or rows: one column for each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from caveagent_magic.security.exhaustion.amounts import (
    MANY,
    UNKNOWN,
    Amount,
    argument,
    array,
    dimensions,
    held,
    numeric,
    shape_of,
)
from caveagent_magic.security.vocabulary import names

PLOT = 10**5  # numbers that cost as much to be made as one plot
PIVOTING = names("pivot pivot_table unstack")


def rows(amount: Amount | None) -> float:
    """How many rows it has."""
    return (shape_of(amount) or (1.0,))[0] if amount is not None else 1.0


def columns(amount: Amount | None) -> float:
    """How many columns it has."""
    return (*shape_of(amount), 1.0, 1.0)[1] if amount is not None else 1.0


def _different(amount: Amount | None) -> float:
    """How many different values it is known to have."""
    return rows(amount) if amount is not None and amount.distinct else 1.0


def dummies(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """A column for each value."""
    data = argument(args, keywords, 0, "data")
    found = array(rows(data), _different(data))
    return replace(found, lazy="sparse" in keywords, frame=True)


def crosstab(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """A row for each value of one and a column for each of another."""
    index, other = argument(args, keywords, 0, "index"), argument(args, keywords, 1, "columns")
    return replace(array(_different(index), _different(other)), frame=True)


def encoder(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """What makes a column for each value, unless it makes a sparse matrix."""
    dense = keywords.get("sparse_output", UNKNOWN).value is False
    return Amount(name="dense encoder" if dense else "")


def binarizer(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """The same for one column, where the matrix is not sparse by itself."""
    return Amount(name="" if "sparse_output" in keywords else "dense encoder")


def correlations(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """A number for each pair of rows, or of columns."""
    across = "rowvar" in keywords and not keywords["rowvar"].value
    size = columns(args[0]) if across and args else rows(args[0] if args else None)
    return array(size, size)


def decomposed(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """Among what a full decomposition gives is a matrix of all rows with all rows."""
    thin = "full_matrices" in keywords and not keywords["full_matrices"].value
    size = rows(args[0] if args else None)
    return UNKNOWN if thin else array(size, size)


def to_the_largest(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """A place for each number up to the largest one."""
    inside = args[0].inner if args else None
    return array(max(numeric(inside) or 1.0, numeric(keywords.get("minlength")) or 1.0))


def binned(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """So many bins."""
    return array(numeric(argument(args, keywords, 1, "bins")) or 1.0)


def plots(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """The dots of a picture, or what its many plots take to be made."""
    sizes = [numeric(argument(args, keywords, at, word)) or 1.0 for at, word in ((0, "nrows"), (1, "ncols"))]
    many = sizes[0] * sizes[1] * PLOT
    return max(array(many), figure(args, keywords), key=held)


def powers(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """What multiplies columns with one another, up to a degree."""
    degree = numeric(argument(args, keywords, 0, "degree")) or 2.0
    return Amount(name="powers", value=degree)


def figure(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """The dots of a picture: its size in inches, times the dots for each of them."""
    size = dimensions(keywords.get("figsize"))
    dots = numeric(keywords.get("dpi")) or 100.0
    return array(*(inches * dots for inches in size)) if size else UNKNOWN


def inches(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """The dots of a picture that is given another size."""
    size = dimensions(args[0]) if len(args) == 1 else tuple(numeric(arg) or 1.0 for arg in args[:2])
    return array(*(each * 100.0 for each in size)) if size else UNKNOWN


def widened(
    owner: Amount, method: str, args: tuple[Amount, ...], keywords: Mapping[str, Amount]
) -> Amount | None:
    """What a method of a table gives that is as wide as it is long, or as long as wide."""
    if method == "set_size_inches":
        return inches(args, keywords)
    if method in PIVOTING and owner.distinct:
        return replace(array(rows(owner), rows(owner)), frame=True)
    if method in ("corr", "cov") and owner.frame and len(owner.shape) > 1:
        return replace(array(columns(owner), columns(owner)), frame=True)
    if owner.name == "powers" and method in ("fit_transform", "transform") and args:
        degree = int(min(numeric(owner) or 2.0, 10_000))
        return array(rows(args[0]), float(min(math.comb(int(columns(args[0])) + degree, degree), int(MANY))))
    if owner.name == "dense encoder" and method == "fit_transform" and args and args[0].distinct:
        return array(rows(args[0]), rows(args[0]))
    return None
