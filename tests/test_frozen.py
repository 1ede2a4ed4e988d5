"""Data classes that start fast behave as those of the standard library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace

import pytest

from caveagent_magic.frozen import MANY, frozen, slotted


class Fields:
    """Every kind of field there is, as a class body."""

    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)
    hidden: int = field(default=4, compare=False, repr=False)
    named: int = field(kw_only=True, default=5)
    set_later: int = field(init=False)
    set_at_once: list[int] = field(init=False, default_factory=lambda: [7])

    def __post_init__(self) -> None:
        self.set_later = self.first + 1


def _body() -> dict[str, object]:
    return {name: value for name, value in vars(Fields).items() if name not in ("__dict__", "__weakref__")}


Standard = dataclass(slots=True)(type("Made", (), _body()))


@pytest.mark.parametrize("ours", [frozen, slotted])
@pytest.mark.parametrize(
    ("values", "named"),
    [((1,), {}), ((1, "x", [2]), {"named": 9}), ((), {"first": 3, "third": [1]}), ((1, "x", [2], 3), {})],
)
def test_objects_are_made_shown_and_compared_as_the_standard_ones(
    ours: type, values: tuple[object, ...], named: dict[str, object]
) -> None:
    made = ours(type("Made", (), _body()))
    standard = Standard(*values, **named)

    for _ in range(MANY + 1):  # of which the last is made by compiled code
        one, other = made(*values, **named), made(*values, **named)

        assert repr(one) == repr(standard)
        assert one == other
        assert one.third is not made(1).third
        assert replace(one, first=8).set_later == 9
        assert one != standard
        assert not hasattr(one, "__dict__")


@pytest.mark.parametrize("ours", [frozen, slotted])
@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, 3, 4, 5), {}), ((1,), {"unknown": 1}), ((1,), {"first": 1})]
)
def test_what_the_standard_one_refuses_is_refused(
    ours: type, values: tuple[object, ...], named: dict[str, object]
) -> None:
    made = ours(type("Made", (), _body()))

    for _ in range(2):  # also once the method has been compiled
        with pytest.raises(TypeError, match=r"__init__\(\)"):
            made(*values, **named)


def test_only_what_nobody_changes_can_be_a_key() -> None:
    point = {"__annotations__": {"x": int}}

    assert len({frozen(type("P", (), dict(point)))(1)}) == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(slotted(type("P", (), dict(point)))(1))


@pytest.mark.parametrize("ours", [frozen, slotted])
def test_an_object_can_be_equal_to_itself_alone(ours: Callable[..., type]) -> None:
    made = ours(eq=False)(type("Made", (), _body()))

    one, other = made(1), made(1)

    assert one == one
    assert one != other
    assert len({one, other}) == 2
    assert repr(one) == repr(other)


def test_the_standard_library_sees_a_dataclass_also_before_there_is_an_object() -> None:
    made = frozen(type("Made", (), _body()))
    below = frozen(type("Below", (made,), {"__annotations__": {"last": "int"}, "last": 9}))
    further = dataclass(type("Further", (below,), {"__annotations__": {"more": "int"}, "more": 1}))

    names = [each.name for each in fields(Standard)]
    assert is_dataclass(below)
    assert [each.name for each in fields(further)] == [*names, "last", "more"]
    assert [each.name for each in fields(below)] == [*names, "last"]
    assert asdict(made(1)) == asdict(Standard(1))
    assert made.__match_args__ == Standard.__match_args__
    assert further(1, more=2).more == 2


def test_nothing_is_compiled_for_a_class_of_which_there_is_no_object_yet() -> None:
    code = (
        "import builtins, dataclasses\n"
        "from caveagent_magic import frozen\n"
        "ran = []\n"
        "frozen._run = ran.append\n"
        "import caveagent_magic.events\n"
        "assert not ran\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
