"""Functions whose work is more than what they give: how many rounds of a loop it is worth."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from caveagent_magic.security.exhaustion.amounts import (
    UNKNOWN,
    Amount,
    argument,
    length,
    numeric,
    shape_of,
    unfolded,
)
from caveagent_magic.security.vocabulary import names

Args: TypeAlias = tuple[Amount, ...]
Keywords: TypeAlias = Mapping[str, Amount]
Works: TypeAlias = Callable[[Args, Keywords], float]
EASY = 1000  # multiplications, one by one, that cost as much as one round of a loop
FAST = 10_000  # those of linear algebra
FIT = 5000  # rounds for a model that learns
PLOT = 10**5  # rounds for one plot
DOTS = 30  # square inches of a picture
ROW = 20  # rounds for each row that a frame gives to a function
CELL = 4  # for each value
DIGIT = 30  # bits
CAPS = names("maxiter max_iter maxfun maxfev max_nfev niter max_num_iterations")
TOLERANCES = names("tol xtol ftol gtol atol rtol xatol fatol")
REDUCING = names("sum mean std var min max prod any all argmax argmin dot cumsum cumprod median copy astype")
FILLING = names("sum mean std var min max prod any all argmax argmin median nansum nanmean sort copy array")


def letters(args: Args, keywords: Keywords) -> float:
    """`einsum` multiplies for every letter, also for those that are summed over."""
    form = args[0].value if args else None
    if not isinstance(form, str) or "optimize" in keywords:
        return 1.0
    given = form.replace(" ", "").partition("->")[0].split(",")
    sizes = {
        letter: size
        for word, arg in zip(given, args[1:], strict=False)
        for letter, size in zip(word, shape_of(arg), strict=False)
    }
    return math.prod(sizes.values()) / EASY


def algebra(factor: float) -> Works:
    """What grows with the third power of a matrix's size."""

    def work(args: Args, keywords: Keywords) -> float:
        shape = (*shape_of(args[0]), 1.0, 1.0)[:2] if args else (1.0, 1.0)
        return factor * math.prod(shape) * min(shape) / FAST

    return work


def multiplied(left: Amount, right: Amount) -> float:
    """The product of two matrices."""
    first, second = shape_of(left), shape_of(right)
    return 2 * math.prod(first) * (second[1] if len(second) > 1 else 1.0) / FAST if first else 1.0


def product(args: Args, keywords: Keywords) -> float:
    """The same as a function."""
    return multiplied(*args[:2]) if len(args) > 1 else 1.0


def choices(args: Args, keywords: Keywords) -> float:
    """The digits of a binomial number, each with each."""
    sizes = [numeric(arg) for arg in args[:2]]
    if len(sizes) < 2 or sizes[0] is None or sizes[1] is None:
        return 1.0
    chosen = max(min(sizes[1], sizes[0] - sizes[1]), 1.0)
    bits = chosen * math.log2(max(2.7 * sizes[0] / chosen, 2.0))
    return (bits / DIGIT) ** 2 / 100


def hashed(args: Args, keywords: Keywords) -> float:
    """A key that is derived in so many rounds."""
    return 10 * (numeric(argument(args, keywords, 3, "iterations")) or 1.0)


def memory_hard(args: Args, keywords: Keywords) -> float:
    """A key that takes as much memory."""
    return 128 * math.prod(numeric(keywords.get(word)) or 1.0 for word in ("n", "r", "p"))


def compared(args: Args, keywords: Keywords) -> float:
    """Two texts, character by character."""
    sizes = [length(argument(args, keywords, at, word)) for at, word in ((1, "a"), (2, "b"))]
    thorough = argument(args, keywords, 3, "autojunk")
    return math.prod(sizes) / (10 if thorough is not None and thorough.value is False else EASY)


def searched(args: Args, keywords: Keywords) -> float:
    """A model for every combination of settings, again for each part of the data."""
    grid = argument(args, keywords, 1, "param_grid") or UNKNOWN
    parts = numeric(keywords.get("cv")) or 5.0
    return combinations(grid) * parts * FIT


def combinations(grid: Amount) -> float:
    """How many there are of what a table of lists holds, or several tables."""
    if grid.shape:
        return math.prod(max(length(each), 1.0) for each in grid.items)
    return sum(combinations(each) for each in grid.items if each.shape) or 1.0


def in_pairs(args: Args, keywords: Keywords) -> float:
    """A plot for each pair of columns."""
    data, chosen = argument(args, keywords, 0, "data", "frame"), keywords.get("vars")
    columns = length(chosen) if chosen is not None else (*shape_of(data or UNKNOWN), 1.0, 1.0)[1]
    return columns**2 * PLOT


def without_tolerance(keywords: Keywords) -> float:
    """What ends only by its number of rounds, as nothing is ever near enough."""
    strict = [numeric(keywords[word]) for word in TOLERANCES.intersection(keywords)]
    if not any(value is not None and value <= 0 for value in strict):
        return 1.0
    return max(((numeric(keywords[word]) or 1.0) * FIT for word in CAPS.intersection(keywords)), default=1.0)


def of_method(owner: Amount, method: str, keywords: Keywords) -> float:
    """A method that goes through what is made one by one, or draws a picture."""
    dots = numeric(keywords.get("dpi"))
    if method == "savefig" and dots is not None:
        return dots**2 * DOTS
    return unfolded(owner) if owner.lazy and owner.shape and method in REDUCING else 1.0


def applied(owner: Amount, method: str, args: Args, keywords: Keywords) -> float:
    """How often a table calls the function that it is given."""
    if owner.name == "rolling":
        return (numeric(owner) or 1.0) / 10
    if not owner.shape:
        return 1.0
    across = numeric(argument(args, keywords, 1, "axis")) == 1
    if method == "apply" and owner.frame and len(owner.shape) > 1:
        return owner.shape[0 if across else 1] * ROW
    return math.prod(owner.shape) * CELL


def filled(args: Args, keywords: Keywords) -> float:
    """All of an array that is made one by one."""
    return unfolded(args[0]) if args and args[0].lazy and args[0].shape else 1.0


def added(args: Args, keywords: Keywords) -> float:
    """Fractions whose denominators differ: that of the sum grows with each of them."""
    inner = args[0].inner if args else None
    return length(args[0]) ** 3 / 43_000 if inner is not None and inner.name == "fraction" else 1.0


def interactions(args: Args, keywords: Keywords) -> float:
    """A formula in which `a * b * c` stands for each of them and for each choice of several."""
    form = (argument(args, keywords, 0, "formula", "formula_like") or UNKNOWN).value
    terms = re.split(r"[~+]", form) if isinstance(form, str) else []
    return max(
        (2.0 ** min(term.count("*") + 1 - 2 * term.count("**"), 60) * EASY for term in terms), default=1.0
    )


_FORMULAS = names("ols wls gls glm logit probit poisson mixedlm quantreg rlm mnlogit gee phreg")
_OF_ALGEBRA = {
    "svd": 20, "eig": 25, "eigvals": 15, "eigh": 9, "eigvalsh": 4, "inv": 2, "pinv": 25, "det": 0.7, "qr": 4,
    "solve": 0.7, "lstsq": 20, "expm": 60, "logm": 60, "sqrtm": 30, "matrix_rank": 20, "cond": 20,
}  # fmt: skip
WORK: Mapping[str, Works] = {
    **{f"{home}.linalg.{name}": algebra(f) for home in ("numpy", "scipy") for name, f in _OF_ALGEBRA.items()},
    **{f"numpy.{name}": filled for name in FILLING},
    **{f"statsmodels.formula.api.{name}": interactions for name in _FORMULAS},
    "patsy.dmatrix": interactions, "patsy.dmatrices": interactions, "patsy.highlevel.dmatrix": interactions,
    "patsy.highlevel.dmatrices": interactions, "builtins.sum": added,
    "numpy.einsum": letters, "numpy.matmul": product, "numpy.dot": product, "math.comb": choices,
    "hashlib.pbkdf2_hmac": hashed, "hashlib.scrypt": memory_hard, "difflib.SequenceMatcher": compared,
    "sklearn.model_selection.GridSearchCV": searched, "seaborn.pairplot": in_pairs,
    "sklearn.model_selection.HalvingGridSearchCV": searched, "seaborn.PairGrid": in_pairs,
    "pandas.plotting.scatter_matrix": in_pairs,
}  # fmt: skip
"""By qualified name."""
APPLYING = names("apply applymap map transform")
