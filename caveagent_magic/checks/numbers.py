"""The numbers in a text, with how exactly each is written; what only looks like a figure is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caveagent_magic.frozen import frozen
from caveagent_magic.pattern import pattern

SCALES = {
    "%": 0.01, "percent": 0.01, "k": 1e3, "thousand": 1e3, "M": 1e6, "m": 1e6, "million": 1e6,
    "millions": 1e6, "bn": 1e9, "B": 1e9, "billion": 1e9, "billions": 1e9,
}  # fmt: skip
SPACES = "\u00a0\u2009\u202f"  # that stand between thousands
_BODY = r"(?:\d{{1,3}}(?:[,'’_.{0}]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_UNIT = r"(?:[ \u00a0\u202f]?(?:%|percent\b|thousand\b|millions?\b|billions?\b)|(?:k|M|m|bn|B)\b)?"
_WRITTEN = pattern(rf"(?<![\w.])(?P<body>{_BODY.format(SPACES + ' ')})(?P<unit>{_UNIT})(?P<rest>[^\W\d_]*)")
_PRINTED = pattern(rf"(?<![^\W\d_])(?P<body>{_BODY.format(SPACES)})(?P<unit> ?%)?")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
# Parts of a text in which a number is no figure: code, links, dates, times, versions, places in a list.
_ASIDE = pattern(
    r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+"
    r"|\b\d{4}-\d{1,2}(?:-\d{1,2})?(?:[T ]\d{1,2}:\d{2}\S*)?|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b"
    r"|\b\d{1,2}/\d{2,4}\b"
    r"|\b\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\b|\b\d+\.\d+\.\d+(?:\.\d+)*\b"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}"
    r"|^[ \t>]*\d+[.)](?=\s)"
    r"|\b(?:steps?|cells?|figures?|tables?|sections?|columns?|rows? number|top|first|last"
    r"|next|bottom|no\.?|version)"
    r" \[?\d+\]?(?:(?:,| and|-|–) ?\d+)*"
    r"|\b\d{1,2}(?:\.\d)? ?% (?=confidence|CI\b|interval|level|significance|percentile|quantile|prediction)"
    r"|[<>≤≥]=? ?\d[\d.,]*",
    re.S | re.M | re.I,
)
_CITED = pattern(r"[ \u00a0]*[(\[]?[ ]*(?:=|is|as|from|:)?[ ]*`(?P<code>[^`\n]+)`")
_ABOUT = pattern(
    r"(?:about|around|approximately|approx\.?|roughly|nearly|almost|over|under|more than|less than"
    r"|some|≈|~|c\.)"
    r"[ ]?[$€£]?\Z",
    re.I,
)
ORDINALS = frozenset({"st", "nd", "rd", "th"})


@frozen
class Number:
    """A number as a text writes it."""

    text: str
    values: tuple[float, ...]  # without sign; more than one where the notation can be read in two ways
    unit: float  # what one of it stands for: 1, a hundredth, a thousand
    half: float  # half of the last place that is written
    about: bool = False  # said to be rough, so that zeros at its end are not exact
    whole: bool = False  # written without decimals, exponent, unit or thousands
    cited: str = ""  # the expression that stands behind it


def written(text: str) -> Iterator[Number]:
    """The figures that a sentence states."""
    shown = _ASIDE.sub(lambda match: " " * len(match[0]), text)
    for match in _WRITTEN.finditer(shown):
        rest = match["rest"]
        if rest in ORDINALS or len(rest) > 3 or shown[match.end() :][:1] == "_":
            continue
        if " " in match["body"] and not _grouped(match["body"]):
            continue
        cited = _CITED.match(text, match.end())
        yield _number(match, bool(_ABOUT.search(shown[: match.start()])), cited["code"] if cited else "")


def printed(text: str) -> Iterator[float]:
    """All numbers in an output, without sign; one with a percent sign also as a fraction."""
    for match in _PRINTED.finditer(text):
        for value, _ in _readings(match["body"]):
            yield value
            if match["unit"]:
                yield value / 100


def _number(match: re.Match[str], about: bool, cited: str) -> Number:
    body, unit = match["body"], match["unit"].strip()
    readings = list(_readings(body))
    decimals = min(places for _, places in readings)
    return Number(
        text=f"{body}{match['unit']}",
        values=tuple(value for value, _ in readings),
        unit=SCALES.get(unit, SCALES.get(unit.lower(), 1.0)),
        half=0.5 * 10.0**-decimals,
        about=about,
        whole=body.isdecimal() and not unit,
        cited=cited,
    )


def _grouped(body: str) -> bool:
    return re.fullmatch(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?", body) is not None


def _readings(body: str) -> Iterator[tuple[float, int]]:
    """What the digits may stand for, with the number of decimals: a comma or a point can be either sign."""
    body, _, exponent = body.lower().partition("e")
    plain = re.sub(rf"['’_ {SPACES}]", "", body)
    power = int(exponent or 0)
    signs = [sign for sign in plain if sign in ",."]
    if not signs:
        yield _value(plain, "", power)
    elif len(set(signs)) == 2:
        whole, _, part = plain.rpartition(signs[-1])
        yield _value(re.sub("[,.]", "", whole), part, power)
    elif len(signs) > 1:
        yield _value(re.sub("[,.]", "", plain), "", power)
    else:
        whole, sign, part = plain.partition(signs[0])
        if sign == "." or len(part) != 3:
            yield _value(whole, part, power)
        if len(part) == 3 and 0 < len(whole) <= 3 and whole != "0":
            yield _value(whole + part, "", power)


def _value(whole: str, part: str, power: int) -> tuple[float, int]:
    if not -400 < power < 400:
        return float("inf"), 0
    return float(f"{whole or 0}.{part or 0}e{power}"), len(part) - power
