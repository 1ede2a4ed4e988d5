"""The frozen fork, the memory it holds, and the history of steps."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from caveagent_magic.events import Changes
from caveagent_magic.rehearsal.checkpoint import Checkpoint
from caveagent_magic.rehearsal.undo import frozen as frozen_forks
from caveagent_magic.rehearsal.undo.frozen import Frozen
from caveagent_magic.rehearsal.undo.history import Back, History, taken
from caveagent_magic.rehearsal.undo.memory import Memory, meets, merge
from caveagent_magic.rehearsal.undo.pressure import memory_is_short

MB = 1 << 20


@pytest.fixture
def frozen():
    fork = Frozen()
    yield fork
    fork.close()


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_frozen_fork_tells_what_memory_held_whatever_happens_to_it_since():
    array = np.arange(5 * MB, dtype="u1")
    address, content = array.ctypes.data, array.tobytes()
    fork = Frozen()
    array[:] = 7

    pieces = list(fork.fetch([(address + 3, 10), (address, 5 * MB)] + [(address, 1)] * 1000))
    fork.close()

    assert (pieces[0], b"".join(pieces[1:6]), set(pieces[6:])) == (content[3:13], content, {content[:1]})


def test_it_holds_no_descriptor_of_ours_and_is_the_first_to_go(frozen):
    held = os.listdir(f"/proc/{frozen.pid}/fd")

    assert len(held) <= 3  # its two pipes, and what wakes it at our end
    assert Path(f"/proc/{frozen.pid}/oom_score_adj").read_text() == "1000\n"


def test_it_is_no_child_of_ours_and_ignores_a_stop(frozen):
    with pytest.raises(ChildProcessError):
        os.waitpid(frozen.pid, os.WNOHANG)
    os.kill(frozen.pid, signal.SIGINT)

    number = ctypes.c_int(41)
    with pytest.raises(ConnectionError):  # made after the fork: it may not even have that memory
        os.kill(frozen.pid, signal.SIGKILL)
        list(frozen.fetch([(ctypes.addressof(number), 4)] * 600))


def test_where_orphans_are_not_collected_it_is_a_child_and_collected_by_us(monkeypatch):
    monkeypatch.setattr(frozen_forks, "orphans_stay", lambda: True)
    fork = Frozen()
    child = os.waitpid(fork.pid, os.WNOHANG)

    fork.close()

    assert (child, Path(f"/proc/{fork.pid}").exists()) == ((0, 0), False)


def test_it_ends_with_its_close(frozen):
    frozen.close()

    until(lambda: not is_running(frozen.pid))


def test_it_ends_with_a_parent_that_is_killed_even_while_another_process_holds_the_pipe():
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        fork = Frozen()
        other = os.fork()
        if other == 0:
            time.sleep(60)
            os._exit(0)
        os.write(writing, f"{fork.pid} {other}".encode())
        time.sleep(60)
        os._exit(0)
    fork, other = map(int, os.read(reading, 100).split())

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    until(lambda: not is_running(fork))
    os.kill(other, signal.SIGKILL)
    os.close(reading)
    os.close(writing)


def test_overlapping_spans_become_one_and_neighbours_stay_apart():
    assert merge([(10, 5), (0, 4), (12, 10), (4, 2), (40, 0)]) == [(0, 4), (4, 2), (10, 12)]


@pytest.mark.parametrize(
    ("address", "size", "expected"), [(4, 6, False), (4, 7, True), (21, 1, True), (22, 9, False)]
)
def test_what_meets_what(address, size, expected):
    assert meets(address, size, [(0, 4), (10, 12)]) is expected


def test_a_fork_that_was_lost_is_an_error_and_not_a_wrong_answer():
    array = np.zeros(MB)
    memory = Memory([(array.ctypes.data, array.nbytes)], copied=0)
    array[:] = 1
    os.kill(memory.frozen.pid, signal.SIGKILL)

    with pytest.raises(OSError):
        memory.settle([])
    memory.close()


def test_a_lost_fork_is_said_at_undo_and_the_rest_comes_back():
    namespace = {"array": np.zeros(8 * MB), "items": [1]}
    checkpoint = Checkpoint.take(namespace, ("array",))
    namespace["array"][:] = 1
    namespace["items"].append(2)
    os.kill(checkpoint._memory.frozen.pid, signal.SIGKILL)
    checkpoint.narrow(Changes())

    restored = checkpoint.record.restore(namespace)

    assert (restored.names, namespace["items"]) == (("items",), [1])
    assert [change.name for change in restored.not_undone] == ["array"]


def history_of(namespace, *turns, most=20):
    """Each turn is a list of steps, each step code."""
    history = History(most)
    for number, steps in enumerate(turns):
        checkpoints = []
        for code in steps:
            checkpoint = Checkpoint.take(namespace)
            exec(code, namespace)
            checkpoint.narrow(Changes())
            checkpoints.append(checkpoint)
        history.add(taken(f"turn {number}", checkpoints))
    return history


def test_history_goes_back_by_turns_or_steps_and_forth_by_undos():
    namespace = {"items": []}
    history = history_of(namespace, ["items.append(1)", "items.append(2)"], ["items.append(3)"])

    seen = []
    for move in (
        lambda: history.undo(namespace),
        lambda: history.undo(namespace, 1),
        lambda: history.redo(namespace),
        lambda: history.redo(namespace),
        lambda: history.undo(namespace, 99),
    ):
        move()
        seen.append(list(namespace["items"]))

    assert seen == [[1, 2], [1], [1, 2], [1, 2, 3], []]


def test_what_is_offered_is_the_last_step_that_changed_something():
    namespace = {"items": []}
    history = history_of(namespace, ["items.append(1)", "found = 2"], ["len(items)"], ["len(items)"])

    offered = history.offer()
    back = history.undo(namespace, offered["idle"] + 1)
    undone = history.offer()
    history.undo(namespace, 1)
    unchanged = history_of(namespace, ["len(items)"]).offer()

    assert (offered["steps"], offered["of_last_turn"], offered["idle"]) == (2, 2, 2)
    assert (offered["turn"], offered["last_turn"], offered["names"]) == ("turn 0", "turn 2", ["found"])
    assert (back.names, "found" in namespace) == (("found",), False)
    assert (undone["steps"], undone["idle"], undone["names"]) == (1, 0, ["items"])
    assert (undone["redo"], undone["redo_turn"]) == (1, "turn 0")
    assert (unchanged["steps"], unchanged["idle"], unchanged["names"]) == (0, 1, [])
    assert history.undo(namespace) == Back((), (), ())


def test_a_new_step_ends_what_can_be_done_again():
    namespace = {"items": []}
    history = history_of(namespace, ["items.append(1)"])
    history.undo(namespace)
    history.add(())

    assert (history.redo(namespace), namespace["items"]) == (Back((), (), ()), [])


def test_only_so_many_steps_are_kept():
    namespace = {"items": []}
    history = history_of(namespace, *(["items.append(1)"] for _ in range(5)), most=3)

    history.undo(namespace, 5)

    assert (namespace["items"], history.dropped) == ([1, 1], True)


def test_when_memory_is_short_all_but_the_last_step_are_let_go(monkeypatch):
    monkeypatch.setattr("caveagent_magic.rehearsal.undo.history.memory_is_short", lambda: True)
    namespace = {"items": []}
    history = history_of(namespace, *(["items.append(1)"] for _ in range(5)))

    history.undo(namespace, 5)

    assert (namespace["items"], history.dropped) == ([1, 1, 1, 1], True)


@pytest.mark.parametrize(("available", "short"), [(100, True), (500, False)])
def test_memory_is_short_when_a_small_share_is_left(tmp_path, available, short):
    table = tmp_path / "meminfo"
    table.write_text(f"MemTotal: 1000 kB\nMemFree: 5 kB\nMemAvailable: {available} kB\n")

    assert memory_is_short(table) is short
