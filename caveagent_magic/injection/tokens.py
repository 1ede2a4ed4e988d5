"""Text taken apart into what may be a value: words, numbers and days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from caveagent_magic.frozen import frozen
from caveagent_magic.pattern import pattern

WORD_LEAST = 3  # characters; shorter text says too little, and too much else is spelt like it
DIGITS_LEAST = 4  # of a whole number
TOKEN = pattern(
    r"(?P<day>(?<![\w.])\d{4}-\d\d-\d\d)"
    r"|(?P<number>(?<![\w.])[-+]?(?:\d{1,3}(?:[,_]\d{3})+|\d+)?(?:\.\d*)?(?<=[\d.])(?:[eE][-+]?\d+)?(?![\w]))"
    r"|(?P<word>\w+)"
)
ESCAPE = pattern(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")


@frozen
class Token:
    """A piece of text at a place."""

    start: int
    end: int
    text: str
    value: float | None = None  # of a number or a day; a day counts from the year 1
    slack: float = 0.0  # how far off a number may be that is written like this
    is_day: bool = False

    @property
    def telling(self) -> bool:
        """Whether it says enough to be somebody's: four digits, a fraction, three characters."""
        if self.value is None:
            return len(self.text) >= WORD_LEAST
        if self.is_day:
            return True
        mantissa = re.split("[eE]", self.text.strip("+-"))[0]
        whole, _, fraction = mantissa.partition(".")
        digits = sum(char.isdigit() for char in whole.lstrip("0"))
        fraction = fraction.rstrip("0")
        return digits >= DIGITS_LEAST or bool(fraction and digits + len(fraction) > 1)


def tokens(text: str) -> Iterator[Token]:
    """The words, numbers and days in a text."""
    for match in TOKEN.finditer(text):
        piece = match[0]
        if match["day"]:
            try:
                value = float(date.fromisoformat(piece).toordinal())
            except ValueError:
                value = -1.0
            yield Token(match.start(), match.end(), piece, value, 0.5, True)
        elif match["number"]:
            number = _number(piece)
            if number:
                yield Token(match.start(), match.end(), piece, *number)
        elif match["word"]:
            yield Token(match.start(), match.end(), piece)


def _number(text: str) -> tuple[float, float] | None:
    """The value, and half of its last digit."""
    plain = text.replace(",", "").replace("_", "")
    try:
        value = float(plain)
    except ValueError:
        return None
    mantissa, _, exponent = plain.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    if "." not in mantissa and not exponent:
        return value, 0.0
    return value, 0.5 * 10.0 ** (int(exponent or 0) - decimals) + abs(value) * 1e-12


def words(text: str) -> set[str]:
    """The words of a text in one case, and the parts of those with underscores."""
    found = set(re.findall(r"\w+", text.casefold()))
    return found | {part for word in found if "_" in word for part in word.split("_")}


def unescaped(text: str) -> str:
    """The text with characters in place of their escapes, as JSON writes them."""
    return ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text) if "\\" in text else text
