"""Cards: what the model may know of a live object, in the fewest words that let it write right code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from itertools import islice

from caveagent_magic.events import VariableCard
from caveagent_magic.frozen import frozen
from caveagent_magic.injection import static
from caveagent_magic.injection.describers import description
from caveagent_magic.injection.describers.description import Description, Sample, Unchanged, Unreadable
from caveagent_magic.injection.describers.opaque import opaque
from caveagent_magic.injection.escape import LINE_LIMIT, bounded, label, line
from caveagent_magic.injection.levels import Level
from caveagent_magic.injection.statistics import facts, nulls

SHOWN_FIELDS = 60
UNGROUPED_FIELDS = 12
SUMMARY_LIMIT = 500
SHOWN_NULLS = 12
SECONDS = 0.05


@frozen
class Chosen:
    """What the model is to be told of the namespace."""

    cards: tuple[VariableCard, ...]
    omitted: tuple[str, ...] = ()  # names there was no room for
    gone: tuple[str, ...] = ()  # names the model was told of that are not there for it any more
    full: Mapping[str, VariableCard] = field(default_factory=dict)  # with the details there was no room for

    @property
    def left_out(self) -> int:
        """How many variables are only counted."""
        return len(self.omitted)


class Allowance:
    """The time that one look may spend on null shares and statistics; names and types always have theirs."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.perf_counter) -> None:
        self._left, self._clock = seconds, clock

    @property
    def some(self) -> bool:
        """Whether there is any left."""
        return self._left > 0

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Counts the time within."""
        started = self._clock()
        try:
            yield
        finally:
            self._left -= self._clock() - started


@frozen
class Column:
    """One field, in the words of the card."""

    label: str
    type: str
    nulls: str


@frozen
class Drawn:
    """A card that has no name yet."""

    card: VariableCard
    columns: Mapping[str, str]  # the type of each column that can be joined on
    unchanged: Unchanged | None  # None: must be drawn again


@frozen
class _Shown:
    details: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True  # there was time for all


def describe(
    name: str, obj: object, hidden: frozenset[str] = frozenset(), level: Level = "schema"
) -> VariableCard:
    """The card of one object, without the hidden columns; its time does not grow with the number of rows."""
    return replace(drawn(obj, hidden, level, Allowance()).card, name=name)


def drawn(obj: object, hidden: frozenset[str], level: Level, allowance: Allowance) -> Drawn:
    """The card without a name, and what else a look at the namespace needs."""
    described, note = _described(obj) if level != "names" else (Description(_kind(obj)), "")
    shown, unchanged = _Shown(), None
    try:
        unchanged = described.watch()
        shown = _shown(described, hidden, level, allowance)
    except Exception as error:  # a user's object may raise anything while it is looked at
        note = _why(error)
    cls = type(obj)
    card = VariableCard(
        name="",
        type_name=_kind(obj),
        qualified_type=bounded(static.qualified_name(cls).removeprefix("builtins.")),
        summary=bounded(described.summary, SUMMARY_LIMIT),
        details=shown.details,
        note=note,
        statistics=shown.statistics,
    )
    return Drawn(card, shown.columns, unchanged if not note and shown.complete else None)


def summary(obj: object) -> str:
    """One line such as `DataFrame 336,776 × 19`."""
    return bounded(_described(obj)[0].summary, SUMMARY_LIMIT)


def labels(obj: object) -> tuple[str, ...]:
    """All column or field names of the object, as its card spells them."""
    try:
        return tuple(label(each.label) for each in _described(obj)[0].fields())
    except Exception:  # a user's object may raise anything while it is looked at
        return ()


def _kind(obj: object) -> str:
    return bounded(static.type_name(type(obj)))


def _described(obj: object) -> tuple[Description, str]:
    try:
        return description(obj), ""
    except Exception as error:  # a user's object may raise anything while it is looked at
        return opaque(obj), _why(error)


def _why(error: Exception) -> str:
    """Why the object could not be looked at; the words of a foreign exception may be data."""
    if isinstance(error, Unreadable):
        return f"could not be looked at: {error}"
    return f"could not be looked at: it raised {bounded(static.type_name(type(error)))}"


def _shown(described: Description, hidden: frozenset[str], level: Level, allowance: Allowance) -> _Shown:
    """All lines of the card; without null shares and statistics for which there is no time any more."""
    fields = list(islice(described.fields(), described.size and SHOWN_FIELDS + len(hidden)))
    spelt = [label(each.label) for each in fields]
    kept = [place for place, name in enumerate(spelt) if name not in hidden][:SHOWN_FIELDS]
    with allowance.spent():
        samples = _samples(described, kept) if allowance.some else {}
        missing = {place: text for place, sample in samples.items() if (text := _told(nulls, sample))}
    columns = [Column(spelt[place], bounded(fields[place].type), missing.get(place, "")) for place in kept]
    gone = len(fields) - len(kept) if hidden else 0
    details = (*_fields(columns, described.size - gone, gone), *_lines(described.lines))
    statistics: tuple[str, ...] = ()
    if level in ("stats", "samples"):
        statistics = tuple(_statistics(described, spelt, samples, allowance))
    joinable = {each.label: each.type for each in columns} if described.table else {}
    return _Shown(details, statistics, joinable, complete=allowance.some)


def _samples(described: Description, kept: Sequence[int]) -> dict[int, Sample]:
    """A sample of each column that is shown."""
    wanted, samples = set(kept), islice(described.samples(), SHOWN_FIELDS)
    return {place: sample for place, sample in enumerate(samples) if place in wanted}


def _statistics(
    described: Description, spelt: Sequence[str], samples: Mapping[int, Sample], allowance: Allowance
) -> Iterator[str]:
    part = False
    for place, sample in samples.items():
        with allowance.spent():
            text = _told(facts, sample) if allowance.some else ""
        if text:
            yield f"{spelt[place]}: {text}"
            part = part or not sample.whole
    if part:
        yield "seen in some of the rows"
    yield from _lines(described.statistics)


def _told(tell: Callable[[Sample], str], sample: Sample) -> str:
    """What is told of the sample; nothing when its values cannot be compared."""
    try:
        return tell(sample)
    except Exception:  # a column of a foreign making costs only its own statistics
        return ""


def _lines(lines: Callable[[], Iterator[str]]) -> Iterator[str]:
    for text in lines():
        yield line(text, 3 * LINE_LIMIT)


def _fields(columns: Sequence[Column], size: int, gone: int) -> Iterator[str]:
    """The columns in order, or grouped by type where they are many."""
    if columns:
        many = len(columns) > UNGROUPED_FIELDS
        yield from _grouped(columns) if many else [", ".join(map(_column, columns))]
    more = size - len(columns)
    if more:
        yield f"… {more:,} more"
    if gone:
        yield f"{gone} hidden"


def _column(column: Column) -> str:
    return " ".join(filter(None, (column.label, column.type, column.nulls)))


def _grouped(columns: Sequence[Column]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for each in columns:
        groups.setdefault(each.type, []).append(each.label)
    for kind, names in groups.items():
        yield f"{kind}: {', '.join(names)}"
    missing = [f"{each.label} {each.nulls.removesuffix(' null')}" for each in columns if each.nulls]
    if missing:
        more = [f"… {len(missing) - SHOWN_NULLS} more"] if len(missing) > SHOWN_NULLS else []
        yield f"null: {', '.join(missing[:SHOWN_NULLS] + more)}"
