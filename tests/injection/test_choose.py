import numpy as np
import pandas as pd
import pytest

from caveagent_magic.errors import UsageError
from caveagent_magic.injection.card import Chosen
from caveagent_magic.injection.choose import CHARS_PER_TOKEN, changed, choose, known
from caveagent_magic.injection.tool import tool
from caveagent_magic.injection.words import cards_text

FRAME = pd.DataFrame(np.zeros((2, 10)), columns=[f"column_{i}" for i in range(10)])


def many() -> dict[str, object]:
    return {f"df_{i}": FRAME for i in range(200)}


def test_named_and_recent_variables_are_told_in_full_and_the_rest_counted() -> None:
    chosen = choose(many(), prompt="Plot df_7, please", recent=["df_150"], budget_tokens=1000)

    full = [card.name for card in chosen.cards if card.details != ("…",)]
    assert full[:2] == ["df_7", "df_150"]
    assert 2 < len(full) < len(chosen.cards) < 200
    assert len(chosen.cards) + chosen.left_out == 200


@pytest.mark.parametrize("budget", [0, 20, 100, 500, 2000])
def test_the_text_of_the_chosen_cards_keeps_to_the_budget(budget: int) -> None:
    text = cards_text(choose(many(), prompt="", recent=[], budget_tokens=budget))

    assert len(text) <= max(budget * CHARS_PER_TOKEN, 60)


def test_tools_of_the_person_come_first_and_in_full():
    @tool
    def clean(frame: pd.DataFrame) -> pd.DataFrame:
        """Drops test orders."""
        return frame

    @tool
    class Basket:
        pass

    names = {"clean": clean, "basket": Basket(), **many()}
    cards = choose(names, prompt="Plot df_7", recent=[], budget_tokens=300).cards

    assert sorted(card.name for card in cards[:2]) == ["basket", "clean"]
    assert cards_text(Chosen(tuple(c for c in cards if c.name == "clean"))) == (
        "clean: tool, function(frame: DataFrame) -> DataFrame [Drops test orders.]"
    )


def test_only_functions_and_classes_can_be_tools():
    with pytest.raises(UsageError, match=r"^@cave\.tool marks functions and classes, and not a int\.$"):
        tool(3)


def test_unchanged_cards_are_not_told_again() -> None:
    before = choose({"a": 1, "df": FRAME}, prompt="", recent=[], budget_tokens=2000)
    told = known({}, before)

    again = choose({"a": 1, "df": FRAME}, prompt="", recent=[], budget_tokens=2000)

    assert cards_text(changed(told, again)) == ""
    assert known(told, again) == told


def test_new_and_changed_cards_are_told_and_names_that_are_gone_are_said() -> None:
    told = known({}, choose({"a": 1, "b": 2, "c": 3}, prompt="", recent=[], budget_tokens=2000))

    now = choose({"a": 1, "b": "two", "d": 4}, prompt="", recent=[], budget_tokens=2000)

    assert cards_text(changed(told, now)) == "d: int\nb: str, 3 characters\nno longer listed: c"
    assert set(known(told, now)) == {"a", "b", "d"}


def test_a_card_that_only_lost_its_details_to_the_budget_is_not_told_again() -> None:
    told = known({}, choose({"df": FRAME}, prompt="", recent=[], budget_tokens=2000))

    now = choose({"df": FRAME}, prompt="", recent=[], budget_tokens=50)

    assert now.cards[0].details == ("…",)
    assert changed(told, now).cards == ()
    assert known(told, now) == told


def test_a_renamed_column_is_told_even_where_there_is_no_room_for_details() -> None:
    told = known({}, choose({"df": FRAME}, prompt="", recent=[], budget_tokens=2000))
    renamed = FRAME.rename(columns={"column_3": "other"})

    now = changed(told, choose({"df": renamed}, prompt="", recent=[], budget_tokens=50))

    assert [card.details for card in now.cards] == [("…",)]


def test_a_name_left_out_for_lack_of_room_is_not_called_gone() -> None:
    told = known({}, choose({"a": 1, "b": 2}, prompt="", recent=[], budget_tokens=2000))

    now = choose({"a": 1, "b": 2}, prompt="a", recent=[], budget_tokens=32)

    assert now.left_out == 1
    assert changed(told, now) == Chosen((), full=now.full)


def test_only_and_hide_decide_what_is_described() -> None:
    names = {"a": 1, "b": 2, "c": 3}

    only = choose(names, prompt="", recent=[], only=["a", "b"], hide=["b"], budget_tokens=2000)

    assert [card.name for card in only.cards] == ["a"]


def test_a_misspelt_name_is_an_error_that_names_what_exists() -> None:
    with pytest.raises(UsageError) as error:
        choose({"sales": 1, "costs": 2}, prompt="", recent=[], hide=["slaes"], budget_tokens=2000)

    assert str(error.value) == (
        "There is no variable called `slaes`. Did you mean `sales`? There are: sales, costs."
    )
