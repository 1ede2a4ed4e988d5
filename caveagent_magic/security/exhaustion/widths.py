"""How wide a format makes what it is filled with."""

from __future__ import annotations

import math
import string

from caveagent_magic.pattern import pattern
from caveagent_magic.security.exhaustion.amounts import MANY, Amount, length, numeric

WIDTH = pattern(r"\d+")
PERCENT = pattern(r"%(?:\([^)%]*\))?[-+ #0]*(\*|\d+)?(?:\.(\*|\d+))?[hlL]?[a-zA-Z]")


def _digits(written: str) -> float:
    return float(written) if len(written) < 18 else MANY


def percent_width(form: str | bytes, given: tuple[Amount, ...]) -> float:
    """The width that a `%` format asks for; a star takes it from the values."""
    largest = max((abs(numeric(each) or 0.0) for each in given), default=0.0)
    widest = 0.0
    for widths in PERCENT.findall(form if isinstance(form, str) else form.decode("latin-1")):
        for width in widths:
            widest = max(widest, largest if width == "*" else _digits(width or "0"))
    return widest + len(form) + sum(map(characters, given))


def spec_width(spec: str) -> float:
    """The width that one field's format asks for."""
    return max(map(_digits, WIDTH.findall(spec)), default=0.0)


def format_width(form: str, given: tuple[Amount, ...]) -> float:
    """The width that `str.format` is asked for; a field in a field takes it from the values."""
    try:
        specs = [spec or "" for _, _, spec, _ in string.Formatter().parse(form)]
    except ValueError:
        return 0.0
    largest = max((abs(numeric(each) or 0.0) for each in given), default=0.0)
    widths = [_digits(width) for spec in specs for width in WIDTH.findall(spec)]
    filled = [largest for spec in specs if "{" in spec and math.isfinite(largest)]
    return sum([*widths, *filled, float(len(form)), *map(characters, given)])


def characters(amount: Amount) -> float:
    """How long a text is that goes into another one."""
    return length(amount) if amount.length is not None and amount.inner is None else 0.0
