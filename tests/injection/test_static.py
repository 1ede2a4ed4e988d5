"""Nothing that a hostile object defines is ever called."""

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.events import VariableCard
from caveagent_magic.injection.card import describe, summary
from caveagent_magic.injection.choose import choose
from caveagent_magic.injection.words import card_text

called: list[str] = []

DUNDERS = (
    "__repr__", "__str__", "__format__", "__len__", "__length_hint__", "__iter__", "__next__", "__getitem__",
    "__contains__", "__getattr__", "__getattribute__", "__dir__", "__hash__", "__eq__", "__ne__", "__lt__",
    "__bool__", "__call__", "__enter__", "__int__", "__float__", "__index__", "__fspath__", "__array__",
    "__reduce__", "__reduce_ex__", "__sizeof__", "__instancecheck__", "__subclasscheck__", "__set_name__",
)  # fmt: skip
PROPERTIES = (
    "__class__", "__dict__", "__doc__", "__name__", "__wrapped__", "__signature__", "__annotations__",
    "shape", "dtype", "dtypes", "columns", "index", "keys", "values", "items", "_mgr", "_data", "name",
)  # fmt: skip


def trap(name: str) -> object:
    def spring(*_: object, **__: object) -> object:
        called.append(name)
        raise AssertionError(name)

    return spring


def traps() -> dict[str, object]:
    return {name: trap(name) for name in DUNDERS} | {name: property(trap(name)) for name in PROPERTIES}


def hostile(*bases: type) -> object:
    """An instance whose every attribute and operation, and whose class's every operation, is a trap."""
    meta = type("Meta", (type,), traps() | {"mro": type.mro, "__call__": type.__call__})
    cls = type.__new__(meta, "Hostile", bases, traps())
    return bases[0].__new__(cls) if bases else object.__new__(cls)


def pandas_like(base: type, *args: object) -> object:
    obj = base(*args)
    object.__setattr__(obj, "__class__", type("Hostile", (base,), traps()))
    called.clear()
    return obj


@pytest.fixture(autouse=True)
def nothing_called_yet() -> None:
    called.clear()


@pytest.mark.parametrize("base", [object, int, float, str, bytes, list, tuple, set, frozenset, dict])
def test_no_code_of_a_hostile_object_runs(base: type) -> None:
    obj = hostile(base)
    called.clear()

    text = card_text(describe("x", obj)) + summary(obj)
    choose({"x": obj}, prompt="x", recent=["x"], budget_tokens=100)

    assert called == []
    assert "Hostile" in text


@pytest.mark.parametrize("wrap", [lambda o: [o], lambda o: (o,), lambda o: {"a": o}, lambda o: [[o]]])
def test_no_code_of_a_hostile_element_runs(wrap: object) -> None:
    obj = wrap(hostile(str))  # type: ignore[operator]
    called.clear()

    text = card_text(describe("x", obj))

    assert called == []
    assert "Hostile" in text


def test_no_code_of_a_hostile_class_runs() -> None:
    cls = type(hostile(object))
    called.clear()

    card = describe("x", cls)

    assert called == []
    assert card.note == ""


def test_no_code_of_hostile_defaults_and_annotations_runs() -> None:
    evil = hostile(object)

    def function(a: evil = evil, *, b: list[evil] = evil) -> evil: ...  # type: ignore[valid-type]

    function.__wrapped__ = evil  # type: ignore[attr-defined]
    called.clear()

    text = summary(function)

    assert called == []
    assert text == "function(a=…, *, b: list[…] = …)"


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (lambda: pandas_like(pd.DataFrame, {"a": [1]}), "Hostile(DataFrame) 1 × 1 [a int64]"),
        (lambda: pandas_like(pd.Series, [1]), "Hostile(Series) of 1 int64"),
    ],
)
def test_a_subclass_of_pandas_is_read_past_what_it_overrides(obj: object, text: str) -> None:
    frame = obj()  # type: ignore[operator]

    shown = card_text(describe("x", frame))

    assert called == []
    assert shown == f"x: {text}"


def test_no_code_of_a_foreign_index_runs_and_the_card_says_why_it_tells_so_little() -> None:
    frame = pd.DataFrame({"a": [1]})
    frame._mgr.axes[1] = pandas_like(pd.Index, [7])

    card = describe("x", frame)

    assert called == []
    assert card.note == "could not be looked at: its index is of a type that is not pandas' own"


def test_no_code_of_a_foreign_column_array_runs() -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64")})
    values = frame._mgr.blocks[0].values
    object.__setattr__(values, "__class__", type("Hostile", (type(values),), traps()))
    called.clear()

    card = describe("x", frame)

    assert called == []
    assert card.details == ("a Hostile",)


def test_no_code_of_hostile_labels_and_cells_runs() -> None:
    evil = hostile(str)
    cells = np.empty(1, dtype=object)
    cells[0] = evil
    frame = pd.DataFrame({"a": pd.Series([None], dtype=object)})
    frame._mgr.blocks[0].values[0, 0] = evil
    called.clear()

    text = card_text(describe("x", frame)) + summary(cells)

    assert called == []
    assert "object[Hostile]" in text


def test_a_class_that_only_bears_a_known_name_is_opaque() -> None:
    fake = type("DataFrame", (), {"__module__": "pandas", "_mgr": property(trap("_mgr"))})()

    card = describe("x", fake)

    assert called == []
    assert card == VariableCard("x", "DataFrame", "pandas.DataFrame", "pandas.DataFrame")


def test_what_cannot_be_read_says_why_and_shows_no_words_of_the_exception() -> None:
    broken = pd.DataFrame.__new__(pd.DataFrame)

    assert describe("x", broken).note == "could not be looked at: its data is not stored as pandas stores it"


def test_a_container_that_contains_itself_is_described() -> None:
    cyclic: list[object] = []
    cyclic.append(cyclic)

    assert summary(cyclic) == "list[list[list]], 1 item"
