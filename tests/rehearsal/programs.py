"""Random programs over a namespace of frames, arrays, containers and classes, and an exact picture of it."""

from __future__ import annotations

import contextlib
import pickle
import random
import types
import warnings
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

BEGINNING = """
import collections, random
import numpy as np, pandas as pd
frame = pd.DataFrame({
    "a": np.arange(6), "b": np.linspace(0, 1, 6), "s": list("uvwxyz"),
    "t": pd.date_range("2020", periods=6), "c": pd.Categorical(list("ppqqrr")),
    "o": pd.Series([[1], {}, "x", None, (1, [2]), 3.5], dtype=object),
})
alias = frame
column = frame["a"]
part = frame[["a", "b"]]
rows = frame.iloc[1:4]
frame.attrs["note"] = [1]
array = np.arange(24.0)
view, strided, matrix = array[3:20], array[::2], array.reshape(4, 6)
transposed = matrix.T
series = pd.Series(array, copy=False, name="series")
masked = np.ma.masked_array(np.arange(5), mask=[0, 1, 0, 0, 1])
record = np.zeros(3, dtype=[("x", "i4"), ("y", "f8")])
nullable = pd.Series([1, None, 3], dtype="Int64")
inner = [1, 2]
objects = np.array([inner, {"k": inner}, "text", None], dtype=object)
window = objects[1:]
items = [inner, {"deep": inner}, (inner, 1), 2]
again = items
table = {"frame": frame, "part": part, "items": items, 1: {2: {3: inner}}}
tags = {1, "two", (3,)}
frozen = frozenset({4, ("x", 5)})
queue = collections.deque([1, inner, 3], maxlen=5)
ordered = collections.OrderedDict(x=1, y=inner, z=3)
default = collections.defaultdict(list, {"k": inner})
counter = collections.Counter("abca")
data = bytearray(b"hello world")
memory = memoryview(data)
over = np.frombuffer(data, dtype=np.uint8)
class Base:
    shared = [1]
    def method(self): return self.value
class Second(Base):
    pass
class Thing(Base):
    limit = 3
    def __init__(self): self.value, self.more = 1, {"k": inner}
class Slotted:
    __slots__ = ("x", "y")
class Listed(list):
    pass
thing, twin = Thing(), Thing()
twin.friend = thing
slotted = Slotted(); slotted.x = inner
listed = Listed([1, inner]); listed.extra = "e"
def add(value, to=[], *, count={"n": 0}):
    to.append(value); count["n"] += 1
    return to
def make():
    total = 0
    seen = []
    def step(by=1):
        nonlocal total
        total += by; seen.append(by)
        return total
    return step
step = make()
generator = np.random.default_rng(7)
legacy = np.random.RandomState(3)
own = random.Random(5)
iterator = iter(items)
name, number, nothing = "text", 5, None
_private = {"p": [1]}
"""

STATEMENTS = """
frame.loc[{i}, "a"] = {n}
frame["b"] *= {n}
frame.iloc[{i}, 1] = {n}.5
frame["new"] = {n}
frame["s"] = frame["s"] + "!"
frame.loc[{i}, "s"] = "changed"
frame.insert({i}, "ins{n}", array[:6])
del frame["b"]
frame.drop(columns="a", inplace=True)
frame.drop(index={i}, inplace=True)
frame.rename(columns={{"a": "A"}}, inplace=True)
frame.sort_values("b", ascending=False, inplace=True)
frame.reset_index(inplace=True)
frame.set_index("s", inplace=True)
frame.fillna({n}, inplace=True)
frame.columns = [f"c{{i}}" for i in range(frame.shape[1])]
frame.index = range({n}, {n} + len(frame))
frame.index.name = "idx"
frame.columns.name = "cols"
frame.attrs["note"].append({n})
frame.attrs = {{}}
frame.flags.allows_duplicate_labels = False
frame = frame.dropna()
frame = frame[frame["a"] > 1]
frame["a"].to_numpy()
frame["o"].iloc[0].append({n})
frame.at[0, "o"].append({n})
frame.at[1, "o"] = [5]
frame["c"] = frame["c"].cat.rename_categories({{"p": "P"}})
frame.loc[{i}, "t"] = pd.Timestamp("2021-01-01")
frame.loc[len(frame)] = frame.iloc[0]
frame.update(pd.DataFrame({{"b": [{n}.0, 2.0]}}))
frame._mgr.blocks[0].values.setflags(write=True); frame._mgr.blocks[0].values[:] = 0
frame.groupby("c", observed=True)["a"].sum()
frame.describe()
frame.merge(part, on="a")
alias["z"] = 1
part["p"] = 2
part.loc[:, "a"] = {n}
part.clip(lower={n}, inplace=True)
rows.iloc[0, 0] = {n}
column.iloc[{i}] = {n}
column.name = "renamed"
series.iloc[{i}] = {n}
series *= {n}
series.index = list("abcdefghijklmnopqrstuvwx")
series.name = "other"
nullable.iloc[0] = {n}
nullable.iloc[1] = {n}
array[{i}] = {n}
array[:] = {n}
array *= 2
array += view.sum()
array.sort()
array.shape = (2, 12)
array.dtype = np.int64
array = array * {n}
array.setflags(write=False)
view[::3] = {n}
view.fill({n})
strided[{i}] = -1
matrix[{i} % 4] = {n}
matrix.T[0] = 9
transposed[0, 0] = {n}
np.negative(matrix, out=matrix)
masked[{i} % 5] = {n}
masked[0] = np.ma.masked
masked.mask[1] = False
record["x"] = {n}
record[1] = (7, 8.5)
record.dtype = "u1"
objects[{i} % 4] = {n}
objects[0].append({n})
objects[:] = None
objects[1]["j"] = objects
window[0] = "w"
window.fill(inner)
np.random.shuffle(objects)
inner.append({n})
inner[:] = []
inner.clear()
inner *= 2
inner = [9]
items.append(inner)
items.insert(0, {n})
items.reverse()
items.pop()
items[1]["deep"] = {n}
items[0] = items
items.extend(range({n}))
items += again
again = again + [1]
del items[:]
del items
table["frame"] = None
table["frame"]["viatable"] = 1
table["part"].loc[0, "a"] = {n}
table[1][2][3].append(7)
table.clear()
table.update(x={n})
table.pop("items").append(3)
table[1] = table
del table[1]
tags.add({n})
tags.discard(1)
tags.clear()
tags |= {{"u", {n}}}
queue.append({n})
queue.rotate(1)
queue.popleft()
queue[1].append(0)
ordered.move_to_end("x")
ordered["w"] = {n}
ordered["y"].append(1)
ordered.popitem(last=False)
default["missing"]
default["k"].append(1)
default.default_factory = int
counter["a"] += {n}
counter.update("xyz")
data[{i}] = 65
memory[0:2] = b"ZZ"
over[3:5] = 1
data = bytearray(3)
Base.shared.append({n})
Base.shared = "new"
Base.added = {n}
Thing.limit = inner
del Thing.limit
Thing.method = lambda self: 0
Thing.__bases__ = (Second,)
thing.value = {n}
thing.more["k"].append(1)
thing.more = None
del thing.value
thing.__dict__ = {{"fresh": {n}}}
thing.__class__ = Base
twin.friend.other = twin
thing = Thing()
slotted.x = {n}
slotted.y = inner
del slotted.x
listed.append({n})
listed.extra = inner
listed.sort(key=str)
add({n})
add.__defaults__ = ([5],)
add.attribute = {n}
add.__code__ = (lambda value, to=[], *, count={{}}: 0).__code__
step({n})
step = make()
generator.random({n})
generator.shuffle(array)
legacy.normal(size={n})
own.random()
own.gauss(0, 1)
random.seed({n})
np.random.seed({n})
np.random.rand()
next(iterator)
name += "!"
number += {n}
number = None
nothing = object()
del nothing
fresh = frame
fresh{n} = array[{i}:]
import json
_private["p"].append({n})
_private = 3
for each in list(table.values()): each["k"] = {n}
pd.set_option("display.max_rows", {n})
np.set_printoptions(precision={n})
1 / 0
frame.loc["nowhere", "nothing", 3]
""".strip().splitlines()

CHANGING = STATEMENTS[1::5]  # none of these only looks, or fails
statements = st.builds(
    lambda line, i, n: line.format(i=i, n=n),
    st.sampled_from(STATEMENTS),
    st.integers(0, 5),
    st.integers(2, 9),
)
programs = st.lists(statements, min_size=1, max_size=7).map("\n".join)


def beginning() -> dict[str, Any]:
    """A namespace in which every program can run."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(BEGINNING, namespace)
    return namespace


def run(program: str, namespace: dict[str, Any]) -> None:
    """Run line by line until one fails, as a cell would."""
    with warnings.catch_warnings(), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        exec(program, namespace)


def picture(namespace: dict[str, Any]) -> dict[str, Any]:
    """All that can be told of a namespace: values, types, identities, memory, flags, settings."""
    seen: dict[int, Any] = {}
    names = sorted(name for name in namespace if not name.startswith("__"))
    drawn = {name: _draw(namespace[name], seen) for name in names}
    drawn["settings"] = (pd.get_option("display.max_rows"), np.get_printoptions()["precision"])
    drawn["random"] = (_state(np.random.get_state(legacy=False)), random.getstate())
    return drawn


def _draw(thing: Any, seen: dict[int, Any]) -> Any:
    if isinstance(thing, int | float | str | bytes | None | types.ModuleType | np.generic):
        return type(thing).__name__, repr(thing)
    if id(thing) in seen:
        return "again", id(thing)
    seen[id(thing)] = thing
    return id(thing), id(type(thing)), type(thing).__name__, _content(thing, seen)


def _content(thing: Any, seen: dict[int, Any]) -> Any:
    if isinstance(thing, pd.DataFrame | pd.Series):
        return _draw_frame(thing, seen)
    if isinstance(thing, pd.Index):
        return list(map(repr, thing)), repr(thing.dtype), list(thing.names)
    if isinstance(thing, np.ndarray):
        return _draw_array(thing, seen)
    if isinstance(thing, np.random.Generator):
        return _state(thing.bit_generator.state)
    if isinstance(thing, np.random.RandomState):
        return _state(thing.get_state(legacy=False))
    if hasattr(thing, "getstate"):
        return thing.getstate()
    if isinstance(thing, dict):
        pairs = [(_draw(key, seen), _draw(value, seen)) for key, value in thing.items()]
        return pairs, repr(getattr(thing, "default_factory", None)), _attributes(thing, seen)
    if isinstance(thing, set | frozenset):
        return sorted(map(repr, thing))
    if isinstance(thing, bytearray | memoryview):
        return bytes(thing)
    if isinstance(thing, types.FunctionType):
        cells = [_draw(cell.cell_contents, seen) for cell in thing.__closure__ or ()]
        parts = (thing.__defaults__, thing.__kwdefaults__, thing.__dict__)
        return id(thing.__code__), cells, [_draw(part, seen) for part in parts]
    if isinstance(thing, type):
        if thing.__module__ != "__main__":
            return thing.__name__
        own = sorted((k, v) for k, v in vars(thing).items() if k not in ("__dict__", "__weakref__"))
        return [(k, _draw(v, seen)) for k, v in own], [base.__name__ for base in thing.__bases__]
    if isinstance(thing, type(iter([]))):
        return repr(thing.__reduce__()[2:])
    if isinstance(thing, list | tuple) or type(thing).__name__ == "deque":
        return [_draw(each, seen) for each in thing], _attributes(thing, seen)
    return _attributes(thing, seen)


def _attributes(thing: Any, seen: dict[int, Any]) -> Any:
    slots = [
        _draw(getattr(thing, name, "unset"), seen) for name in getattr(type(thing), "__slots__", ()) or ()
    ]
    own = getattr(thing, "__dict__", None)
    return slots, (None if own is None else _draw(own, seen)) if type(
        thing
    ).__module__ == "__main__" else None


def _draw_array(thing: np.ndarray[Any, Any], seen: dict[int, Any]) -> Any:
    form = (thing.shape, thing.strides, repr(thing.dtype), thing.flags.writeable, thing.ctypes.data)
    mask = _draw(thing._mask, seen) if isinstance(thing, np.ma.MaskedArray) else None
    if thing.dtype.hasobject:
        return form, [_draw(each, seen) for each in np.asarray(thing).ravel().tolist()]
    return form, np.asarray(thing).tobytes(), id(thing.base), mask


def _draw_frame(thing: Any, seen: dict[int, Any]) -> Any:
    blocks = [
        (id(block), _draw(_values(block.values), seen), repr(block.mgr_locs)) for block in thing._mgr.blocks
    ]
    axes = [(id(axis), _draw(axis, seen)) for axis in thing._mgr.axes]
    label = repr(thing.name) if isinstance(thing, pd.Series) else None
    shown = repr(thing.to_dict()) if isinstance(thing, pd.DataFrame) else repr(list(thing))
    return blocks, axes, label, shown, _draw(thing.attrs, seen), thing.flags.allows_duplicate_labels


def _values(values: Any) -> Any:
    """What a column keeps its values in."""
    for name in ("_ndarray", "_pa_array", "_data"):
        if hasattr(values, name):
            return getattr(values, name) if name != "_pa_array" else repr(getattr(values, name))
    return values


def _state(state: Any) -> bytes:
    return pickle.dumps(state)
