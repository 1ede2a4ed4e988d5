"""What the person keeps from the model: whole names, and single columns of a name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field

from caveagent_magic.errors import UsageError
from caveagent_magic.frozen import frozen
from caveagent_magic.injection.card import labels
from caveagent_magic.injection.escape import label
from caveagent_magic.injection.levels import Level, Privacy

LISTED = 20
EVERYTHING = Privacy()


@frozen
class Visible:
    """What may be described."""

    names: Mapping[str, object]
    hidden: Mapping[str, frozenset[str]]  # columns to leave out, by name, as cards spell them
    levels: Mapping[str, Level] = field(default_factory=dict)  # of names whose level is not "schema"
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)  # databases, and columns to leave out


def visible(
    names: Mapping[str, object],
    *,
    only: Sequence[str] = (),
    hide: Sequence[str] = (),
    privacy: Privacy = EVERYTHING,
) -> Visible:
    """The names left by `only`, `hide` and what holds for the notebook; `df.salary` hides one column.

    Raises `UsageError` for what does not exist in `only` and `hide`: a misspelt name would leave open what
    was to be hidden.
    """
    for name in only:
        _check(name, names, "variable")
    privacy = privacy.hiding(checked(hide, names))
    dropped = privacy.hidden_names
    kept = {name: obj for name, obj in names.items() if name not in dropped and (not only or name in only)}
    hidden = {name: found for name, obj in kept.items() if (found := _hidden(name, obj, privacy))}
    levels = {name: level for name in kept if (level := privacy.of(name)) != "schema"}
    asked = {
        name: frozenset(map(label, privacy.hidden_columns(name)))
        for name in privacy.asked
        if name in kept and privacy.of(name) != "names"
    }
    return Visible(kept, hidden, levels, asked)


def checked(entries: Iterable[str], names: Mapping[str, object]) -> tuple[str, ...]:
    """The entries `name` or `name.column`; raises `UsageError` for the first that does not exist."""
    for entry in (entries := tuple(entries)):
        name, dot, column = entry.partition(".")
        _check(name, names, "variable")
        if dot:
            _column(name, column, names[name])
    return entries


def same_columns(entry: str, names: Mapping[str, object]) -> tuple[str, ...]:
    """The columns of this name in other variables, as entries."""
    own, _, column = entry.partition(".")
    return tuple(
        f"{name}.{column}"
        for name, obj in names.items()
        if name != own and column and {column, label(column)} & set(labels(obj))
    )


def _hidden(name: str, obj: object, privacy: Privacy) -> frozenset[str]:
    """The hidden columns that the object has, as its card spells them."""
    if not (columns := privacy.hidden_columns(name)):
        return columns
    spelt = columns | {label(column) for column in columns}
    return spelt & frozenset(labels(obj))


def _column(name: str, column: str, obj: object) -> str:
    known = labels(obj)
    spelt = column if column in known else label(column)
    if spelt not in known:
        _check(column, known, f"column in `{name}`")
    return spelt


def _check(wanted: str, known: Collection[str], what: str) -> None:
    if wanted in known:
        return
    near = difflib.get_close_matches(wanted, known, n=3)
    meant = f" Did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
    more = f" and {len(known) - LISTED:,} more" if len(known) > LISTED else ""
    there = ", ".join(list(known)[:LISTED]) + more if known else "none"
    raise UsageError(f"There is no {what} called `{wanted}`.{meant} There are: {there}.")
