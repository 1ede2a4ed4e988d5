from __future__ import annotations

import collections
import gc
import os
import sqlite3
import sys
import weakref

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.events import Change, Changes, Effect
from caveagent_magic.rehearsal.changes import diff, snapshot
from caveagent_magic.rehearsal.checkpoint import Checkpoint, Limits

FROZEN = Limits(copied=0)  # every array is left to a frozen fork


def step(namespace, code, limits=Limits(), used=(), effects=()):  # noqa: B008
    """Run a step as a turn does, and give what takes it back."""
    namespace.setdefault("__name__", "__main__")
    checkpoint = Checkpoint.take(namespace, used, limits)
    before = snapshot(namespace, str)
    exec(code, namespace)
    checkpoint.narrow(diff(before, namespace, str), before, effects)
    return checkpoint.record


class Slotted:
    __slots__ = ("part",)


class Hiding(list):
    """A list whose attributes are behind code."""

    @property
    def __dict__(self):
        return {}


Pair = collections.namedtuple("Pair", "first second")


def holding(kind, thing):
    """An object of this class that refers to the thing in the way its class does."""
    made = kind([thing]) if kind is not Slotted else Slotted()
    if kind is Slotted:
        made.part = thing
    elif kind is Hiding:
        object.__setattr__(made, "more", thing)
        made.clear()
    return made


@pytest.mark.parametrize(
    "kind",
    [Slotted, Hiding, lambda parts: Pair(*parts, 0), type("Frozen", (frozenset,), {}), collections.UserList],
    ids=["slots", "hidden attributes", "a named tuple", "a class of sets", "a list of the library"],
)
def test_what_an_object_refers_to_is_taken_back_in_whatever_way_its_class_holds_it(kind):
    thing = Slotted()
    thing.part = 1
    namespace = {"__name__": "__main__", "holder": holding(kind, thing)}
    checkpoint = Checkpoint.take(namespace)
    thing.part = 2
    checkpoint.narrow(Changes())

    checkpoint.record.restore(namespace)

    assert thing.part == 1


def test_bindings_are_taken_back():
    items = [1]
    namespace = {"a": 1, "items": items, "gone": "kept"}
    record = step(namespace, "a = 2; items = []; new = 1; del gone")

    restored = record.restore(namespace)

    assert (restored.names, restored.not_undone) == (("a", "items", "gone", "new"), ())
    assert (namespace["a"], namespace["gone"], "new" in namespace) == (1, "kept", False)
    assert namespace["items"] is items


def test_changes_in_place_are_taken_back_and_done_again():
    namespace = {"items": [1], "other": [2]}
    record = step(namespace, "items.append(2); other.append(1); other = 5")

    restored = record.restore(namespace)
    before = (namespace["items"], namespace["other"])
    again = restored.back.restore(namespace)

    assert (sorted(restored.names), restored.not_undone) == (["items", "other"], ())
    assert (before[1], sorted(again.names)) == ([2, 1], ["items", "other"])
    assert (namespace["items"], namespace["other"]) == ([1, 2], 5)


def test_where_it_is_known_what_a_step_changes_the_rest_is_not_held_and_that_is_said():
    items = [1]
    namespace = {"items": items, "same": items, "other": [2], "_own": [3], "bound": [4]}
    checkpoint = Checkpoint.take(namespace, only=("items", "new"))
    before = snapshot(namespace, str)
    exec("items.append(2); other.append(2); _own.append(2); bound = 5; new = 1", namespace)
    checkpoint.narrow(diff(before, namespace, str), before)

    restored = checkpoint.record.restore(namespace)

    held = {name: namespace.get(name) for name in ("items", "same", "other", "_own", "bound", "new")}
    reason = "the step did not change it when it was recorded, so what it held was not remembered"
    assert held == {
        "items": [1],
        "same": [1],
        "other": [2, 2],
        "_own": [3],
        "bound": [4],
        "new": None,
    }
    assert restored.not_undone == (Change("other", reason),)


def test_names_with_an_underscore_are_the_persons_too_but_not_those_of_ipython():
    namespace = {"_cache": [1], "_": 5, "_i3": "x", "_oh": {}}

    restored = step(namespace, "_cache.append(1); _ = 6; _i3 = 'y'").restore(namespace)

    assert restored.names == ("_cache",)
    assert (namespace["_cache"], namespace["_"], namespace["_i3"]) == ([1], 6, "y")


def test_a_narrowed_checkpoint_keeps_alive_only_what_the_step_replaced():
    class Big:
        pass

    namespace = {"kept": Big(), "replaced": Big()}
    alive = {name: weakref.ref(thing) for name, thing in namespace.items()}
    record = step(namespace, "replaced = 2")

    del namespace["kept"]
    gc.collect()

    assert {name: ref() is not None for name, ref in alive.items()} == {"kept": False, "replaced": True}
    assert record.restore(namespace).names == ("replaced",)


@pytest.mark.parametrize("limits", [Limits(), FROZEN], ids=["copied", "frozen"])
def test_a_resized_array_gets_its_form_and_content_back(limits):
    namespace = {"array": np.arange(100_000.0)}
    array = namespace["array"]
    checkpoint = Checkpoint.take(namespace, (), limits)
    array[:] = 0
    array.resize(300_000, refcheck=False)
    checkpoint.narrow(Changes())
    record = checkpoint.record

    restored = record.restore(namespace)

    assert namespace["array"] is array and np.array_equal(array, np.arange(100_000.0))
    assert (restored.names, restored.not_undone) == (("array",), ())
    restored.back.restore(namespace)
    assert (array.shape, array.any()) == ((300_000,), False)


def test_only_the_bytes_that_a_step_wrote_are_kept_of_a_large_array():
    namespace = {"array": np.zeros(4_000_000)}

    record = step(namespace, "array[1_000_000] = 1", FROZEN)

    assert 8 <= sum(len(patch.content) for patch in record.patches) <= 1 << 16
    record.restore(namespace)
    assert not namespace["array"].any()


def test_a_fork_that_the_step_leaves_behind_hides_nothing():
    """Pages that the step wrote are shared again then, and the kernel's table does not tell of them."""
    namespace = {"array": np.zeros(1_000_000), "os": os}
    code = """
array[:] = 1
ready, begun = os.pipe()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.write(begun, b"x")
    os.close(writing)
    os.read(reading, 1)
    os._exit(0)
os.read(ready, 1)
"""
    record = step(namespace, code, FROZEN)
    os.close(namespace["writing"])
    os.waitpid(namespace["child"], 0)

    record.restore(namespace)

    assert not namespace["array"].any()


def test_memory_that_is_a_file_is_said_to_stay(tmp_path):
    path = tmp_path / "numbers"
    np.memmap(path, dtype="f8", mode="w+", shape=1000).flush()
    namespace = {"mapped": np.memmap(path, dtype="f8", mode="r+", shape=1000)}

    restored = step(namespace, "mapped[:] = 1").restore(namespace)

    assert restored.not_undone == (Change("mapped", "its memory is a file, or shared with other processes"),)


def test_a_connection_that_the_step_used_is_said_to_be_out_of_reach():
    namespace = {"db": sqlite3.connect(":memory:"), "other": sqlite3.connect(":memory:")}

    restored = step(namespace, "db.execute('create table t (x)')", used=("db",)).restore(namespace)

    (change,) = restored.not_undone
    assert change == Change(
        "db", "a sqlite3.Connection cannot be looked into: what the step did with it stays"
    )


def test_a_generator_that_went_on_is_said_not_to_go_back():
    namespace = {"squares": (number**2 for number in range(5))}

    restored = step(namespace, "next(squares)").restore(namespace)

    assert restored.not_undone == (Change("squares", "it is a generator that went on, and cannot go back"),)


@pytest.mark.parametrize("code", ["next(it); del items[:]", "del items[:]; it.__setstate__(0)", "next(it)"])
def test_an_iterator_goes_back_and_forth_also_where_its_list_becomes_shorter(code):
    items = [1, 2, 3]
    namespace = {"items": items, "it": iter(items)}
    next(namespace["it"])
    record = step(namespace, code)
    after = namespace["it"].__reduce__()[2:]

    restored = record.restore(namespace)
    before = namespace["it"].__reduce__()[2:]
    again = restored.back.restore(namespace)

    assert (before, namespace["it"].__reduce__()[2:]) == ((1,), after)
    assert (restored.not_undone, again.not_undone) == ((), ())


def test_a_name_that_is_too_large_to_look_at_is_never_silently_wrong():
    namespace = {"small": [1], "large": [[number] for number in range(2000)]}

    restored = step(namespace, "small.append(1); large[0].append(1)", Limits(objects=500)).restore(namespace)

    assert namespace["small"] == [1]
    assert restored.not_undone == (Change("large", "it is too large to be remembered in time"),)


def test_what_lasts_is_listed():
    effects = [
        Effect("write_file", "out.csv", allowed=True),
        Effect("network", "example.org:443", allowed=False),
        Effect("read_file", "in.csv", allowed=True),
    ]
    sys.modules.pop("colorsys", None)

    restored = step({}, "import colorsys", effects=effects).restore({})

    assert restored.not_undone == (
        Change("out.csv", "it was written to, which stays"),
        Change("imported modules", "colorsys stay loaded"),
    )


def test_a_change_between_step_and_undo_elsewhere_in_a_restored_object_is_said():
    namespace = {"table": {"a": [1], "b": [2]}}
    record = step(namespace, "table['a'].append(2)")
    namespace["table"]["b"].append(3)

    restored = record.restore(namespace)

    assert namespace["table"] == {"a": [1], "b": [2, 3]}
    assert [change.name for change in restored.not_undone] == ["table"]


def test_an_object_that_refuses_its_state_is_named_and_the_rest_comes_back():
    data = bytearray(b"abc")
    namespace = {"data": data, "items": [1]}
    record = step(namespace, "data.extend(b'def'); items.append(2)")
    held = memoryview(data)

    restored = record.restore(namespace)
    held.release()

    assert ([change.name for change in restored.not_undone], namespace["items"]) == (["data"], [1])


SETTINGS = {
    "working folder": ("os.chdir('/')", "os.getcwd()"),
    "environment": ("os.environ['CAVE_X'] = '1'; os.environ.pop('HOME', 0)", "dict(os.environ)"),
    "sys.path": ("sys.path.insert(0, 'x')", "list(sys.path)"),
    "sys.path itself": ("sys.path = []", "(id(sys.path), list(sys.path))"),
    "warning filters": ("warnings.simplefilter('error')", "list(warnings.filters)"),
    "recursion limit": ("sys.setrecursionlimit(2345)", "sys.getrecursionlimit()"),
    "Python's random numbers": ("random.seed(1)", "random.getstate()"),
    "numpy's random numbers": ("np.random.seed(1)", "np.random.get_state()[1].tolist()"),
    "numpy's print options": ("np.set_printoptions(precision=2)", "np.get_printoptions()"),
    "numpy's error handling": ("np.seterr(all='raise')", "np.geterr()"),
    "pandas' options": ("pd.set_option('display.max_rows', 7)", "pd.get_option('display.max_rows')"),
    "matplotlib's rcParams": ("mpl.rcParams['lines.linewidth'] = 9", "dict(mpl.rcParams)"),
    "decimal's context": ("decimal.getcontext().prec = 5", "decimal.getcontext().prec"),
}


@pytest.mark.parametrize(("code", "look"), SETTINGS.values(), ids=SETTINGS)
def test_state_of_the_whole_interpreter_is_taken_back(code, look):
    namespace = {"__name__": "__main__"}
    exec("import os, sys, warnings, random, decimal, numpy as np, pandas as pd, matplotlib as mpl", namespace)
    before = eval(look, namespace)
    record = step(namespace, code)
    after = eval(look, namespace)

    restored = record.restore(namespace)

    assert (eval(look, namespace), restored.not_undone, len(restored.names)) == (before, (), 1)
    assert after != before


def test_taking_a_checkpoint_runs_no_code_of_the_persons_classes():
    called = collections.Counter()
    code = """
class Loud:
    def __getattribute__(self, name): called[name] += 1; return object.__getattribute__(self, name)
    def __eq__(self, other): called["eq"] += 1; return True
    def __hash__(self): called["hash"] += 1; return 1
    def __iter__(self): called["iter"] += 1; return iter(())
    def __len__(self): called["len"] += 1; return 0
class Names(dict):
    def __getitem__(self, key): called["getitem"] += 1
    def __iter__(self): called["iter"] += 1; return iter(())
    def items(self): called["items"] += 1; return ()
loud, names = Loud(), Names(x=1)
held = {loud: [loud], "set": {loud}}
"""
    namespace = {"__name__": "__main__", "called": called}
    exec(code, namespace)
    called.clear()

    checkpoint = Checkpoint.take(namespace)
    checkpoint.narrow(Changes())

    assert (dict(called), checkpoint.record.names) == ({}, ())


def test_frames_that_share_memory_share_it_again():
    frame = pd.DataFrame({"a": np.arange(5.0)})
    namespace = {"frame": frame, "view": frame["a"].to_numpy(copy=False), "pd": pd}
    record = step(
        namespace, "frame._mgr.blocks[0].values.setflags(write=True); frame.iloc[0, 0] = 9; frame['b'] = 1"
    )

    record.restore(namespace)

    assert (list(frame.columns), frame["a"].tolist()) == (["a"], [0, 1, 2, 3, 4])
    assert np.shares_memory(frame["a"].to_numpy(copy=False), namespace["view"])
