"""How many dates there are between two others, and so rows in a table that has one for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caveagent_magic.security.exhaustion.amounts import UNKNOWN, Amount, argument, array, numeric
from caveagent_magic.security.objects.columns import column_of, dates_of

DAY = 86_400.0
UNITS = {
    "ns": 1e-9, "n": 1e-9, "us": 1e-6, "u": 1e-6, "ms": 1e-3, "l": 1e-3, "s": 1.0, "min": 60.0, "t": 60.0,
    "h": 3600.0,
}  # fmt: skip
SHORTEST = 3600.0  # seconds that a table of dates is taken to cover where that is not known


def periods(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """Dates, by their number or by two ends and a frequency."""
    each = seconds(keywords.get("freq") or argument(args, keywords, 2, "interval"))
    periods = numeric(argument(args, keywords, 2, "periods"))
    if periods is not None:
        return replace(array(periods), span=periods * each)
    ends = [days(argument(args, keywords, at, word)) for at, word in ((0, "start"), (1, "end"))]
    if ends[0] is None or ends[1] is None:
        return UNKNOWN
    span = max(ends[1] - ends[0], 0.0) * DAY
    return replace(array(span / each), span=span)


def parsed(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """Dates that are written out."""
    given = args[0] if args else UNKNOWN
    known = [day for day in map(days, given.items) if day is not None]
    return replace(given, span=(max(known) - min(known)) * DAY if known else given.span, items=())


def date(args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """A date by its parts, or by its text."""
    if args and isinstance(args[0].value, str):
        return Amount(value=args[0].value)
    parts = [numeric(argument(args, keywords, at, unit)) for at, unit in enumerate(("year", "month", "day"))]
    return (
        Amount(value="-".join(str(int(part)) for part in parts if part is not None))
        if all(parts)
        else UNKNOWN
    )


def resampled(owner: Amount, args: tuple[Amount, ...], keywords: Mapping[str, Amount]) -> Amount:
    """A row for each time between the first and the last date."""
    column = keywords["on"].value if "on" in keywords else None
    span = owner.span or covered(owner, column) or SHORTEST
    return array(span / seconds(argument(args, keywords, 0, "rule", "freq")))


def covered(owner: Amount, column: object = None) -> float | None:
    """The seconds between the first and the last date of a live table's index, or of a column."""
    table = owner.live.obj if owner.live is not None else None
    dates = dates_of(table) if column is None else column_of(table, column)
    if dates is None or dates.dtype.kind != "M":
        return None
    known = dates[dates == dates]  # without those that are not given
    return float((known.max() - known.min()).astype("m8[ns]").astype(float)) / 1e9 if len(known) else None


def days(amount: Amount | None) -> float | None:
    """The day that a date such as `2024-01-31` is, counted roughly."""
    found = amount.value if amount is not None else None
    parts = found[:10].split("-") if isinstance(found, str) else []
    if not parts or not all(part.isdecimal() for part in parts):
        return None
    return sum(int(part) * each for part, each in zip(parts, (365.25, 30.4, 1), strict=False))


def seconds(frequency: Amount | None) -> float:
    """How long a frequency such as `15min` is; a day where it is not known."""
    found = frequency.value if frequency is not None else None
    text = found.lower() if isinstance(found, str) else ""
    unit = text.lstrip("0123456789")
    return UNITS.get(unit, DAY) * float(text[: len(text) - len(unit)] or 1)
