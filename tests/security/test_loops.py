"""The shape of loops: which of them nothing ends."""

from __future__ import annotations

import ast

import pytest

from caveagent_magic.security.exhaustion.loops import feeds_itself, leaves, moves_away, unchanging


def loop(code: str) -> ast.For | ast.While:
    """The one loop that the code is."""
    found = ast.parse(code).body[0]
    assert isinstance(found, (ast.For, ast.While))
    return found


@pytest.mark.parametrize(
    ("code", "goes_on"),
    [
        ("while n > 0: n += 1", True),
        ("while x < 1: x -= 0.5", True),
        ("while names: names.append(1)", True),
        ("while len(names) > 0:\n    names.append(1)\n    print(2)", True),
        ("while n < 10: n += 1", False),
        ("while n > 0: n -= 1", False),
        ("while names: names.pop()", False),
        ("while names:\n    names.append(1)\n    names.clear()", False),
    ],
)
def test_a_loop_that_moves_away_from_its_end_is_known(code: str, goes_on: bool) -> None:
    found = loop(code)

    assert isinstance(found, ast.While)
    assert moves_away(found.test, found.body) is goes_on


@pytest.mark.parametrize(
    ("code", "goes_on"),
    [
        ("for x in xs: xs.append(x)", True),
        ("for x in xs:\n    if x not in seen:\n        xs.append(x)", False),
        ("for x in xs: ys.append(x)", False),
    ],
)
def test_a_loop_that_feeds_itself_is_known(code: str, goes_on: bool) -> None:
    found = loop(code)

    assert isinstance(found, ast.For)
    assert feeds_itself(found) is goes_on


def test_a_break_of_an_inner_loop_leaves_only_that_one() -> None:
    assert leaves(loop("while a:\n    break").body)
    assert not leaves(loop("while a:\n    for b in c:\n        break").body)


def test_a_test_that_the_body_cannot_change_is_known() -> None:
    still, moved = loop("while a > 1: b = 2"), loop("while a > 1: a = 2")

    assert isinstance(still, ast.While) and isinstance(moved, ast.While)
    assert unchanging(still.test, still.body)
    assert not unchanging(moved.test, moved.body)
