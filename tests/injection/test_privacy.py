import pandas as pd
import pytest

from caveagent_magic.errors import UsageError
from caveagent_magic.injection.privacy import Visible, visible

STAFF = pd.DataFrame({"name": ["a"], "base salary": [1], "v1.5": [2]})


def test_a_column_is_hidden_by_its_name_even_with_spaces_and_dots_in_it() -> None:
    names = {"staff": STAFF}

    assert visible(names, hide=["staff.base salary", "staff.v1.5"]) == Visible(
        names, {"staff": frozenset({"'base salary'", "'v1.5'"})}
    )


def test_hiding_a_column_that_does_not_exist_is_an_error_that_names_the_near_ones() -> None:
    with pytest.raises(UsageError) as error:
        visible({"staff": STAFF}, hide=["staff.nane"])

    assert str(error.value) == (
        "There is no column in `staff` called `nane`. Did you mean `name`? "
        "There are: name, 'base salary', 'v1.5'."
    )


def test_where_nothing_exists_the_error_says_so() -> None:
    with pytest.raises(UsageError, match=r"There are: none\.$"):
        visible({}, only=["x"])
