"""Data that would run code of its own when it is asked: a check has no answer for it, and calls nothing."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from caveagent_magic.checks.kept import Checks
from caveagent_magic.errors import UsageError

CALLED: list[str] = []


def called(name):
    def method(self, *arguments, **named):
        CALLED.append(name)
        return 1

    return method


METHODS = ["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__", "__len__", "__bool__"]
METHODS += [
    "__contains__",
    "__iter__",
    "__getitem__",
    "__add__",
    "__radd__",
    "__sub__",
    "__mul__",
    "__rmul__",
]
METHODS += ["__truediv__", "__floordiv__", "__mod__", "__neg__", "__abs__", "__round__", "__index__"]
METHODS += ["__float__", "__int__", "__str__", "__repr__", "__getattr__", "__deepcopy__", "__copy__"]
METHODS += ["__array__", "__array_ufunc__", "__arrow_c_stream__", "__arrow_array__", "__dataframe__"]
METHODS += ["__narwhals_dataframe__", "__narwhals_series__", "__narwhals_lazyframe__", "__native_namespace__"]
METHODS += ["item", "sum", "max", "min", "mean", "n_unique", "null_count", "columns", "all", "to_list"]


def trap(name="Trap", bases=(), **more):
    """A class whose every method tells that it was called."""
    return type(name, bases, {method: called(method) for method in METHODS if method not in more} | more)


class Metaclass(type):
    """A class that tells when it is asked what it is."""

    def __instancecheck__(cls, thing):
        CALLED.append("__instancecheck__")
        return True

    def __getattribute__(cls, name):
        if name not in ("__mro__", "__name__"):
            CALLED.append(f"metaclass {name}")
        return super().__getattribute__(name)


class Attribute:
    """An object that pretends to be a frame when it is asked for its class."""

    @property
    def __class__(self):
        CALLED.append("__class__")
        return pd.DataFrame

    def __getattribute__(self, name):
        CALLED.append(name)
        return object.__getattribute__(self, name)


Plain = trap()
Number, Text, Rows = trap("Number", (int,)), trap("Text", (str,)), trap("Rows", (list,))
Map, Frame = trap("Map", (dict,)), trap("Frame", (pd.DataFrame,))
Array = trap("ndarray", (np.ndarray,), __module__="numpy")
Scalar = trap("float64", (np.float64,), __module__="numpy")
Spoofed = trap("DataFrame", (), __module__="pandas.core.frame", __qualname__="DataFrame")
PlainHashed = trap(__hash__=object.__hash__)


def frame_with(**columns):
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def with_attrs():
    frame = pd.DataFrame({"x": [1]})
    frame.attrs["trap"] = Plain()
    return frame


def renamed():
    frame = pd.DataFrame({"x": [1]})
    frame.columns = pd.Index([PlainHashed()], dtype=object)
    return frame


def array_of_objects():
    array = np.empty(1, dtype=object)
    array[0] = Plain()
    return array


class Extension(pa.ExtensionType):
    """An Arrow type of the person's own."""

    def __init__(self):
        super().__init__(pa.int64(), "trap")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls()

    def __arrow_ext_scalar_class__(self):
        CALLED.append("scalar class")
        return pa.ExtensionScalar


ATTACKS = {
    "object": Plain,
    "number": lambda: Number(1),
    "text": lambda: Text("x"),
    "list": lambda: Rows([1]),
    "dictionary": lambda: Map(x=1),
    "subclass of a frame": lambda: Frame({"x": [1]}),
    "array under numpy's name": lambda: np.array([1]).view(Array),
    "scalar under numpy's name": lambda: Scalar(1),
    "frame under pandas' name": Spoofed,
    "metaclass": lambda: Metaclass("Asked", (), {})(),
    "object with a class of its own": Attribute,
    "inside a list": lambda: [Plain(), 1],
    "inside a dictionary": lambda: {"x": Plain()},
    "as a key": lambda: {PlainHashed(): 1},
    "inside a set": lambda: {PlainHashed()},
    "deep inside": lambda: [[[[[[[[[Plain()]]]]]]]]],
    "column of a frame": lambda: frame_with(x=[Plain(), Plain()]),
    "one cell of a column": lambda: frame_with(x=[1, 2, Plain()]),
    "number in a column": lambda: frame_with(x=[Number(1)]),
    "column by itself": lambda: pd.Series([Plain()], dtype=object, name="x"),
    "categories": lambda: pd.DataFrame({"x": pd.Categorical.from_codes([0], [PlainHashed()])}),
    "attributes of a frame": with_attrs,
    "names of columns": renamed,
    "array of objects": array_of_objects,
    "column of polars": lambda: pl.DataFrame({"x": pl.Series([Plain()], dtype=pl.Object)}),
    "column of Arrow": lambda: pa.table({"x": pa.ExtensionArray.from_storage(Extension(), pa.array([1]))}),
}
QUESTIONS = (
    """
t == 1; 1 == t; t != t; t < 2; 0 < t < 2; t in [1]; 1 in t; t not in [t]; [t] == [1]; t + 1 == 2; 1 + t == 2
t * t == 1; t % 2 == 1; -t == 1; abs(t) == 1; round(t) == 1; max(t, 1) == 1; min(t) == 1; len(t) == 1; not t
t and t; t == 1 or t; (t, t) == (1, 1); t.x == 1; t['x'] == 1; t[0] == 1; t.columns == ['x']; t.x.sum() == 1
t.sum() == 1; t.x.n_unique() == 1; t.x.max() == 1; t.x.null_count() == 0; t.x in [1]; t.x == t.x; t.x + 1 == 2
max(t.x) == 1; len(t.x) == 1; t unchanged; t.x unchanged; t unique; t.x unique; t.x, t.x unique; no nulls
no nulls in t.x; no new nulls; t.columns unchanged
""".strip()
    .replace("\n", "; ")
    .split("; ")
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_question_calls_code_of_the_data(attack):
    thing = ATTACKS[attack]()
    asked = {}

    for question in QUESTIONS:
        CALLED.clear()
        with suppress(UsageError):
            Checks().add("t", question, {"t": thing})
        if CALLED:
            asked[question] = [*CALLED]

    assert asked == {}


UNSEEN = {"column of Arrow", "column of polars", "metaclass", "deep inside"}  # they need other questions


@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - UNSEEN))
def test_python_itself_would_have_called_it(attack):
    thing = ATTACKS[attack]()
    CALLED.clear()

    for question in QUESTIONS:
        with suppress(Exception):
            eval(question, {"t": thing})

    assert CALLED
