import sys
import types
from importlib import metadata

import pytest

from caveagent_magic.injection.card import describe
from caveagent_magic.injection.describers import own
from caveagent_magic.injection.words import card_text


def told(obj: object) -> str:
    return card_text(describe("x", obj)).removeprefix("x: ")


def test_a_type_can_describe_itself() -> None:
    class Basket:
        def __cave_card__(self) -> dict[str, object]:
            return {"summary": "Basket of 3", "fields": {"price": "float"}, "lines": ["<b>open</b>"]}

    assert told(Basket()) == "Basket of 3 [price float; \\x3cb>open\\x3c/b>]"


def test_what_a_type_says_is_not_asked_for_where_only_names_may_be_told() -> None:
    class Basket:
        def __cave_card__(self) -> str:
            raise AssertionError

    card = describe("x", Basket(), level="names")

    assert (card.summary, card.details, card.note) == ("Basket", (), "")


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (7, "__cave_card__ returned neither text nor a dictionary with a `summary`"),
        (
            {"summary": "s", "fields": 3},
            "__cave_card__ returned `fields` that are no dictionary or `lines` that are no list",
        ),
    ],
)
def test_a_wrong_answer_is_a_note(said: object, note: str) -> None:
    basket = type("Basket", (), {"__cave_card__": lambda self: said})()

    assert describe("x", basket).note == f"could not be looked at: {note}"


def test_an_error_is_a_note_without_its_words() -> None:
    def raising(self: object) -> str:
        raise ValueError("s3cret")

    basket = type("Basket", (), {"__cave_card__": raising})()

    assert describe("x", basket).note == "could not be looked at: it raised ValueError"


def test_an_object_that_answers_to_every_name_does_not_describe_itself() -> None:
    class Anything:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    assert describe("x", Anything()).note == ""


def test_a_package_can_register_a_describer(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = types.ModuleType("shop")
    shop.Basket = type("Basket", (), {"__module__": "shop"})  # type: ignore[attr-defined]
    shop.describe = lambda obj, base: f"a {base.__name__}"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shop", shop)
    entry = metadata.EntryPoint("shop.Basket", "shop:describe", own.GROUP)
    monkeypatch.setattr(own, "_entries", lambda: {entry.name: entry})
    special = type("Special", (shop.Basket,), {})

    assert told(shop.Basket()) == "a Basket"
    assert told(special()) == "a Basket"
