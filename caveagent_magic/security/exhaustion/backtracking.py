"""Whether a regular expression can read some text in exponentially many ways, so that matching takes years.

The expression becomes an automaton of positions; what makes it explode is a way from a position back to
itself that the same text can take twice.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from caveagent_magic.frozen import slotted

MOST = 48  # positions
WRITTEN_OUT = 3  # how often a bounded repetition is written out
ALPHABET = "abzAZ019_-. ,;:/@\t\n'\"<>()[]{}+*=#&%!?éx"
FAULTS = (re.error, RecursionError, OverflowError, ValueError)


@slotted
class _Piece:
    """A part of the expression: in how many ways it may be empty, and where it begins and ends."""

    empty: int = 0
    first: Counter[int] = field(default_factory=Counter)
    last: Counter[int] = field(default_factory=Counter)


class _TooLarge(Exception):
    """The expression has more positions than are looked at."""


@lru_cache(maxsize=512)
def explodes(pattern: str, whole: bool = False) -> bool:
    """Whether matching may take exponential time, to the end of the text or as far as it goes."""
    if not re.search(r"[*+}]", pattern) or "(" not in pattern or len(pattern) > 2000:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(pattern)
        return _Automaton(pattern).ambiguous(parsed, whole)
    except (*FAULTS, _TooLarge):
        return False


class _Automaton:
    def __init__(self, pattern: str) -> None:
        self.letters = "".join(dict.fromkeys([*ALPHABET, *(c for c in pattern if c.isalnum())][:80]))
        self.reads: list[frozenset[str]] = []
        self.follow: list[Counter[int]] = []

    def ambiguous(self, parsed: Any, to_the_end: bool) -> bool:
        """Whether many ways through it may all be tried; where it can stop, the first one does."""
        stops = () if to_the_end else self.sequence(parsed).last
        if to_the_end:
            self.sequence(parsed)
        return any(self._twice(start) for start in range(len(self.reads)) if start not in stops)

    def _twice(self, start: int) -> bool:
        """Whether the same letters lead from a position to itself in two ways."""
        seen: set[tuple[int, int, bool]] = set()
        waiting = [(start, start, False)]
        while waiting:
            for state in self._next(*waiting.pop()):
                if state == (start, start, True):
                    return True
                if state not in seen:
                    seen.add(state)
                    waiting.append(state)
        return False

    def _next(self, left: int, right: int, apart: bool) -> Iterator[tuple[int, int, bool]]:
        for one, ways in self.follow[left].items():
            for other in self.follow[right]:
                if self.reads[one] & self.reads[other]:
                    yield one, other, apart or one != other or (left == right and ways > 1)

    def _position(self, reads: frozenset[str]) -> _Piece:
        if len(self.reads) >= MOST:
            raise _TooLarge
        self.reads.append(reads)
        self.follow.append(Counter())
        at = len(self.reads) - 1
        return _Piece(0, Counter({at: 1}), Counter({at: 1}))

    def sequence(self, parsed: Any) -> _Piece:
        whole = _Piece(1)
        for code, detail in parsed:
            whole = self._after(whole, self._piece(str(code), detail))
        return whole

    def _after(self, left: _Piece, right: _Piece) -> _Piece:
        self._link(left.last, right.first)
        first = left.first + _times(right.first, left.empty)
        return _Piece(min(left.empty * right.empty, 2), first, right.last + _times(left.last, right.empty))

    def _link(self, left: Counter[int], right: Counter[int]) -> None:
        for one, ways in left.items():
            for other, more in right.items():
                self.follow[one][other] = min(self.follow[one][other] + ways * more, 2)

    def _piece(self, code: str, detail: Any) -> _Piece:
        if code in ("LITERAL", "NOT_LITERAL", "ANY", "IN", "RANGE", "CATEGORY"):
            return self._position(self._read(code, detail))
        if code in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(*detail)
        if code == "SUBPATTERN":
            return self.sequence(detail[3])
        if code == "BRANCH":
            parts = [self.sequence(part) for part in detail[1]]
            empty = min(sum(part.empty for part in parts), 2)
            ends = [sum((each for each in side), Counter[int]()) for side in _sides(parts)]
            return _Piece(empty, *ends)
        if code == "AT" and "END" in str(detail):
            return self._position(frozenset("\0"))
        if code in ("ATOMIC_GROUP", "POSSESSIVE_REPEAT"):
            raise _TooLarge  # what is taken is not given back
        return _Piece(1)  # anchors and looks around

    def _repeat(self, least: int, most: int, body: Any) -> _Piece:
        if most > WRITTEN_OUT and most < 15:
            most = WRITTEN_OUT
        if most >= 15:
            piece = self.sequence(body)
            self._link(piece.last, piece.first)
            return _Piece(1 if least == 0 else piece.empty, piece.first, piece.last)
        whole = _Piece(1)
        for turn in range(most):
            piece = self.sequence(body)
            whole = self._after(whole, _Piece(1 if turn >= least else piece.empty, piece.first, piece.last))
        return whole

    def _read(self, code: str, detail: Any) -> frozenset[str]:
        if code == "LITERAL":
            return frozenset(chr(detail))
        if code == "NOT_LITERAL":
            return frozenset(self.letters) - {chr(detail)}
        if code == "IN":
            parts = list(detail)
            turned = str(parts[0][0]) == "NEGATE"
            found = frozenset().union(*(self._read(str(c), d) for c, d in parts[turned:]))
            return frozenset(self.letters) - found if turned else found
        if code == "RANGE":
            return frozenset(letter for letter in self.letters if detail[0] <= ord(letter) <= detail[1])
        if code == "CATEGORY":
            kind = str(detail)
            shape = {"DIGIT": r"\d", "WORD": r"\w", "SPACE": r"\s"}[kind.rpartition("_")[2]]
            turned = "_NOT_" in kind
            return frozenset(c for c in self.letters if bool(re.match(shape, c)) is not turned)
        return frozenset(self.letters)


def _times(counted: Counter[int], ways: int) -> Counter[int]:
    return Counter({at: min(number * ways, 2) for at, number in counted.items()}) if ways else Counter()


def _sides(parts: list[_Piece]) -> tuple[list[Counter[int]], list[Counter[int]]]:
    return [part.first for part in parts], [part.last for part in parts]
