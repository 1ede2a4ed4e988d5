"""What the model was told of one variable or class already is not told again."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

import pandas as pd
from pydantic import BaseModel

from caveagent_magic.injection.card import Chosen, describe
from caveagent_magic.injection.words import card_text, cards_text

JANUARY = pd.DataFrame({"order_number": [1], "customer_name": ["Ann"], "total_price": [1.5]})
COLUMNS = "order_number int64, customer_name str, total_price float64"


class Passenger(BaseModel):
    name: str
    seat: Literal["aisle", "window"]

    def label(self) -> str:
        raise AssertionError


@dataclass
class Bag:
    kilos: float


class Cabin(Enum):
    ECONOMY = "e"
    BUSINESS = "b"


class Desk:
    def book(self, passengers: list[Passenger], bag: Bag | None = None, cabin: Cabin = Cabin.ECONOMY) -> Bag:
        """Book a seat, and say nothing."""

    def cancel_passengers(self, passengers: list[Passenger], kind: Literal["all", 1, None]) -> Bag:
        """Cancel the passengers given."""


def told(known=(), gone=(), **objects):
    cards = tuple(describe(name, obj) for name, obj in objects.items())
    return cards_text(
        Chosen(cards, gone=gone), {name: describe(name, obj) for name, obj in dict(known).items()}
    )


def test_a_table_with_the_columns_of_another_is_told_by_its_name():
    assert told(january=JANUARY, february=JANUARY.head(0)) == (
        f"january: DataFrame 1 × 3 [{COLUMNS}]\nfebruary: DataFrame 0 × 3 [as january]"
    )


def test_what_was_told_in_an_earlier_message_is_not_told_again():
    assert told({"january": JANUARY}, may=JANUARY) == "may: DataFrame 1 × 3 [as january]"


def test_what_has_changed_or_gone_since_stands_for_nothing():
    other = pd.DataFrame({"n": [1]})
    text = f"may: DataFrame 1 × 3 [{COLUMNS}]"

    assert told({"january": JANUARY}, may=JANUARY, january=other).startswith(text)
    assert told({"january": JANUARY}, gone=("january",), may=JANUARY).startswith(text)


def test_a_model_shows_its_fields_and_own_methods_and_none_of_its_library():
    passenger = Passenger(name="Ann", seat="aisle")

    assert card_text(describe("one", passenger)) == (
        "one: Passenger [name str, seat 'aisle' | 'window'; methods: label]"
    )


def test_a_class_that_arguments_are_of_is_told_once_and_documentation_only_where_it_says_more():
    desk = Desk()

    assert told(book=desk.book, cancel=desk.cancel_passengers) == (
        "book: method(passengers: list[Passenger], bag: Bag | None = None, cabin: Cabin = …) -> Bag "
        "[Book a seat, and say nothing.; where Passenger has name str, seat 'aisle' | 'window'; "
        "where Bag has kilos float; where Cabin is one of ECONOMY, BUSINESS]\n"
        "cancel: method(passengers: list[Passenger], kind: 'all' | 1 | None) -> Bag"
    )
