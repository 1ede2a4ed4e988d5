"""A class of a library is looked at anew wherever somebody can have put a function of theirs into it."""

from __future__ import annotations

import types
from collections.abc import Callable

import pandas as pd
import pytest

from caveagent_magic.security.objects.members import own_class

AROUND = next(
    (member, cell)
    for member in vars(pd.DataFrame).values()
    if type(member) is types.FunctionType
    for cell in member.__closure__ or ()
    if type(cell.cell_contents) is types.FunctionType
)


def mine(self: object) -> int:
    return 1


def a_member(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pd.DataFrame, "sum", mine)


def the_code_of_a_member(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pd.DataFrame.itertuples, "__code__", mine.__code__)


def what_a_member_is_around(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(AROUND[1], "cell_contents", mine)


def the_code_of_what_a_member_is_around(patch: pytest.MonkeyPatch) -> None:
    inner = AROUND[1].cell_contents
    plain = types.FunctionType(inner.__code__, inner.__globals__)
    patch.setattr(AROUND[1], "cell_contents", plain)
    assert not own_class(pd.DataFrame)
    patch.setattr(plain, "__code__", mine.__code__)


@pytest.mark.parametrize(
    "change",
    [a_member, the_code_of_a_member, what_a_member_is_around, the_code_of_what_a_member_is_around],
)
def test_a_function_of_the_persons_in_a_class_that_was_looked_at_before_is_seen(
    change: Callable[[pytest.MonkeyPatch], None],
) -> None:
    assert not own_class(pd.DataFrame)

    with pytest.MonkeyPatch.context() as patch:
        change(patch)
        found = own_class(pd.DataFrame)

    assert found
    assert not own_class(pd.DataFrame)
