"""Judging looks at live objects without running anything of theirs."""

from __future__ import annotations

from typing import Any

import pytest

from caveagent_magic.security import check
from caveagent_magic.security.objects import still

heard: list[str] = []


def hear(what: str) -> Any:
    """A method that notes that it was run."""

    def method(*args: object, **keywords: object) -> Any:
        heard.append(what)
        return ""

    return method


class Meta(type):
    __getattribute__ = hear("metaclass attribute")
    __instancecheck__ = hear("instance check")
    __subclasscheck__ = hear("subclass check")
    __call__ = type.__call__


class Text(str):
    __format__ = __str__ = __len__ = hear("text")


class Lies:
    __class__ = property(hear("class"))
    __dict__ = property(hear("dict"))
    __getattribute__ = __getattr__ = __hash__ = __eq__ = __len__ = __iter__ = __bool__ = hear("lies")


class OfMeta(metaclass=Meta):
    value, items = 1, ()


class Key:
    def __hash__(self) -> int:
        heard.append("hash")
        return 1


def function() -> None:
    """Named by a text of a class of its own."""


function.__module__ = Text("somewhere")
function.__qualname__ = Text("f")
LIVE = {
    "lies": object.__new__(Lies),
    "meta": object.__new__(OfMeta),
    "kind": OfMeta,
    "named": function,
    "keyed": {Key(): 1, "inside": object.__new__(Lies)},
    "several": [object.__new__(Lies), object.__new__(OfMeta)],
}


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize(
    "code",
    [
        "{}", "{}.value", "{}()", "len({})", "x = {}\nx.a = 1", "print({})", "{}[0]", "sorted({})",
        "class A(type({})): pass", "for x in {}: x.y", "getattr({}, 'value')", "{} + 1",
    ],
)  # fmt: skip
def test_a_verdict_runs_nothing_of_a_live_object(name: str, code: str) -> None:
    heard.clear()

    check(code.format(name), LIVE)

    assert heard == []


def test_attributes_are_found_as_python_would_find_them() -> None:
    class A:
        shared = 1
        kept = property(lambda self: 2)

    one = A()
    one.__dict__.update(own=3, shared=4, kept=5)

    found = [still.attribute(one, name) for name in ("own", "shared", "kept", "absent")]

    assert found == [3, 4, A.__dict__["kept"], still.MISSING]
    assert still.attribute(A, "shared") == 1
    assert still.attribute(int, "mro") is type.__dict__["mro"]
