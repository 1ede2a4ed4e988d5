"""Objects of every kind that are half made, or whose class overrides everything: none of their code runs."""

import contextlib
import importlib.util
import pathlib
import sys
import threading
from types import FrameType, ModuleType

import dask
import pandas as pd
import pytest

from caveagent_magic.injection.card import describe
from caveagent_magic.injection.look import look
from caveagent_magic.injection.words import card_text

PLACE = pathlib.Path(__file__).with_name("test_kinds.py")
called: list[str] = []

# What the interpreter itself calls while such a class is made or thrown away.
LEFT_ALONE = {
    "__class__", "__new__", "__init__", "__init_subclass__", "__subclasshook__",
    "__del__", "__dict__", "__slots__", "__weakref__", "__module__",
    "__doc__", "__setattr__", "__delattr__", "__dealloc__", "__cinit__",
    "__mro_entries__", "__orig_bases__", "__parameters__", "__class_getitem__", "__annotations__",
    "__match_args__", "__array_finalize__", "__array_priority__", "__abstractmethods__", "_abc_impl",
}  # fmt: skip


def kinds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("test_kinds_of_objects", PLACE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CARDS = kinds().CARDS


def trap(name: str) -> object:
    def spring(*_: object, **__: object) -> object:
        called.append(name)
        raise AssertionError(name)

    return spring


def overriding(cls: type) -> dict[str, object]:
    """Every attribute of the class as a trap: operators as methods, all else as properties."""
    names = [name for name in dir(cls) if name not in LEFT_ALONE]
    traps = {name: trap(name) if name.startswith("__") else property(trap(name)) for name in names}
    return traps | {name: trap(name) for name in ("__getattr__", "__getattribute__", "__repr__", "__len__")}


def hostile(obj: object) -> object | None:
    """The same object as an instance of a subclass that overrides everything; None where none can be made."""
    cls = type(obj)
    if type(type(cls)) is not type or type(cls).__module__.startswith(("nanobind", "pybind11")):
        return None  # C++ keeps data of its own with each class, which such a subclass would lack
    try:
        made = type.__new__(type(cls), f"Hostile{cls.__name__}", (cls,), {"__slots__": ()})
        for name, each in overriding(cls).items():
            with contextlib.suppress(AttributeError):  # the enumerations' own names cannot be set
                type.__setattr__(made, name, each)
        obj = _as(made, obj)
    except TypeError:
        return None
    called.clear()
    return obj


def _as(made: type, obj: object) -> object:
    """The object as one of the subclass; where Python does not allow that, one that is not initialised."""
    try:
        object.__setattr__(obj, "__class__", made)
        return obj
    except TypeError:
        return type(obj).__new__(made)  # type: ignore[no-any-return]


def in_users_code(obj: object, level: str = "stats") -> list[str]:
    """The functions of this file that run while the object is described."""
    ran: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename == __file__ and frame.f_code.co_name == "spring":
            ran.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        card = describe("x", obj, level=level)  # type: ignore[arg-type]
    finally:
        sys.setprofile(None)
    assert card_text(card)
    return ran + called


# Python makes none of these without initialising them.
WHOLE = {
    "numpy structured",
    "numpy function",
    "generator",
    "started generator",
    "function",
    "partial",
    "cached function",
    "enum class",
    "enum member",
    "dask array",
    "named tuple",
}
# Python allows no subclass of these, or makes no object of one.
FINAL = {*WHOLE, "duckdb", "duckdb closed"} - {"dask array", "named tuple"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [kind for kind in CARDS if kind not in FINAL])
def test_no_code_of_a_class_that_overrides_everything_runs(kind: str) -> None:
    obj = hostile(CARDS[kind][0]())

    assert obj is not None and in_users_code(obj) == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [kind for kind in CARDS if kind not in WHOLE])
def test_an_object_that_was_never_initialised_is_described(kind: str) -> None:
    cls = type(CARDS[kind][0]())
    empty = cls.__new__(cls)

    card = describe("x", empty, level="stats")

    assert card.type_name == cls.__name__
    assert not card.note or card.note.startswith("could not be looked at: ")


@pytest.mark.filterwarnings("ignore")
def test_a_look_at_all_kinds_reads_none_of_them_up() -> None:
    names = {kind.replace(" ", "_"): make() for kind, (make, _) in CARDS.items()}
    before = threading.active_count()

    with dask.config.set(scheduler=trap("compute")):
        cards = look(names, levels=dict.fromkeys(names, "stats"))

    assert called == []
    assert [card.name for card in cards if card.note] == []
    assert threading.active_count() == before


def test_cells_of_a_users_own_type_are_not_compared() -> None:
    class Cell:
        __eq__ = __hash__ = __lt__ = __repr__ = __bool__ = trap("cell")  # type: ignore[assignment]

    cells = pd.array([None] * 3, dtype=object)
    frame = pd.DataFrame({"a": cells})
    frame._mgr.blocks[0].values[0, :] = [Cell(), Cell(), Cell()]
    called.clear()

    card = describe("x", frame, level="stats")

    assert called == []
    assert card.details == ("a object[Cell]",)


@pytest.fixture(autouse=True)
def nothing_called_yet() -> None:
    called.clear()
