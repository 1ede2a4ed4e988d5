"""Questions about real tables with one checkable answer each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from tables import table

Frame = pd.DataFrame
# table: (number column, its words), the group column, its words
SUBJECTS: dict[str, tuple[tuple[tuple[str, str], ...], str, str]] = {
    "penguins": ((("body_mass_g", "body mass"), ("bill_length_mm", "bill length")), "species", "species"),
    "gapminder": ((("lifeExp", "life expectancy"), ("gdpPercap", "GDP per head")), "continent", "continent"),
    "cars": ((("Horsepower", "horsepower"), ("Miles_per_Gallon", "miles per gallon")), "Origin", "origin"),
    "flights": ((("arr_delay", "arrival delay"), ("distance", "distance")), "carrier", "carrier"),
    "seattle_weather": (
        (("precipitation", "precipitation"), ("temp_max", "highest temperature")), "weather", "weather"
    ),
    "stocks": ((("price", "price"),), "symbol", "share"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of which table, and the right answer."""

    table: str
    words: str
    answer: float | str

    def right(self, value: object) -> bool:
        """Whether a value is this answer, numbers within one in a thousand."""
        if isinstance(self.answer, str):
            return str(value).strip().lower() == self.answer.lower()
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return False
        return abs(number - self.answer) <= max(0.005, abs(self.answer) * 1e-3)


def questions() -> list[Question]:
    """All of them, those of one table spread over the list."""
    found = [list(_about(name)) for name in SUBJECTS]
    longest = max(map(len, found))
    return [each[place] for place in range(longest) for each in found if place < len(each)]


def _about(name: str) -> Iterator[Question]:
    frame = table(name)
    numbers, group, called = SUBJECTS[name]
    yield Question(name, f"How many rows does {name} have?", len(frame))
    yield Question(name, f"How many different values of {group} are in {name}?", frame[group].nunique())
    yield Question(name, f"Which {called} ({group}) has the most rows in {name}?", _largest(frame, group))
    for column, words in numbers:
        values = frame[column].dropna().tolist()
        yield Question(name, f"What is the mean {words} ({column}) in {name}?", sum(values) / len(values))
        yield Question(name, f"What is the largest {words} ({column}) in {name}?", max(values))
        yield Question(name, f"What is the smallest {words} ({column}) in {name}?", min(values))
        yield Question(name, f"What is the median {words} ({column}) in {name}?", _median(values))
        highest = _by(frame, group, column, max)
        yield Question(
            name, f"Which {called} ({group}) has the highest mean {words} ({column}) in {name}?", highest
        )


def _largest(frame: Frame, group: str) -> str:
    return max(sorted(set(frame[group])), key=frame[group].tolist().count)


def _by(frame: Frame, group: str, column: str, best: Callable[..., str]) -> str:
    sums: dict[str, list[float]] = {}
    for key, value in zip(frame[group], frame[column], strict=True):
        if value == value:
            sums.setdefault(key, []).append(value)
    return best(sums, key=lambda key: sum(sums[key]) / len(sums[key]))


def _median(values: list[float]) -> float:
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
