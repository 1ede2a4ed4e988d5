"""The mark of an object's content: equal while it is the same, another after any change in it."""

from __future__ import annotations

import collections
import datetime
import sys
import threading
import time
import weakref

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.rehearsal.fingerprint import Fingerprint, fingerprint, hold
from caveagent_magic.rehearsal.foreign import array_facts
from caveagent_magic.rehearsal.undo.containers import DEQUE


class Thing:
    def __init__(self):
        self.part = {"n": [1]}


def frame():
    return pd.DataFrame({"a": [1, 2], "s": ["x", None]}, index=[5, 6])


CHANGED = {
    "a list": ([1, 2], "x.append(3)"),
    "an element deep inside": ({"a": [{"b": 1}]}, "x['a'][0]['b'] = 2"),
    "the order of a dictionary": ({"a": 1, "b": 2}, "x['a'] = x.pop('a')"),
    "1 for True": ([True], "x[0] = 1"),
    "-1 for -2, whose hashes are equal": ([[], -1], "x[1] = -2"),
    "a set": ({1, 2}, "x.add(3)"),
    "an attribute": (Thing(), "x.part['n'][0] = 2"),
    "an alias broken": ((lambda part: [part, part])([1]), "x[1] = [1]"),
    "a date in a list": ([datetime.date(2026, 1, 1)], "x[0] = datetime.date(2026, 1, 2)"),
    "bytes": (bytearray(b"ab"), "x[0] = 0"),
    "an array": (np.zeros(4), "x[3] = 1"),
    "the shape of an array": (np.zeros((2, 3)), "x.resize((3, 2), refcheck=False)"),
    "an object in an array": (np.array([[1], None], dtype=object), "x[0].append(2)"),
    "the middle of a large array": (np.zeros(1 << 20), "x[500_001] = 1"),
    "a value of a frame": (frame(), "x.iloc[0, 0] = 7"),
    "a text of a frame": (frame(), "x.loc[5, 's'] = 'y'"),
    "a column added": (frame(), "x['b'] = 1"),
    "a column removed": (frame(), "del x['a']"),
    "a column of another type": (frame(), "x['a'] = x['a'].astype('float64')"),
    "a name of an index": (frame(), "x.index.name = 'n'"),
    "an index": (frame(), "x.index = [7, 8]"),
    "the order of rows": (frame(), "x.sort_index(ascending=False, inplace=True)"),
    "frame attributes": (frame(), "x.attrs['unit'] = 'kg'"),
    "a generator of random numbers": (np.random.default_rng(1), "x.random()"),
}


@pytest.mark.parametrize(("thing", "change"), CHANGED.values(), ids=CHANGED)
def test_a_mark_tells_a_change_and_nothing_else(thing, change):
    first = fingerprint(thing, time.thread_time() + 60)
    before = first.compare(fingerprint(thing, time.thread_time() + 60))
    exec(change, {"x": thing, "datetime": datetime})
    after = first.compare(fingerprint(thing, time.thread_time() + 60))

    assert (before, after) == ("same", "changed")


def test_equal_dates_and_numbers_of_numpy_are_the_same():
    def values():
        return [datetime.datetime(2026, 1, 1), np.float64(1.5), np.datetime64("2026-01-01")]

    assert fingerprint(values()).compare(fingerprint(values())) == "same"


def test_without_time_nothing_is_claimed():
    things = [[number, object()] for number in range(500)]

    assert fingerprint(things).compare(fingerprint(things, time.thread_time() - 1)) == "unchecked"


def test_a_cycle_has_a_mark():
    thing: list[object] = [1]
    thing.append(thing)

    assert fingerprint(thing).compare(fingerprint(thing)) == "same"


def test_an_array_is_held_without_a_weak_reference():
    array, other = np.zeros(3), Thing()

    assert (hold(array)() is array, weakref.getweakrefcount(array)) == (True, 0)
    assert (hold(other)() is other, weakref.getweakrefcount(other)) == (True, 0)


@pytest.fixture
def restless():
    """A queue and a set that another thread changes all the time, as those of a cluster in this process."""
    queue, members, over = collections.deque([[1]] * 300), {("a", n) for n in range(300)}, threading.Event()

    def go_on():
        while not over.is_set():
            queue.append([2])
            queue.popleft()
            members.add("b")
            members.discard("b")

    thread, interval = threading.Thread(target=go_on), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread.start()
    yield queue, members
    over.set()
    thread.join()
    sys.setswitchinterval(interval)


def test_what_another_thread_changes_meanwhile_is_looked_at_without_an_error(restless):
    queue, members = restless

    found = [(fingerprint(queue), fingerprint(members), len(DEQUE.read(queue))) for _ in range(200)]

    assert {tuple(map(type, each)) for each in found} == {(Fingerprint, Fingerprint, int)}


def test_dtypes_are_called_as_numpy_calls_them():
    codes = [code for code in np.typecodes["All"] if code not in "SUV"]
    dtypes = [*map(np.dtype, codes), *(np.dtype(code).newbyteorder() for code in codes)]
    dtypes += [np.dtype(name) for name in ("M8[ns]", "m8[25s]", "S3", "U7", "V5", "i4,f8", "(2,)i4", ">U2")]
    arrays = [np.empty(1, dtype) for dtype in dtypes]

    told = [array_facts(array, np.ndarray).dtype for array in (*arrays, *arrays)]

    assert told == [str(array.dtype) for array in (*arrays, *arrays)]
