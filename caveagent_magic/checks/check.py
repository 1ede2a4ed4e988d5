"""One thing that shall stay true, such as `sales.id unique`: read once, measured again after each step."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from caveagent_magic.checks.content import Content
from caveagent_magic.checks.data import CannotCheck, admitted, is_column, is_frame
from caveagent_magic.checks.expression import evaluate, holds, names_in, parse, plain
from caveagent_magic.errors import UsageError
from caveagent_magic.frozen import frozen
from caveagent_magic.pattern import pattern

Kind = Literal["true", "unique", "no nulls", "no new nulls", "unchanged"]
Measure: TypeAlias = Callable[[tuple[ast.expr, ...], Mapping[str, object]], Any]

FORMS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("no new nulls", pattern(r"no new nulls(?: in (?P<of>.+))?")),
    ("no nulls", pattern(r"no nulls(?: in (?P<of>.+))?")),
    ("unique", pattern(r"(?P<of>.+) unique")),
    ("unchanged", pattern(r"(?P<of>.+) unchanged")),
)


@frozen(eq=False)
class Check:
    """A check and what was measured when it was set."""

    text: str
    kind: Kind
    parts: tuple[ast.expr, ...]
    baseline: Any = None

    @property
    def names(self) -> frozenset[str]:
        """The variables that it is about."""
        return frozenset().union(*map(names_in, self.parts))

    def complaint(self, namespace: Mapping[str, object]) -> str:
        """What is found instead, with values; empty: it holds. What cannot be told does not hold."""
        try:
            return COMPLAINTS[self.kind](self.baseline, MEASURES[self.kind](self.parts, namespace))
        except CannotCheck as reason:
            return f"it cannot be checked: {reason}"


def check(text: str, subject: str, namespace: Mapping[str, object]) -> Check:
    """Read a check and measure what it starts from; raises `UsageError` unless it holds now."""
    text = " ".join(text.split())
    kind, of = _form(text, subject)
    parts = _parts(of)
    unknown = sorted(frozenset().union(*map(names_in, parts)) - namespace.keys())
    if unknown:
        raise UsageError(f"{text!r} speaks of {', '.join(unknown)}, and there is no such variable.")
    if kind == "true" and not isinstance(parts[0], ast.Compare | ast.BoolOp | ast.UnaryOp):
        raise UsageError(f"{text!r} is no check: compare something, or end with `unique` or `unchanged`.")
    try:
        baseline = MEASURES[kind](parts, namespace)
    except CannotCheck as reason:
        raise UsageError(f"{text!r} cannot be checked: {reason}.") from None
    found = Check(text, kind, parts, baseline)
    if complaint := found.complaint(namespace):
        raise UsageError(f"{text!r} does not hold now: {complaint}.")
    return found


def _form(text: str, subject: str) -> tuple[Kind, str]:
    for kind, form in FORMS:
        if match := form.fullmatch(text):
            return kind, match["of"] or subject
    return "true", text


def _parts(text: str) -> tuple[ast.expr, ...]:
    tree = parse(text)
    return tuple(tree.elts) if isinstance(tree, ast.Tuple) else (tree,)


def _truth(parts: tuple[ast.expr, ...], namespace: Mapping[str, object]) -> tuple[bool, str]:
    """Whether all are true, and what the first comparison that is not has beside its constant."""
    for part in parts:
        if not holds(evaluate(part, namespace)):
            return False, _found(part, namespace)
    return True, ""


def _found(part: ast.expr, namespace: Mapping[str, object]) -> str:
    """The one value that a comparison is about; empty: there is none, or there are several."""
    if not isinstance(part, ast.Compare):
        return ""
    sides = [side for side in (part.left, *part.comparators) if names_in(side)]
    value = evaluate(sides[0], namespace) if len(sides) == 1 else None
    if value is None or is_column(value) or is_frame(value):
        return ""
    return f"{value:,}" if type(value) in (int, float) else repr(value)


def _repeated(parts: tuple[ast.expr, ...], namespace: Mapping[str, object]) -> int:
    """Rows whose values, of all columns named together, occur more than once."""
    import narwhals as nw  # heavy, and only a check needs it

    columns = [evaluate(part, namespace) for part in parts]
    if not all(map(is_column, columns)):
        raise CannotCheck("only columns can be unique")
    if len({len(column) for column in columns}) > 1:
        raise CannotCheck("the columns are of different lengths")
    if len(columns) == 1:
        return int(columns[0].is_duplicated().sum())
    together = {f"column_{number}": column for number, column in enumerate(columns)}
    return int(nw.from_dict(together).is_duplicated().sum())


def _nulls(parts: tuple[ast.expr, ...], namespace: Mapping[str, object]) -> dict[str, int]:
    """How many nulls each column has."""
    found: dict[str, int] = {}
    for part in parts:
        thing = evaluate(part, namespace)
        if is_frame(thing):
            found |= {
                f"{ast.unparse(part)}.{name}": _missing(admitted(thing[name])) for name in thing.columns
            }
        elif is_column(thing):
            found[ast.unparse(part)] = _missing(thing)
        else:
            raise CannotCheck("nulls are looked for in frames and columns")
    return found


def _missing(column: Any) -> int:
    nulls = column.is_null()
    return int((nulls | column.is_nan()).sum()) if column.dtype.is_float() else int(nulls.sum())


def _kept(parts: tuple[ast.expr, ...], namespace: Mapping[str, object]) -> tuple[Any, ...]:
    return tuple(plain(evaluate(part, namespace)) for part in parts)


def _untrue(baseline: object, now: tuple[bool, str]) -> str:
    true, left = now
    return "" if true else f"it is {left}" if left else "it is not so"


def _not_unique(baseline: object, now: int) -> str:
    return f"{now:,} rows share their value with another" if now else ""


def _has_nulls(baseline: object, now: dict[str, int]) -> str:
    return ", ".join(f"{name} has {count:,}" for name, count in now.items() if count)


def _new_nulls(baseline: dict[str, int], now: dict[str, int]) -> str:
    more = ((name, count - baseline.get(name, 0)) for name, count in now.items())
    return ", ".join(f"{name} has {count:,} more" for name, count in more if count > 0)


def _altered(baseline: tuple[Any, ...], now: tuple[Any, ...]) -> str:
    if now == baseline:
        return ""
    if any(isinstance(each, Content) for each in baseline):
        return "its content is another one"
    return f"it was {_brief(baseline)} and is {_brief(now)}"


def _brief(values: tuple[Any, ...]) -> str:
    text = repr(values[0] if len(values) == 1 else values)
    return text if len(text) <= 80 else f"{text[:79]}…"


MEASURES: Mapping[Kind, Measure] = {
    "true": _truth,
    "unique": _repeated,
    "no nulls": _nulls,
    "no new nulls": _nulls,
    "unchanged": _kept,
}
COMPLAINTS: Mapping[Kind, Callable[[Any, Any], str]] = {
    "true": _untrue,
    "unique": _not_unique,
    "no nulls": _has_nulls,
    "no new nulls": _new_nulls,
    "unchanged": _altered,
}
