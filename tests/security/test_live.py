"""Live objects are named without running anything of theirs."""

from __future__ import annotations

import builtins
import functools
import operator

import pytest

from caveagent_magic.security.flow.values import Bound, Const, Items, Named
from caveagent_magic.security.objects import live


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        (open, "builtins.open"),
        (operator.attrgetter, "operator.attrgetter"),
        ([].append, "builtins.list.append"),
        (functools, "functools"),
    ],
)
def test_routines_classes_and_modules_have_their_public_names(obj: object, name: str) -> None:
    [value] = live.values_of(obj)

    assert isinstance(value, Named)
    assert value.name == name


def test_the_open_of_ipython_is_pythons() -> None:
    from IPython.core.interactiveshell import _modified_open

    assert live.values_of(_modified_open) == live.values_of(builtins.open)


def test_containers_and_partials_show_what_they_hold() -> None:
    numbers = [1]

    assert live.values_of(numbers) == (Items("list", ((0, (Const(1),)),), id(numbers)),)
    assert isinstance(live.values_of(functools.partial(print, 1))[0], Bound)


def test_a_property_is_not_run_to_look_at_it() -> None:
    class Trap:
        @property
        def data(self) -> int:
            raise AssertionError("it was run")

    [owner] = live.values_of(Trap())

    assert live.attribute(owner, "data") is None  # type: ignore[arg-type]
