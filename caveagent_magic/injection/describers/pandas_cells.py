"""A few cells of each column of a pandas frame, and whether the frame is still the one that was seen."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from math import gcd
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import arrow
from caveagent_magic.injection.describers.description import Sample, Unchanged

SEEN = 500  # rows
PATTERNS = 2 * 3 * 5 * 7 * 11 * 13
MARKS = 16  # cells of each array that are compared to see that nothing has changed
BLOCKS = 64  # a frame of more pieces is looked at anew each time


def is_pandas(obj: object) -> bool:
    """Whether the class of the object is pandas' own."""
    return static.belongs(type(obj), "pandas")


def is_numpy(obj: object) -> bool:
    """Whether it is an array of numpy's own, not of a subclass."""
    return static.library_name(type(obj)) == "numpy.ndarray"


def samples(manager: Any) -> Iterator[Sample]:
    """A sample of every column, in their order."""
    blocks = manager.blocks
    if len(manager.axes) == 1:
        yield _sample(None, blocks[0].values)
        return
    numbers, places = manager.blknos.tolist(), manager.blklocs.tolist()
    for name, number, place in zip(names(manager.axes[0]), numbers, places, strict=True):
        values = blocks[number].values
        yield _sample(name, values[place] if is_numpy(values) else _row(values, place))


def names(axis: Any) -> Sequence[object]:
    """The labels of an axis; those in Arrow's memory at once instead of one by one."""
    table = getattr(getattr(axis, "_data", None), "_pa_array", None)
    found: Sequence[object] = axis if table is None or len(table) > SEEN else table.to_pylist()
    return found


def _row(values: Any, place: int) -> Any:
    """One column of a block of times, which are the only ones of pandas' own that hold several."""
    array: Any = getattr(values, "_ndarray", None) if is_pandas(values) else None
    return array[place] if is_numpy(array) and array.ndim == 2 else values


def _sample(name: object, values: Any) -> Sample:
    if is_numpy(values):
        return numpy_sample(name, values)
    if not is_pandas(values):
        return Sample(name, tuple, whole=False, nulls=0.0)
    table = getattr(values, "_pa_array", None)
    if table is not None:
        return arrow.sample(name, table)
    if static.type_name(type(values)) == "Categorical":
        return _categorical(name, values)
    data, mask = getattr(values, "_data", None), getattr(values, "_mask", None)
    if is_numpy(data) and is_numpy(mask):
        return _masked(name, data, mask)
    array: Any = getattr(values, "_ndarray", None)
    if is_numpy(array) and array.dtype.kind in "MmOU":  # the numbers of periods are not what they stand for
        return numpy_sample(name, array)
    return Sample(name, tuple, whole=False, nulls=0.0)


def numpy_sample(name: object, values: Any) -> Sample:
    """A sample of a one-dimensional array."""
    return Sample(name, partial(_cells, values), whole=len(values) <= SEEN, nulls=_null_share(values))


def _null_share(values: Any) -> float | None:
    """None: only the elements could tell."""
    kind = values.dtype.kind
    if kind in "fcMm" and len(values):
        cells = spread(values, SEEN)
        return float((cells != cells).mean())
    return None if kind == "O" else 0.0


def _cells(values: Any) -> Sequence[object]:
    cells = spread(values, SEEN)
    if cells.dtype.kind in "Mm":  # finer ones would come out as bare numbers
        cells = cells.astype(f"{cells.dtype.kind}8[us]")
    found: list[object] = cells.tolist() if cells.dtype.kind in "biufMmOUS" else []
    return found


def _masked(name: object, data: Any, mask: Any) -> Sample:
    def cells() -> Sequence[object]:
        pairs = zip(_cells(data), spread(mask, SEEN).tolist(), strict=False)
        return [None if missing else cell for cell, missing in pairs]

    share = float(spread(mask, SEEN).mean()) if len(mask) else 0.0
    return Sample(name, cells, whole=len(data) <= SEEN, nulls=share)


def _categorical(name: object, values: Any) -> Sample:
    codes, categories = spread(values._ndarray, SEEN), values.dtype.categories
    share = float((codes < 0).mean()) if len(codes) else 0.0
    known, part = tuple(_labels(categories)), len(values._ndarray) > SEEN
    return Sample(name, tuple, whole=not part, nulls=share, categories=known)


def _labels(categories: Any) -> Sequence[object]:
    """The categories where there are few; their values are then those of the first look."""
    array = categories._data
    table = getattr(array, "_pa_array", None)
    if table is not None and len(table) <= SEEN:
        return arrow.sample(None, table).values()
    if is_numpy(array) and len(array) <= SEEN:
        return _cells(array)
    return [object()] * len(categories) if len(categories) <= SEEN else ()


def spread(values: Any, count: int) -> Any:
    """At most so many elements of the last axis, evenly spread; a view.

    The step shares no factor with small numbers, so that a pattern in the rows is not met in step.
    """
    step = max(1, -(-values.shape[-1] // count))
    while step > 1 and gcd(step, PATTERNS) > 1:
        step += 1
    return values[..., ::step]


def size(values: Any) -> int:
    """The bytes of one block as far as they are known without counting."""
    if is_numpy(values):
        return int(values.nbytes)
    return int(values.nbytes) if is_pandas(values) else 0


def unchanged(obj: object, manager: Any) -> Unchanged | None:
    """A cheap test whether a card would say the same again; it holds none of the frame's memory.

    A changed cell among a few that are compared is seen, as is every new column, array and index; a single
    cell elsewhere is not, which can only make a null share or a range a little older.
    """
    if len(manager.blocks) > BLOCKS:
        return None
    kept = weakref.ref(obj)
    state = _state(obj, manager)

    def test() -> bool:
        still = kept()
        now: Any = None if still is None else static.instance_members(still).get("_mgr")
        return now is not None and len(now.blocks) <= BLOCKS and _state(still, now) == state

    return test


class _Same:
    """An object by identity, not kept alive; a weak reference would compare what it refers to."""

    def __init__(self, thing: object) -> None:
        self._thing = weakref.ref(thing)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and (thing := self._thing()) is not None and thing is other._thing()

    __hash__ = None  # type: ignore[assignment]


def _state(obj: object, manager: Any) -> tuple[object, ...]:
    names = static.instance_members(obj).get("_name")
    axes = [(_Same(axis), _axis_name(axis)) for axis in manager.axes]
    return (_exact(names), *axes, *(part for block in manager.blocks for part in _parts(block.values)))


def _axis_name(axis: Any) -> object:
    return tuple(map(_exact, getattr(axis, "_names", ()))) or _exact(getattr(axis, "_name", None))


def _exact(name: object) -> object:
    """The name where it compares without its own code, else its identity."""
    return name if type(name) in (str, int, type(None)) else id(name)


def _parts(values: Any) -> Iterator[object]:
    if is_numpy(values):
        yield _Same(values)
        yield spread(values, MARKS).tobytes()
    elif is_pandas(values):
        yield _Same(values)
        table = getattr(values, "_pa_array", None)
        arrays = (getattr(values, name, None) for name in ("_ndarray", "_data", "_mask"))
        yield None if table is None else _Same(table)
        for array in islice(filter(is_numpy, arrays), 2):
            yield spread(array, MARKS).tobytes()
    else:
        yield object()  # never the same: of a foreign array it cannot be known
