"""What the person lets the model know: a level for the notebook, others for single names, what is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Literal, get_args

from caveagent_magic.frozen import frozen

Level = Literal["names", "schema", "stats", "samples"]
LEVELS: tuple[Level, ...] = get_args(Level)
MEANING: Mapping[Level, str] = {
    "names": "names and types; no output",
    "schema": "and columns, dtypes and shapes; output without values of your data",
    "stats": "and ranges and categories",
    "samples": "and a few rows; output as it is",
}


def in_full(level: Level) -> str:
    """All that a level means: what it adds to those below it, and which output is told."""
    parts = [MEANING[each].partition("; ") for each in LEVELS[: LEVELS.index(level) + 1]]
    known = ", ".join(known.removeprefix("and ") for known, _, _ in parts)
    return f"{known}; {[output for _, _, output in parts if output][-1]}"


@frozen
class Alias:
    """A column that the model knows under another name."""

    entry: str  # what the person wrote: "visits.patient_name"
    label: str  # the column's real name, in whichever table it appears
    token: str  # "col_07"


@frozen
class Privacy:
    """The settings of a notebook; entries are written `name` or `name.column`.

    A hidden column is hidden under its name in every table, since copies of it are made all the time,
    unless it was shown again for one of them.
    """

    level: Level = "schema"
    names: Mapping[str, Level] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()  # columns that stay though another table's of that name is hidden
    aliases: tuple[Alias, ...] = ()
    asked: tuple[str, ...] = ()  # connections that may be asked for their tables
    pictures: bool = False  # whether figures go to models that take them

    def of(self, name: str) -> Level:
        """The level of one name."""
        return self.names.get(name, self.level)

    def at(self, level: Level, name: str = "") -> Privacy:
        """With another level, of one name or of the notebook."""
        return replace(self, names={**self.names, name: level}) if name else replace(self, level=level)

    def hiding(self, entries: Iterable[str]) -> Privacy:
        """With more hidden."""
        entries = tuple(entries)
        hidden = tuple(dict.fromkeys((*self.hidden, *entries)))
        shown, asked = (tuple(e for e in was if e not in entries) for was in (self.shown, self.asked))
        return replace(self, hidden=hidden, shown=shown, asked=asked)

    def showing(self, entries: Iterable[str]) -> Privacy:
        """With names and columns shown again."""
        entries = tuple(entries)
        hidden = tuple(each for each in self.hidden if each not in entries)
        columns = (each for each in entries if "." in each and column_of(each) in _columns(hidden))
        return replace(self, hidden=hidden, shown=tuple(dict.fromkeys((*self.shown, *columns))))

    def asking(self, names: Iterable[str]) -> Privacy:
        """With connections that may be asked; hiding them takes it back."""
        return replace(self, asked=tuple(dict.fromkeys((*self.asked, *names))))

    def for_cell(self, *, hide: Iterable[str] = (), show: Iterable[str] = ()) -> Privacy:
        """As one cell wants it: what it shows may be told with its values."""
        cell = self.hiding(hide)
        for name in show:
            cell = cell.at("samples", name)
        return cell

    @property
    def hidden_names(self) -> frozenset[str]:
        """Names that the model does not know of at all."""
        return frozenset(each for each in self.hidden if "." not in each)

    def hidden_columns(self, name: str) -> frozenset[str]:
        """Columns that are left out of this name, as the person wrote them."""
        return _columns(self.hidden) - {column_of(e) for e in self.shown if e.startswith(f"{name}.")}

    @property
    def changes_nothing(self) -> bool:
        """Whether output needs no look: nothing is hidden and every name may be told with its values."""
        levels = {self.level, *self.names.values()}
        return levels == {"samples"} and not self.hidden


def column_of(entry: str) -> str:
    """`staff.salary` → `salary`."""
    return entry.partition(".")[2]


def _columns(entries: Iterable[str]) -> frozenset[str]:
    return frozenset(column_of(entry) for entry in entries if "." in entry)
