"""Loops over what they fill themselves: whether each round leaves it at least as full."""

from __future__ import annotations

import ast

import pytest

from caveagent_magic.security.exhaustion.keeping import never_caught, never_emptied


def loop(code: str) -> ast.While:
    """The one loop that the code is."""
    found = ast.parse(code).body[0]
    assert isinstance(found, ast.While)
    return found


@pytest.mark.parametrize(
    ("code", "goes_on"),
    [
        ("while tasks:\n    task = tasks.pop()\n    tasks += [task, task]", True),
        ("while len(tasks) > 0:\n    tasks.append(tasks.popleft())", True),
        ("while table:\n    table[len(table)] = 1", True),
        ("while not frame.empty:\n    print(frame.head())", True),
        ("while frame.shape[0] > 0:\n    frame = pd.concat([frame, frame])", True),
        ("while tasks:\n    tasks.append(1)\n    del tasks[0]", True),
        ("while tasks:\n    if tasks.pop() > 1:\n        tasks.append(1)", False),
        ("while tasks:\n    take(tasks)", False),
        ("while tasks:\n    tasks = tasks[1:]", False),
        ("while not frame.empty:\n    frame.drop(frame.index[0], inplace=True)", False),
        ("while tasks:\n    heapq.heappop(tasks)", False),
        ("while tasks:\n    for each in (1, 2):\n        tasks.pop()\n    tasks.append(1)", False),
    ],
)
def test_a_loop_that_never_empties_what_it_looks_at_is_known(code: str, goes_on: bool) -> None:
    found = loop(code)

    assert never_emptied(found.test, found.body) is goes_on


@pytest.mark.parametrize(
    ("code", "goes_on"),
    [
        ("while i < len(rows):\n    rows.append(i)\n    i += 1", True),
        ("while len(rows) > i:\n    i += 1\n    rows += [i, i]", True),
        ("while low < high:\n    low += 1\n    high += 1", True),
        ("while i != len(rows) + 1:\n    rows.append(i)\n    i += 1", True),
        ("while low < high:\n    low += 1\n    high -= 1", False),
        ("while i < len(rows):\n    if rows[i]:\n        rows.append(0)\n    i += 1", False),
        ("while i < len(rows):\n    i += 1", False),
        ("while i < limit(rows):\n    i += 1", False),
    ],
)
def test_a_loop_whose_end_moves_on_as_fast_is_known(code: str, goes_on: bool) -> None:
    found = loop(code)

    assert never_caught(found.test, found.body) is goes_on
