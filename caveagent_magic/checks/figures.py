"""Where the figures of an answer come from: found in an output, worked out again, or not found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence

from caveagent_magic.checks.numbers import Number, printed, written
from caveagent_magic.events import Figure
from caveagent_magic.frozen import frozen

READ = 500_000  # characters of one output
SMALL = 12  # whole numbers up to this count things that no output need show
YEARS = range(1500, 2200)
MOST = 40  # figures of one answer
NOT_FOUND = "not found in this turn's outputs"
IN_CARDS = "found in what the model was told of the variables"

ValueOf = Callable[[str], float | None]


@frozen
class Source:
    """A text that the model was shown, and the step that it belongs to; 0: what it knew before."""

    step: int
    text: str


def figures(answer: str, prompt: str, sources: Sequence[Source], value_of: ValueOf) -> tuple[Figure, ...]:
    """Each figure of an answer once; `value_of` works out an expression, or gives None."""
    shown = {source.step: sorted(_numbers(sources, source.step)) for source in reversed(sources)}
    asked = sorted(printed(prompt))
    found: dict[str, Figure] = {}
    for number in written(answer):
        if number.text in found or len(found) == MOST:
            continue
        figure = _found(number, shown) or _worked_out(number, value_of)
        if figure or not (_holds(asked, number) or _may_be_none(number)):
            found[number.text] = figure or Figure(number.text, NOT_FOUND)
    return tuple(found.values())


def _numbers(sources: Sequence[Source], step: int) -> Iterator[float]:
    for source in sources:
        if source.step == step:
            yield from printed(source.text[:READ])


def _found(number: Number, shown: Mapping[int, Sequence[float]]) -> Figure | None:
    """The last step whose output holds it."""
    for step in sorted(shown, reverse=True):
        if _holds(shown[step], number):
            return Figure(number.text, f"found in step {step}" if step else IN_CARDS, step, found=True)
    return None


def _worked_out(number: Number, value_of: ValueOf) -> Figure | None:
    value = value_of(number.cited) if number.cited else None
    if value is None:
        return None
    if _holds([abs(value)], number):
        return Figure(number.text, f"worked out again from {number.cited}", found=True)
    if number.cited.isidentifier():  # it may just be named beside the figure
        return None
    return Figure(number.text, f"{number.cited} gives {value:,.6g}")


def _holds(values: Sequence[float], number: Number) -> bool:
    """Whether one of these sorted values is the number, as exactly as it is written."""
    for value in number.values:
        for unit in {1.0, number.unit}:
            margin = _margin(number, value) * unit
            place = bisect_left(values, value * unit - margin)
            if place < len(values) and values[place] <= value * unit + margin:
                return True
    return False


def _margin(number: Number, value: float) -> float:
    """How far what is rounded may be off."""
    margin = number.half * (1 + 1e-9)
    if margin >= 0.5 and value < 10 and number.unit <= 1:
        return 1e-9  # a small whole number is not rounded
    if (number.about or number.unit > 1) and value >= 10 and value == int(value):
        digits = str(int(value))
        margin = max(margin, 0.5 * 10.0 ** (len(digits) - len(digits.rstrip("0"))))
    return margin


def _may_be_none(number: Number) -> bool:
    """Whether it may be a count in words or a year, which no output need show."""
    value = number.values[0]
    return number.whole and (value <= SMALL or value in YEARS)
