"""What would help after an error: the nearest names that there are, and nothing but these."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from caveagent_magic.pattern import pattern

GENERAL = {
    "KeyError": "No such key or column: look at `.columns`, `.index.names` or `.keys()`.",
    "NameError": "Only the listed variables and what you created exist; import what you use.",
    "AttributeError": "The object has no such attribute: look at its type and `dir()`.",
    "ModuleNotFoundError": "The package is not installed and must not be installed: use what is there.",
    "MemoryError": "Work on a sample, on fewer columns, or in pieces.",
}
COLUMN_ERRORS = ("KeyError", "ColumnNotFoundError", "IndexingError", "UndefinedVariableError")
NEAR, SHOWN = 3, 12
LIKENESS = 0.75
MOST_WANTED = 3
# Packages that do the same work, for when the one that was wanted is not installed.
SAME_WORK = (
    ("matplotlib", "seaborn", "plotly", "altair", "bokeh", "plotnine", "hvplot"),
    ("pandas", "polars", "pyarrow", "duckdb", "dask", "modin"),
    ("sklearn", "statsmodels", "scipy", "xgboost", "lightgbm", "catboost"),
    ("requests", "httpx", "urllib3", "aiohttp"),
    ("openpyxl", "xlsxwriter", "xlrd", "python_calamine"),
)
_QUOTED = pattern(r"'([^']+)'")
_NO_ATTRIBUTE = pattern(
    r"(?P<kind>module|type object)? ?'(?P<owner>[^']+)'(?: object)? has no attribute '(?P<name>[^']+)'"
)
_WORD = pattern(r"[^\W\d]\w*")


class Around(Protocol):
    """What the model may know of that lies around the failing code."""

    def names(self) -> Collection[str]:
        """The live variables."""

    def columns(self, name: str) -> Sequence[str]:
        """Columns or keys of a variable; empty: it has none."""

    def attributes(self, owner: str) -> Collection[str]:
        """Attributes of a class or module of this name, found without running any code."""

    def modules(self) -> Collection[str]:
        """What can be imported."""

    def files(self, path: str) -> Collection[str]:
        """The files beside this one, spelt alike; empty where the model may not look."""


def hint(name: str, message: str, code: str, around: Around | None) -> str:
    """One or two sentences about an error of this name in these lines of code; empty: nothing to say."""
    found = _found(name, message, code, around) if around is not None else ""
    return found or GENERAL.get(name, "")


def _found(name: str, message: str, code: str, around: Around) -> str:
    if name in COLUMN_ERRORS:
        return _column(message, code, around)
    if name in ("NameError", "UnboundLocalError"):
        return _near("There is", _quoted(message)[:1], around.names())
    if name == "AttributeError":
        return _attribute(message, code, around)
    if name == "ModuleNotFoundError":
        return _module(message, around)
    if name == "FileNotFoundError":
        return _near("There is", _quoted(message)[:1], around.files((_quoted(message) or [""])[0]))
    return ""


def _column(message: str, code: str, around: Around) -> str:
    """The frames in the failing lines; if none of them is like it, any other that is."""
    wanted = _quoted(message) or [message.strip("'\"")]
    there = around.names()
    used = [name for name in dict.fromkeys(_WORD.findall(code)) if name in there and around.columns(name)]
    told = [_of_frame(name, wanted, around) for name in used]
    if not any("near" in text for text in told):
        others = (name for name in there if name not in used)
        matching = (name for name in others if set(wanted) & set(around.columns(name)))
        told += [
            f"{name} has {_ticked(w for w in wanted if w in around.columns(name))}." for name in matching
        ]
    return " ".join(told[:NEAR])


def _of_frame(name: str, wanted: Sequence[str], around: Around) -> str:
    columns = around.columns(name)
    near = dict.fromkeys(match for each in wanted[:MOST_WANTED] for match in closest(each, columns))
    more = f" and {len(columns) - SHOWN:,} more" if len(columns) > SHOWN else ""
    nearest = f"; near: {_ticked(near)}" if near else ""
    return f"{name} has {', '.join(columns[:SHOWN])}{more}{nearest}."


def _attribute(message: str, code: str, around: Around) -> str:
    match = _NO_ATTRIBUTE.search(message)
    if match is None:
        return ""
    there = around.names()
    columns = [
        column
        for name in dict.fromkeys(_WORD.findall(code))
        if match["kind"] != "module" and name in there
        for column in around.columns(name)
    ]
    known = [*columns, *(each for each in around.attributes(match["owner"]) if not each.startswith("_"))]
    return _near(f"{match['owner']} has", [match["name"]], known)


def _module(message: str, around: Around) -> str:
    wanted = (_quoted(message) or [""])[0].partition(".")[0]
    there = around.modules()
    near = closest(wanted, [name for name in there if not name.startswith("_")])
    alike = next((group for group in SAME_WORK if wanted in group), ())
    instead = [name for name in alike if name != wanted and name in there][:NEAR]
    told = _ticked(dict.fromkeys((*near, *instead)))
    return f"Not installed, and must not be; installed: {told}." if told else ""


def _near(words: str, wanted: Iterable[str], there: Collection[str]) -> str:
    near = [match for each in wanted for match in closest(each, there)]
    return f"{words} {_ticked(near)}." if near else ""


def closest(wanted: str, there: Collection[str]) -> list[str]:
    """The nearest few, whatever their case; labels may be quoted."""
    by_form: dict[str, str] = {}
    for name in there:
        by_form.setdefault(name.strip("'").casefold(), name)
    forms = difflib.get_close_matches(wanted.casefold(), by_form, n=NEAR, cutoff=LIKENESS)
    return [by_form[form] for form in forms]


def _quoted(message: str) -> list[str]:
    return _QUOTED.findall(message)


def _ticked(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
