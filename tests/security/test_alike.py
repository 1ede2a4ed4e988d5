"""Objects that are alike, and those that only look so."""

from __future__ import annotations

import datetime

from caveagent_magic.security.objects.alike import are_data, are_like

CELL = "<ipython-input-alike>"
SOURCE = """
class Node:
    def __init__(self, inside):
        self.inside = inside
class Slotted:
    __slots__ = ("inside",)
    def __init__(self, inside):
        self.inside = inside
def made(step):
    return lambda: step
def other():
    pass
"""
names: dict[str, object] = {"__name__": "__main__"}
exec(compile(SOURCE, CELL, "exec"), names)
Node, Slotted, made, other = (names[name] for name in ("Node", "Slotted", "made", "other"))


def test_rows_of_single_values_are_data() -> None:
    assert are_data([("a", 1, datetime.date(2024, 1, 1)), {"tags": ["x"]}, None])


def test_an_object_deep_inside_is_no_data() -> None:
    assert not are_data([("a", 1), {"tags": [Node(1)]}])  # type: ignore[operator]


def test_objects_of_a_class_with_plain_attributes_are_alike() -> None:
    assert are_like([Node(2), Node("b")], [Node(1)])  # type: ignore[operator]


def test_an_object_that_holds_what_the_others_do_not_is_none_of_them() -> None:
    assert not are_like([Node(other)], [Node(1)])  # type: ignore[operator]
    assert not are_like([Node([Node(1)])], [Node([1])])  # type: ignore[operator]
    assert not are_like([Slotted(other)], [Slotted(1)])  # type: ignore[operator]


def test_functions_are_alike_where_they_close_over_values_only() -> None:
    assert are_like([made(2)], [made(1)])  # type: ignore[operator]
    assert not are_like([made(other)], [made(1)])  # type: ignore[operator]
    assert not are_like([other], [made(1)])
