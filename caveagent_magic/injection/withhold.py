"""Output without the values that stay here: each word and number in it is compared with live data.

A value is withheld when it is a cell and says enough: text of three characters, a whole number of four
digits, a fraction, a day. Aggregates are no cells, so they pass; so does whatever the model has been told
or has written itself. Numbers of a column that fills at least half of its own range (keys, years, counters)
pass too: meeting one of them is no news. Values that code encodes on purpose are beyond this.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Any

from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.injection.cells import Column
from caveagent_magic.injection.tokens import DIGITS_LEAST, WORD_LEAST, Token, tokens, unescaped, words

MARK = "‹value›"
SECONDS = 5.0
READ_CHARS = 200_000  # of one output
CATEGORIES = 50  # distinct texts of a column that "stats" tells
SEARCHED = 1_000_000  # characters of data that are searched for parts of words
PART_LEAST, RUN_LEAST = 5, 7
WHOLE_MOST = 60  # characters of a text that is looked for as a whole
DENSE_FROM = 20  # cells
ROW = 3  # numbers side by side that are all cells are a row of the data
BOILERPLATE = words(
    "Name Length dtype object int64 int32 float64 float32 bool str string category datetime64 timedelta64 ns"
    " us rows columns row column index None True False nan NaN NaT inf count mean std min max sum top freq"
    " unique"
    " Error KeyError ValueError TypeError line File Cell In Out value DataFrame Series Index array list dict"
    " shape left out characters full text holds stderr figure shown person more at"
)


class OutOfTime(Exception):
    """The data could not be looked through in the time there is."""


@frozen
class Secret:
    """A column whose values stay here."""

    column: Column
    hidden: bool = False  # by the person, so that even short values stay
    stats: bool = False  # its categories and its range may be told


@slotted
class Withholder:
    """Compares texts with the secrets of one moment."""

    secrets: Sequence[Secret]
    known: set[str]  # words that the model has been told or has written
    unchecked: bool = False  # the code brought in data that is in no variable: nothing new is told
    gone: frozenset[str] = frozenset()  # words that were cells of data that may be no more
    clock: Callable[[], float] = time.monotonic
    count: int = 0  # how many values were withheld so far
    withheld: set[str] = field(default_factory=set)  # their words
    _index: _Index | None = field(default=None)

    def __call__(self, text: str) -> str:
        """The text with a mark in place of each value; raises `OutOfTime`."""
        text = _bounded(unescaped(text))
        found = list(tokens(text))
        if not found or not (self.secrets or self.unchecked or self.gone):
            return text
        if self._index is None:
            self._index = _Index.of(self.secrets, self.clock() + SECONDS, self.clock)
        index, deadline = self._index, self.clock() + SECONDS
        everywhere = any(_names(secret.column.label, text) for secret in self.secrets if secret.hidden)
        numbers = [token for token in found if token.value is not None]
        cells = self._cells(numbers, deadline)
        rows = _rows(text, numbers, set(cells))
        wholes = index.wholes_in(text, found)

        def stays(token: Token) -> bool:
            if token.text.casefold() in self.known or token.text.casefold() in BOILERPLATE:
                return False
            if token.text.casefold() in self.gone:
                return True
            if token.start in wholes or token.start in rows or (self.unchecked and token.telling):
                return True
            if token.value is None:
                return index.holds(token, text, everywhere, self.known)
            strength = cells.get(token.start, 0)
            if strength == STRONG or (strength == HIDDEN_SHORT and everywhere):
                return True
            return len(re.sub(r"\D", "", token.text)) >= DIGITS_LEAST and index.has(token.text.lstrip("+-"))

        withheld = [token for token in found if stays(token)]
        self.count += len(withheld)
        self.withheld |= {token.text.casefold() for token in withheld}
        return _marked(text, withheld)

    def _cells(self, numbers: Sequence[Token], deadline: float) -> dict[int, int]:
        """How surely each number is a cell, by its place in the text."""
        found: dict[int, int] = {}
        if not numbers:
            return found
        for secret in self.secrets:
            if self.clock() > deadline:
                raise OutOfTime
            met = _met(secret, numbers)
            strong = bool(met) and (secret.hidden or not _dense(secret.column.values))
            for token in met:
                surely = STRONG if strong and token.telling else HIDDEN_SHORT if secret.hidden else SHORT
                found[token.start] = max(found.get(token.start, 0), surely)
        return found


# How surely a number that equals a cell is that cell.
SHORT, HIDDEN_SHORT, STRONG = 1, 2, 3


@slotted
class _Index:
    """The words of all texts in the data."""

    words: set[str]
    wholes: dict[int, set[str]]  # short texts of several words, by their length
    short: set[str]  # values of hidden columns that are too short to be withheld everywhere
    lengths: list[int]
    text: str  # to search for parts of words; empty: too long

    @classmethod
    def of(cls, secrets: Iterable[Secret], deadline: float, clock: Callable[[], float]) -> _Index:
        found, short, wholes = set[str](), set[str](), dict[int, set[str]]()
        for secret in secrets:
            texts = _texts(secret)
            if clock() > deadline:
                raise OutOfTime
            for start in range(0, len(texts), 50_000):
                found |= words("\n".join(texts[start : start + 50_000]))
                if clock() > deadline:
                    raise OutOfTime
            for whole in (text.strip().casefold() for text in texts if len(text) <= WHOLE_MOST):
                if not whole.isalnum() and len(whole) > PART_LEAST:
                    wholes.setdefault(len(whole), set()).add(whole)
            if secret.hidden:
                short |= {text.casefold() for text in texts if len(text) < WORD_LEAST}
        found = {word for word in found if len(word) >= WORD_LEAST}
        text = "\n".join(found) if sum(map(len, found)) < SEARCHED else ""
        return cls(
            found, wholes, short, sorted({len(word) for word in found if len(word) > PART_LEAST}), text
        )

    def has(self, piece: str) -> bool:
        """Whether a text holds this word, or is it."""
        return piece.casefold() in self.words or piece in self.wholes.get(len(piece), ())

    def wholes_in(self, text: str, found: Sequence[Token]) -> set[int]:
        """Places of the tokens inside texts of several words, such as numbers of telephones."""
        folded, inside = text.lower(), set[int]()
        for position, token in enumerate(found):
            for start in range(max(0, token.start - 1), token.start + 2):
                lengths = (n for n, wholes in self.wholes.items() if folded[start : start + n] in wholes)
                length = max(lengths, default=0)
                for other in found[position:]:
                    if other.start >= start + length or not length:
                        break
                    inside.add(other.start)
        return inside

    def holds(self, token: Token, text: str, everywhere: bool, known: set[str]) -> bool:
        """Whether the word, its beginning, or something inside it is from the data."""
        word = token.text.casefold()
        if word in self.words or (everywhere and word in self.short):
            return True
        parts = [part for part in word.split("_") if len(part) >= WORD_LEAST and part not in known]
        if "_" in word and any(part in self.words for part in parts):
            return True
        cut = text[token.end : token.end + 1] == "…" or text[token.end : token.end + 3] == "..."
        if cut and len(word) >= WORD_LEAST and any(each.startswith(word) for each in self.words):
            return True
        if len(word) >= PART_LEAST and word in self.text:
            return True
        return len(word) >= RUN_LEAST and any(
            word[start : start + length] in self.words
            for length in self.lengths
            for start in range(len(word) - length + 1)
        )


def _texts(secret: Secret) -> list[str]:
    values = secret.column.values
    if isinstance(values, list):
        texts = list({value for value in values if type(value) is str})
    elif values.dtype.kind in "US":
        texts = [str(value) for value in sys.modules["numpy"].unique(values).tolist()]
    else:
        return []
    return [] if secret.stats and len(texts) <= CATEGORIES else texts


def _numeric(values: Any) -> Any:
    """The values as an array of floats without gaps; days count from the year 1. None: there are none."""
    numpy = sys.modules.get("numpy")
    if isinstance(values, list):
        found = [float(value) for value in values if type(value) is not str and abs(value) < 1e300]
        return (numpy.array(found) if numpy else sorted(found)) if found else None
    assert numpy is not None
    kind = values.dtype.kind
    if kind in "iu":
        return values
    if kind == "f":
        return values[numpy.isfinite(values)]
    if kind == "c":
        return numpy.concatenate((values.real, values.imag))
    if kind == "M":
        days = values.astype("datetime64[D]")
        return days[~numpy.isnat(days)].astype("int64") + 719_163.0
    return None


def _met(secret: Secret, numbers: Sequence[Token]) -> list[Token]:
    """The numbers that are values of the column, as far as they are written out."""
    values = secret.column.values
    is_time = not isinstance(values, list) and values.dtype.kind == "M"
    wanted = [token for token in numbers if token.is_day == is_time]
    stored = _numeric(values) if wanted else None
    if stored is None or not len(stored):
        return []
    bounds = [_range(token) for token in wanted]
    hits = _within(stored, bounds)
    if secret.stats and len(hits):
        ends = (min(stored), max(stored)) if isinstance(stored, list) else (stored.min(), stored.max())
        hits = [value for value in hits if value not in ends]
    met = []
    for token, (low, high) in zip(wanted, bounds, strict=True):
        if any(low <= value <= high for value in _between(hits, low, high)):
            met.append(token)
    return met


def _range(token: Token) -> tuple[float, float]:
    assert token.value is not None
    slack = token.slack or abs(token.value) * 1e-15
    return token.value - slack, token.value + slack


def _within(stored: Any, bounds: Sequence[tuple[float, float]]) -> list[float]:
    """The distinct values inside any of the ranges, sorted."""
    merged: list[list[float]] = []
    for low, high in sorted(bounds):
        if merged and low <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    numpy = sys.modules.get("numpy")
    if numpy is None or isinstance(stored, list):
        return sorted({value for value in stored if any(low <= value <= high for low, high in merged)})
    lows, highs = numpy.array(merged).T
    places = numpy.searchsorted(lows, stored, side="right") - 1
    inside = (places >= 0) & (stored <= highs[places])
    found: list[float] = numpy.unique(stored[inside]).tolist()
    return found


def _between(hits: list[float], low: float, high: float) -> list[float]:
    from bisect import bisect_left

    start = bisect_left(hits, low)
    return hits[start : start + 1]


def _dense(values: Any) -> bool:
    """Whether the column's whole numbers fill half of their range, so that meeting one says nothing."""
    stored = _numeric(values)
    numpy = sys.modules.get("numpy")
    if numpy is None or stored is None or len(stored) < DENSE_FROM:
        return False
    low, high = float(numpy.min(stored)), float(numpy.max(stored))
    if high - low >= 2 * len(stored):
        return False
    distinct = numpy.unique(stored)
    return bool((distinct == numpy.floor(distinct)).all() and len(distinct) * 2 >= high - low + 1)


def _rows(text: str, numbers: Sequence[Token], cells: set[int]) -> set[int]:
    """Places of numbers on lines that read like a row of the data: all but the first are cells."""
    by_line: dict[int, list[Token]] = {}
    line, position = 0, 0
    for token in numbers:
        line += text.count("\n", position, token.start)
        position = token.start
        by_line.setdefault(line, []).append(token)
    return {
        token.start
        for of_line in by_line.values()
        if len(of_line) > ROW and all(token.start in cells for token in of_line[1:])
        for token in of_line[1:]
    }


def _names(label: str, text: str) -> bool:
    """Whether the text names the column, as a table does that shows it."""
    plain = label.strip("'")
    return bool(plain) and re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", text) is not None


def _marked(text: str, withheld: Sequence[Token]) -> str:
    """A mark in place of each; a value of several words gets one."""
    pieces, position = list[str](), 0
    for token in withheld:
        between = text[position : token.start]
        if not (pieces and pieces[-1] == MARK and re.fullmatch(r"[ .:@'’/-]?", between)):
            pieces += [between, MARK]
        position = token.end
    return "".join([*pieces, text[position:]])


def _bounded(text: str) -> str:
    """Beginning and end of a text that is too long to be looked through; what is missing is said."""
    if len(text) <= READ_CHARS:
        return text
    half = READ_CHARS // 2
    head, tail = text[:half].rpartition("\n")[0], text[-half:].partition("\n")[2]
    return f"{head}\n… {len(text) - len(head) - len(tail):,} characters left out …\n{tail}"
