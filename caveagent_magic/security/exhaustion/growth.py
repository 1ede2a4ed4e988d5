"""How much functions of the standard library, numpy, pandas and their like give, by what they are given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from caveagent_magic.security.exhaustion.amounts import (
    MANY,
    UNKNOWN,
    Amount,
    argument,
    array,
    dimensions,
    length,
    listed,
    number,
    numeric,
    text,
    unfolded,
)
from caveagent_magic.security.exhaustion.arrays import (
    DRAWING,
    Args,
    Grows,
    Keywords,
    alike,
    all_pairs,
    arange,
    by_function,
    condensed,
    counted,
    distances,
    drawn,
    each_dimension,
    every_pair,
    filled,
    framed,
    grid,
    joined_up,
    padded,
    product_of,
    reindexed,
    repeated,
    reshaped,
    spaced,
    sparse,
    sparse_of_shape,
    spread_out,
    square,
    summed_over,
    tiled,
    triangle,
    vander,
    windows,
)
from caveagent_magic.security.exhaustion.categories import (
    binarizer,
    binned,
    correlations,
    crosstab,
    decomposed,
    dummies,
    encoder,
    figure,
    plots,
    powers,
    to_the_largest,
)
from caveagent_magic.security.exhaustion.dates import covered, date, parsed, periods, resampled
from caveagent_magic.security.exhaustion.widths import spec_width
from caveagent_magic.security.vocabulary import names

MOST_PARTS = 100
SAME = names(
    """
    copy astype sort_values reset_index fillna to_numpy flatten ravel tolist encode decode lower
    upper round clip cumsum sort_index rename assign transpose view abs shift iterrows itertuples to_list
    toarray todense to_dense
    """
)
"""Methods that give as much as they are called on."""


def _range(args: Args, keywords: Keywords) -> Amount:
    ends = [numeric(arg) for arg in args]
    end = ends[0] if len(ends) == 1 else ends[1] if len(ends) == 2 else None
    largest = Amount(value=int(end) - 1, several=True) if end is not None and math.isfinite(end) else None
    return replace(listed(counted(args, keywords), largest, lazy=True), distinct=True)


def _product(args: Args, keywords: Keywords) -> Amount:
    times = numeric(keywords.get("repeat")) or 1.0
    each = math.prod(length(arg) for arg in args)
    return listed(_power(each, times), lazy=True)


def _power(base: float, exponent: float) -> float:
    return base**exponent if base > 0 and exponent * math.log10(max(base, 1.1)) < 18 else MANY


def _chosen(count: Callable[[int, int], int], whole: bool) -> Grows:
    def grows(args: Args, keywords: Keywords) -> Amount:
        size = int(min(length(args[0] if args else None), 10_000))
        taken = numeric(argument(args, keywords, 1, "r"))
        chosen = int(taken) if taken is not None else size if whole else 0
        if len(args) > 1 and args[1].several and not whole:  # of all these, most are had by taking half
            chosen = min(chosen, size // 2)
        return listed(
            float(min(count(size, min(chosen, size)), int(MANY))) if chosen >= 0 else 0.0, lazy=True
        )

    return grows


def _sliced(args: Args, _: Keywords) -> Amount:
    ends = [numeric(arg) for arg in args[1:3]]
    most = ends[-1] if ends else None
    if most is None or not args:
        return UNKNOWN
    known = args[0].length
    return listed(min(most, known) if known is not None else most, args[0].inner, lazy=True)


def _for_ever(args: Args, keywords: Keywords) -> Amount:
    return listed(math.inf, lazy=True)


def _again(args: Args, keywords: Keywords) -> Amount:
    times = numeric(argument(args, keywords, 1, "times"))
    return listed(times if times is not None else math.inf, args[0] if args else None, lazy=True)


def _through(args: Args, _: Keywords) -> Amount:
    """As many as the last argument, one by one."""
    return listed(args[-1].length, lazy=True) if args else UNKNOWN


def _kept(args: Args, _: Keywords) -> Amount:
    return replace(args[0], lazy=False, name="") if args else listed(0.0)


def _enumerated(args: Args, _: Keywords) -> Amount:
    return listed(args[0].length, lazy=True) if args else UNKNOWN


def _zipped(args: Args, _: Keywords) -> Amount:
    known = [arg.length for arg in args if arg.length is not None]
    return listed(min(known), lazy=True) if known and len(known) == len(args) else UNKNOWN


def _labels(args: Args, _: Keywords) -> Amount:
    return args[0] if args else UNKNOWN


def _fraction(args: Args, _: Keywords) -> Amount:
    """Powers of it are as long as those of its numerator or its denominator."""
    found = number(int(max((abs(numeric(arg) or 1.0) for arg in args[:2]), default=1.0)))
    return replace(found, name="fraction") if len(args) > 1 and args[1].several else found


def _chained(args: Args, _: Keywords) -> Amount:
    return listed(sum(length(arg) for arg in args), lazy=True)


def _unchained(args: Args, _: Keywords) -> Amount:
    return listed(unfolded(args[0]), lazy=True) if args else UNKNOWN


def _bytes(args: Args, _: Keywords) -> Amount:
    size = numeric(args[0]) if args else None
    return text(size) if size is not None else (args[0] if args else UNKNOWN)


def _formatted(args: Args, _: Keywords) -> Amount:
    spec = args[1].value if len(args) > 1 else None
    return text(spec_width(spec)) if isinstance(spec, str) else UNKNOWN


def _length(args: Args, _: Keywords) -> Amount:
    known = args[0].length if args else None
    return number(int(known)) if known is not None and math.isfinite(known) else UNKNOWN


def _int(args: Args, _: Keywords) -> Amount:
    found = numeric(args[0]) if args else None
    if found is not None and math.isfinite(found):
        return number(int(found))
    written = args[0].value if args else None
    return (
        number(int(written))
        if isinstance(written, str) and written.isdecimal() and len(written) < 30
        else UNKNOWN
    )


def _power_of(args: Args, _: Keywords) -> Amount:
    return raised(*args[:2]) if len(args) == 2 else UNKNOWN


def raised(base: Amount, exponent: Amount) -> Amount:
    """A power of whole numbers."""
    low, high = numeric(base), numeric(exponent)
    if base.bits and high is not None and high > 0:
        return Amount(bits=base.bits * high)
    if exponent.bits and low is not None and abs(low) > 1:
        return Amount(bits=MANY)
    if low is None or high is None:
        return UNKNOWN
    if isinstance(low, int) and isinstance(high, int) and high >= 0:
        bits = math.log2(abs(low)) * high if abs(low) > 1 else 1.0
        return number(low**high) if bits < 62 else Amount(bits=bits)
    try:
        found = low**high
    except ArithmeticError:
        return UNKNOWN
    return number(found) if isinstance(found, (int, float)) else UNKNOWN


def _factorial(args: Args, _: Keywords) -> Amount:
    size = numeric(args[0]) if args else None
    return Amount(bits=size * math.log2(size)) if size is not None and size > 20 else UNKNOWN


def _permutations(args: Args, keywords: Keywords) -> Amount:
    size = numeric(args[0]) if args else None
    taken = numeric(args[1]) if len(args) > 1 else size
    if size is None or taken is None or size < 100:
        return UNKNOWN
    return Amount(bits=min(taken, size) * math.log2(size))


def _combinations(args: Args, _: Keywords) -> Amount:
    sizes = [numeric(arg) for arg in args[:2]]
    if len(sizes) < 2 or sizes[0] is None or sizes[1] is None or sizes[0] < 100:
        return UNKNOWN
    chosen = max(min(sizes[1], sizes[0] - sizes[1]), 1.0)
    return Amount(bits=chosen * math.log2(2.7 * sizes[0] / chosen))


def _paths_in(args: Args, _: Keywords) -> Amount:
    """Ways through a graph in which all are neighbours."""
    graph = args[0] if args else UNKNOWN
    known = len(graph.shape) == 2
    return listed(float(math.factorial(int(min(graph.shape[0], 20)))), lazy=True) if known else UNKNOWN


def _all_neighbours(args: Args, _: Keywords) -> Amount:
    return array(*dimensions(args[0] if args else None) * 2)


def _settings(args: Args, _: Keywords) -> Amount:
    """All combinations of what a table of equally long lists holds."""
    table = args[0] if args else UNKNOWN
    inner = table.inner.length if table.inner is not None else None
    return listed(_power(inner, length(table)), lazy=True) if inner is not None else UNKNOWN


def _cliques(args: Args, _: Keywords) -> Amount:
    """Every choice of points of a graph in which all are neighbours."""
    graph = args[0] if args else UNKNOWN
    return listed(_power(2.0, graph.shape[0]), lazy=True) if len(graph.shape) == 2 else UNKNOWN


def _picked(args: Args, keywords: Keywords) -> Amount:
    taken = numeric(keywords.get("k")) or (numeric(args[1]) if len(args) == 2 else None)
    return listed(taken, args[0].inner if args else None)


_WAYS = names("simple_cycles all_simple_paths all_simple_edge_paths")
_LAST_OF_THREE = names("normal uniform integers randint gamma beta binomial")
_numpy_shapes = names("empty random.random random.random_sample random.standard_normal indices")
GROWTH: Mapping[str, Grows] = {
    **{f"numpy.{name}": filled for name in _numpy_shapes},
    **{f"numpy.{name}": alike for name in names("zeros ones full")},
    **{f"numpy.random.{name}": drawn(2) for name in _LAST_OF_THREE},
    **{f"numpy.random.{name}": drawn(1) for name in names("poisson exponential choice")},
    "numpy.random.rand": each_dimension, "numpy.random.randn": each_dimension, "numpy.eye": square,
    "numpy.identity": square, "numpy.diag": square, "numpy.tri": square, "numpy.arange": arange,
    "numpy.linspace": spaced, "numpy.logspace": spaced, "numpy.geomspace": spaced, "numpy.tile": tiled,
    "numpy.repeat": repeated, "numpy.outer": every_pair, "numpy.kron": every_pair,
    "numpy.add.outer": every_pair, "numpy.subtract.outer": every_pair, "numpy.multiply.outer": every_pair,
    "numpy.triu_indices": triangle, "numpy.tril_indices": triangle, "numpy.einsum": summed_over,
    "numpy.matmul": product_of, "numpy.dot": product_of, "numpy.fromfunction": by_function,
    "scipy.sparse.eye": sparse, "scipy.sparse.identity": sparse, "scipy.sparse.random": sparse,
    "scipy.sparse.csr_matrix": sparse_of_shape, "scipy.sparse.coo_matrix": sparse_of_shape,
    "scipy.sparse.lil_matrix": sparse_of_shape,
    "numpy.meshgrid": grid, "numpy.ix_": grid, "numpy.vander": vander, "numpy.pad": padded,
    "numpy.concatenate": joined_up, "numpy.vstack": joined_up, "numpy.hstack": joined_up,
    "numpy.stack": joined_up, "numpy.array": _kept, "numpy.asarray": _kept, "numpy.fromiter": _kept,
    "sklearn.preprocessing.PolynomialFeatures": powers, "pandas.Index": _labels,
    "pandas.RangeIndex": _range, "fractions.Fraction": _fraction,
    "pandas.concat": joined_up, "polars.concat": joined_up, "polars.DataFrame": framed,
    "pandas.DataFrame": framed, "pandas.Series": framed,
    "pandas.date_range": periods, "pandas.bdate_range": periods, "pandas.period_range": periods,
    "pandas.MultiIndex.from_product": all_pairs, "pandas.to_datetime": parsed, "pandas.DatetimeIndex": parsed,
    "pandas.Timestamp": date, "datetime.datetime": date, "datetime.date": date, "polars.datetime": date,
    "pandas.Timedelta": date, "polars.date_range": periods, "polars.datetime_range": periods,
    "polars.date": date, "pandas.timedelta_range": periods, "polars.LazyFrame": framed,
    "numpy.broadcast_to": spread_out, "numpy.lib.stride_tricks.sliding_window_view": windows,
    "numpy.lib.stride_tricks.as_strided": spread_out, "random.choices": _picked, "random.sample": _picked,
    "networkx.enumerate_all_cliques": _cliques,
    "scipy.spatial.distance.cdist": distances, "scipy.spatial.distance.pdist": condensed,
    "scipy.spatial.distance_matrix": distances, "sklearn.metrics.pairwise_distances": distances,
    "sklearn.metrics.pairwise.cosine_similarity": distances,
    "sklearn.metrics.pairwise.euclidean_distances": distances,
    "sklearn.metrics.pairwise.rbf_kernel": distances,
    "pandas.get_dummies": dummies, "pandas.crosstab": crosstab, "numpy.corrcoef": correlations,
    "numpy.cov": correlations, "numpy.linalg.svd": decomposed, "scipy.linalg.svd": decomposed,
    "matplotlib.pyplot.figure": figure, "matplotlib.pyplot.subplots": plots,
    "numpy.bincount": to_the_largest, "numpy.histogram": binned, "pandas.cut": binned,
    "matplotlib.pyplot.hist": binned, "scipy.linalg.toeplitz": square, "scipy.linalg.circulant": square,
    "scipy.linalg.hankel": square, "numpy.diagflat": square,
    "scipy.cluster.hierarchy.linkage": condensed, "sklearn.preprocessing.OneHotEncoder": encoder,
    "sklearn.preprocessing.LabelBinarizer": binarizer,
    "itertools.product": _product, "itertools.permutations": _chosen(math.perm, whole=True),
    "itertools.combinations": _chosen(math.comb, whole=False),
    "itertools.combinations_with_replacement": _chosen(math.comb, whole=False),
    "itertools.islice": _sliced, "itertools.cycle": _for_ever, "itertools.count": _for_ever,
    "itertools.repeat": _again, "itertools.chain": _chained, "itertools.chain.from_iterable": _unchained,
    "itertools.starmap": _through, "itertools.accumulate": _enumerated, "itertools.pairwise": _enumerated,
    **{f"networkx.{name}": _paths_in for name in _WAYS},
    "networkx.complete_graph": _all_neighbours,
    "sklearn.model_selection.ParameterGrid": _settings,
    "polars.int_range": arange, "polars.arange": arange, "builtins.range": _range,
    "builtins.map": _through, "builtins.filter": _through,
    "builtins.zip": _zipped, "builtins.enumerate": _enumerated, "builtins.reversed": _enumerated,
    "builtins.iter": _enumerated, "tqdm.tqdm": _enumerated, "tqdm.auto.tqdm": _enumerated,
    "tqdm.notebook.tqdm": _enumerated, "tqdm.trange": _range, "builtins.list": _kept,
    "builtins.tuple": _kept, "builtins.sorted": _kept, "builtins.set": _kept, "builtins.frozenset": _kept,
    "collections.deque": _kept, "builtins.bytes": _bytes, "builtins.bytearray": _bytes,
    "builtins.str": _kept, "builtins.int": _int, "builtins.len": _length, "builtins.pow": _power_of,
    "builtins.format": _formatted,
    "math.factorial": _factorial, "scipy.special.factorial": lambda args, _: UNKNOWN,
    "math.comb": _combinations, "math.perm": _permutations, "operator.pow": _power_of,
}  # fmt: skip
"""By qualified name."""
DRAINING = names(
    """
    builtins.list builtins.tuple builtins.set builtins.frozenset builtins.sorted builtins.sum builtins.max
    builtins.min builtins.dict collections.deque collections.Counter numpy.fromiter numpy.array math.prod
    functools.reduce statistics.mean statistics.stdev pandas.Series pandas.DataFrame math.fsum builtins.len
    statistics.fmean statistics.median builtins.bytes builtins.bytearray
    """
)
"""What goes through all of its first argument."""


def _joined(owner: Amount, parts: Amount) -> str | None:
    """A short text as it is put together, with a letter for each part that is not known."""
    part = parts.inner.value if parts.inner is not None else None
    word, times = part if isinstance(part, str) else "x", parts.length
    known = isinstance(owner.value, str) and times is not None and 0 < times < MOST_PARTS
    return str(owner.value).join([word[:MOST_PARTS]] * int(times or 0)) if known else None


def method_growth(owner: Amount, method: str, args: Args, keywords: Keywords) -> Amount:
    """How much a method gives, by what it is called on."""
    first = args[0] if args else UNKNOWN
    if method in SAME:
        return replace(owner, value=None, lazy=False)
    if method in ("ljust", "rjust", "center", "zfill"):
        return text(max(length(owner), numeric(first) or 0.0))
    if method == "to_bytes":
        return text(numeric(first) or 0.0)
    if method == "expandtabs":
        return text(length(owner) * max(numeric(first) or 0.0, 1.0))
    if method == "join":
        between = length(owner) * (length(first) - 1) if owner.length is not None else 0.0
        size = unfolded(first) + between if first.length is not None else 0.0
        return Amount(length=size, value=_joined(owner, first))
    if method == "replace" and owner.length is not None and first.length is not None and len(args) > 1:
        return text(length(owner) * max(length(args[1]), 1.0))
    if method == "repeat":
        return repeated((owner, *args), keywords)
    if method in ("resample", "asfreq"):
        return resampled(owner, args, keywords)
    if method == "set_index":
        return replace(owner, span=covered(owner, first.value) if first.value is not None else first.span)
    if method == "rolling" and owner.shape:
        width = numeric(first) or numeric(keywords.get("window"))
        return Amount(name="rolling", value=owner.shape[0] * (width or 1.0))
    if method == "reindex":
        return reindexed(owner, args, keywords)
    if method == "reshape":
        shape = dimensions(first) if len(args) == 1 else tuple(abs(numeric(arg) or 1.0) for arg in args)
        return reshaped(owner, shape, args)
    if method in DRAWING:
        return array(
            *dimensions(
                keywords.get("size") or (args[DRAWING[method]] if len(args) > DRAWING[method] else None)
            )
        )
    return UNKNOWN
