"""What the person keeps from the model: whole names, and single columns of a name."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from caveagent_magic.errors import UsageError
from caveagent_magic.injection.card import labels
from caveagent_magic.injection.escape import label

LISTED = 20


@dataclass(frozen=True, slots=True)
class Visible:
    """What may be described."""

    names: Mapping[str, object]
    hidden: Mapping[str, frozenset[str]]  # columns to leave out, by name, as cards spell them


def visible(names: Mapping[str, object], *, only: Sequence[str] = (), hide: Sequence[str] = ()) -> Visible:
    """The names left by `only` and `hide`; `df.salary` hides one column.

    Raises `UsageError` for what does not exist: a misspelt name would leave open what was to be hidden.
    """
    for name in only:
        _check(name, names, "variable")
    hidden: dict[str, frozenset[str]] = {}
    dropped: set[str] = set()
    for entry in hide:
        name, dot, column = entry.partition(".")
        _check(name, names, "variable")
        if dot:
            hidden[name] = hidden.get(name, frozenset()) | {_column(name, column, names[name])}
        else:
            dropped.add(name)
    kept = {name: obj for name, obj in names.items() if name not in dropped and (not only or name in only)}
    return Visible(kept, hidden)


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
