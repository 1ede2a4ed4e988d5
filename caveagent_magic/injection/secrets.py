"""Which live values stay here: all of the person's data, less what they allowed and what steps worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace

from caveagent_magic.frozen import slotted
from caveagent_magic.injection.cells import Column, columns, kept, persons, rows
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.injection.withhold import Secret

RESULT_ROWS = 100  # a table of no more rows that a step made is a result, a longer one is data
PLAIN = (str, int, float)
Namespace = Mapping[str, object]
HoldsCells = Callable[[str], bool]  # whether a text has cells of the data in it


@slotted
class Results:
    """What steps made of the data: small tables and values, without the columns that are copies of cells."""

    _made: dict[int, tuple[object, frozenset[int]]] = field(default_factory=dict)

    def holds(self, obj: object) -> bool:
        """Whether it is a result."""
        return id(obj) in self._made and self._made[id(obj)][0] is obj

    def copied(self, obj: object) -> frozenset[int]:
        """The positions of columns that are copies of cells."""
        return self._made[id(obj)][1]

    def note(self, obj: object, copied: Iterable[int]) -> None:
        """It is known to be a result, with copies of cells in these columns."""
        self._made[id(obj)] = (obj, frozenset(copied))

    def after_step(
        self, namespace: Namespace, before: frozenset[int], holds_cells: HoldsCells | None
    ) -> None:
        """Note what is new; without a way to compare, nothing is."""
        now = {id(obj): obj for _, obj in persons(namespace)}
        self._made = {i: made for i, made in self._made.items() if now.get(i) is made[0]}
        if holds_cells is not None:
            for identity, obj in now.items():
                if identity not in before and _is_small(obj):
                    self._made[identity] = (obj, _copies(obj, holds_cells))


def _is_small(obj: object) -> bool:
    length = rows(obj)
    return type(obj) in PLAIN if length is None else length <= RESULT_ROWS


def _copies(obj: object, holds_cells: HoldsCells) -> frozenset[int]:
    if type(obj) in PLAIN:
        return frozenset()
    return frozenset(i for i, column in enumerate(columns(obj)) if holds_cells(_text(column)))


def _text(column: Column) -> str:
    values = column.values
    return "\n".join(map(str, values if isinstance(values, list) else values.tolist()))


def identities(namespace: Namespace) -> frozenset[int]:
    """What is there now, by identity."""
    return frozenset(id(obj) for _, obj in persons(namespace))


def secrets_of(namespace: Namespace, privacy: Privacy, results: Results) -> Iterator[Secret]:
    """The columns of everything that holds data, each object once; raises `Unread`."""
    seen: set[int] = set()
    for name, obj in persons(namespace):
        if id(obj) not in seen:
            seen.add(id(obj))
            yield from _of_name(name, obj, privacy, results)


def _of_name(name: str, obj: object, privacy: Privacy, results: Results) -> Iterator[Secret]:
    level, result = privacy.of(name), results.holds(obj)
    hidden, is_hidden = privacy.hidden_columns(name), name in privacy.hidden_names
    for position, column in enumerate(columns(obj)):
        if is_hidden or column.label.strip("'") in hidden:
            yield Secret(column, hidden=True)
        elif result and position not in results.copied(obj):
            continue
        elif level != "samples":
            yield Secret(column, stats=level == "stats")


def as_they_are(secrets: Iterable[Secret]) -> tuple[Secret, ...]:
    """The secrets with their values of now, for comparing after they were overwritten."""
    found = tuple(secrets)
    copies = kept(secret.column for secret in found)
    return tuple(replace(secret, column=column) for secret, column in zip(found, copies, strict=True))
