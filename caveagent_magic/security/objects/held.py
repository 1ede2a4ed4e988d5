"""Code that a live object holds and may run when it is used: callbacks, pending iterators, closures."""

from __future__ import annotations

import gc
import itertools
import logging
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator

from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects.still import Kinds, class_dict, instance_dict, is_a, mro, word
from caveagent_magic.security.vocabulary import names

FARTHEST = 6  # steps away from the object
MOST_CELLS = 40  # of each kind of column
MOST_WRITTEN = 20_000  # of each kind of column, where they are shown as they are
MOST = 400  # objects looked at, the nearest first
BASES = (list, tuple, set, frozenset, deque, dict)
PLAIN = Kinds(str, bytes, bytearray, int, float, complex, bool, type(None), range, slice)
BASE_KINDS = Kinds(list, tuple, set, frozenset, deque, dict)
DATA_PACKAGES = names(
    """
    pandas numpy polars pyarrow matplotlib mpl_toolkits scipy datetime decimal fractions plotly shapely
    geopandas statsmodels networkx xarray torch PIL re zoneinfo dateutil duckdb IPython
    """
)
"""Packages whose objects hold data; what hangs on them is looked at when it is reached for."""
LAZY = names("builtins itertools functools collections operator _csv csv")
"""Modules written in C whose objects show what they hold to the garbage collector only."""
_class_module = type.__dict__["__module__"].__get__


def held(obj: object) -> Iterator[object]:
    """The functions, classes and objects that the object can reach by itself; nothing of it is run."""
    seen = {id(obj)}
    first = _inside(obj) if type(obj) is types.FunctionType or type(obj) in BASE_KINDS else _shown(obj)
    near: Iterable[object] = [inner for inner in first if inner is not type(obj)]
    for distance in range(1, FARTHEST + 1):
        further: list[object] = []
        for inner in near:
            if len(seen) >= MOST:
                return
            kind = type(inner)
            if id(inner) in seen or kind in PLAIN:
                continue
            seen.add(id(inner))
            if not issubclass(kind, type) or not any(each is inner for each in mro(type(obj))):
                yield inner
            shared = issubclass(kind, logging.Logger) and not is_a(obj, logging.Logger)  # for whoever logs
            if distance < FARTHEST and not own_code(inner) and not shared:
                further += _inside(inner)
        near = further


def _inside(obj: object) -> Iterable[object]:
    kind = type(obj)
    if kind is types.FunctionType:
        return _enclosed(obj)
    if issubclass(kind, (types.ModuleType, type, types.CodeType, types.FrameType)):
        return ()
    where = word(_class_module(kind))
    if where.partition(".")[0] in DATA_PACKAGES:
        return list(cells(obj))
    base = next((each for each in BASES if issubclass(kind, each)), None)
    found = [*_attributes(obj), *(_contents(obj, base) if base is not None else ())]
    lazy = (where in LAZY or not instance_dict(obj)) and not is_a(obj, types.BuiltinFunctionType)
    return [*found, *gc.get_referents(obj)] if lazy and kind not in BASE_KINDS else found


def _shown(obj: object) -> list[object]:
    """What the object refers to, whatever kind it is: its attributes and what only C knows of."""
    base = next((each for each in BASES if is_a(obj, each)), None)
    return [
        *cells(obj),
        *_attributes(obj),
        *(_contents(obj, base) if base is not None else ()),
        *gc.get_referents(obj)[:MOST],
    ]


def cells(obj: object) -> Iterator[object]:
    """Some of the objects in the cells of a frame, a series or an array, where they are not numbers."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    kind = type(obj)
    if numpy is not None and kind is numpy.ndarray and obj.dtype.kind == "O":  # type: ignore[attr-defined]
        yield from obj.reshape(-1)[:MOST_CELLS].tolist()  # type: ignore[attr-defined]
    elif pandas is not None and (kind is pandas.DataFrame or kind is pandas.Series):
        for block in instance_dict(obj)["_mgr"].blocks:
            inside = instance_dict(block.values)  # those of texts are around an array
            texts, values = inside.get("_pa_array"), inside.get("_ndarray", block.values)
            if type(values) is numpy.ndarray:  # type: ignore[union-attr]
                yield from cells(values)
            elif texts is not None and word(_class_module(type(texts))) == "pyarrow.lib":
                yield from texts.slice(0, MOST_CELLS).to_pylist()


def written(obj: object) -> Iterator[list[object]]:
    """The texts in a frame or a series, by column: in its cells, and what its columns and rows are called."""
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is None or numpy is None or type(obj) not in (pandas.DataFrame, pandas.Series):
        return
    manager = instance_dict(obj)["_mgr"]
    parts = [block.values for block in manager.blocks]
    for axis in manager.axes:
        parts.append(instance_dict(axis).get("_data"))
        yield [instance_dict(axis).get("_name")]
    yield [instance_dict(obj).get("_name")]
    for part in parts:
        inside = instance_dict(part)
        texts, values = inside.get("_pa_array"), inside.get("_ndarray", part)
        if type(values) is numpy.ndarray and values.dtype.kind == "O":
            yield values.reshape(-1)[:MOST_WRITTEN].tolist()
        elif texts is not None and word(_class_module(type(texts))) == "pyarrow.lib":
            yield texts.slice(0, MOST_WRITTEN).to_pylist()


def _contents(obj: object, base: type) -> list[object]:
    """What is in a container, past whatever its own class overrides."""
    if base is dict:
        return list(itertools.islice(dict.values(obj), MOST))  # type: ignore[arg-type]
    return list(itertools.islice(base.__iter__(obj), MOST))  # type: ignore[attr-defined]


def _enclosed(obj: object) -> Iterable[object]:
    """What a function of a library was made around."""
    assert is_a(obj, types.FunctionType)
    found = list(vars(obj).values())
    for cell in obj.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # still empty
            continue
    return found


def _attributes(obj: object) -> list[object]:
    slots = any(class_dict(each).get("__slots__") for each in mro(type(obj))[:-1])
    return [*instance_dict(obj).values(), *(gc.get_referents(obj)[:MOST] if slots else ())]
