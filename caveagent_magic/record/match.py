"""Which recorded turn answers a cell, or why none does."""

from __future__ import annotations

from collections.abc import Mapping

from caveagent_magic.frozen import frozen
from caveagent_magic.record.turns import Contents, Turn


@frozen
class Match:
    """The turn that may run again; None: there is none, and `reason` says why."""

    turn: Turn | None
    reason: str = ""  # empty: the cell is new, or was found


def match(contents: Contents, asked: str, schema: Mapping[str, str]) -> Match:
    """The newest turn that was asked with this digest, and was about variables of these types and columns."""
    same = [turn for turn in reversed(contents.turns.values()) if turn.asked == asked]
    reasons = [_reason(turn, schema) for turn in same]
    for turn, reason in zip(same, reasons, strict=True):
        if not reason:
            return Match(turn)
    if reasons:
        return Match(None, reasons[0])
    forged = [fault for fault in contents.faults if asked.encode() in fault.text]
    return Match(None, f"Line {forged[0].line} of the record {forged[0].reason}." if forged else "")


def _reason(turn: Turn, schema: Mapping[str, str]) -> str:
    """Why this turn cannot run again; empty: it can."""
    if turn.withdrawn:
        return f"What was recorded on {turn.when} was undone."
    if turn.broken:
        return turn.broken
    if not turn.replayable:
        return (
            f"The turn recorded on {turn.when} did not come to its end; if it was the last, "
            "`%cave resume` goes on with it."
        )
    missing = [name for name in turn.schema if name not in schema]
    if missing:
        return f"`{missing[0]}` is not there as it was when this was recorded ({turn.when})."
    drifted = [name for name, digest in turn.schema.items() if schema[name] != digest]
    if drifted:
        names = ", ".join(f"`{name}`" for name in drifted)
        verb = "has" if len(drifted) == 1 else "have"
        return f"{names} {verb} another type or other columns than when this was recorded ({turn.when})."
    return ""
