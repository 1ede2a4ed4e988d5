"""From the lines of a record to the turns that were approved; what is not signed in order is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any, Literal

from caveagent_magic.events import Capability, Effect, Judgement
from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.record.key import Key
from caveagent_magic.record.line import Forged, unseal

VERSION = 1
NOT_IN_ORDER = "does not follow on what was recorded of its turn before"
Kind = Literal["turn", "planned", "approved", "ran", "ended", "withdrawn", "lock", "unlock"]


@frozen
class Step:
    """Code that was approved, and what came of running it; of a plan code that was only shown."""

    number: int
    code: str
    judgement: Judgement
    findings: frozenset[tuple[str, str]]  # capability and target
    by: str  # who approved it; empty: nobody was asked
    effects: tuple[Effect, ...] = ()  # what the rehearsal showed to whom approved it
    untold: bool = False  # the person kept its output from the model
    done: bool = False  # False: it began, and it is not known whether it came to its end
    marks: Mapping[str, str | None] = field(default_factory=dict)  # of names that it touched; None: unknown
    results: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # see `Results`; by name
    privacy: str = ""  # the digest of the privacy settings under which those were found
    output: str = ""  # the mark of what it printed and showed
    error: str = ""
    answers: tuple[tuple[str, str], ...] = ()  # questions that the model asked before it, and their answers


@frozen
class Turn:
    """One cell as it was recorded."""

    id: str
    line: int
    time: str
    request: str
    options: Mapping[str, Any]
    asked: str  # the digest of request and options
    model: str
    small: bool
    process: Mapping[str, Any]
    schema: Mapping[str, str] = field(default_factory=dict)  # of the variables that its code speaks of
    steps: tuple[Step, ...] = ()
    ended: str = ""  # why; empty: the kernel died in it
    withdrawn: bool = False  # the person undid it
    signatures: tuple[str, ...] = ()
    broken: str = ""  # why its lines do not hold together; empty: they do

    @property
    def when(self) -> str:
        """Its date for a reader."""
        return self.time[:16].replace("T", " ")

    @property
    def complete(self) -> bool:
        """Whether it came to its end."""
        return self.ended in ("done", "plan")

    @property
    def replayable(self) -> bool:
        """Whether it came to its end and still stands."""
        return self.complete and not self.withdrawn and not self.broken


@frozen
class Fault:
    """A line that counts for nothing."""

    line: int  # from 1
    reason: str  # "was changed after it was signed"
    text: bytes = b""


@slotted
class Contents:
    """All that a record holds."""

    turns: dict[str, Turn] = field(default_factory=dict)  # by id, the oldest first
    faults: list[Fault] = field(default_factory=list)
    locked: bool = False


def read(lines: Iterable[bytes], key: Key, notebook: str) -> Contents:
    """The turns that this key has signed for this notebook, and what is wrong with the other lines."""
    contents, seen = Contents(), set[str]()
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            signature, record = unseal(key, line)
            if signature in seen:
                raise Forged("repeats an earlier line")
            seen.add(signature)
            _check(record, notebook)
            _take(contents, record, signature, number)
        except Forged as forged:
            contents.faults.append(Fault(number, str(forged), line))
        except (KeyError, IndexError, TypeError, ValueError):
            contents.faults.append(Fault(number, "was written by another version of this package", line))
    return contents


def _check(record: Mapping[str, Any], notebook: str) -> None:
    if record["version"] != VERSION:
        raise Forged(f"is of version {record['version']}, and this is version {VERSION}")
    if record["notebook"] != notebook:
        raise Forged(f"was recorded for another notebook, {record['notebook']!r}")


def _take(contents: Contents, record: Mapping[str, Any], signature: str, line: int) -> None:
    kind: Kind = record["kind"]
    if kind in ("lock", "unlock"):
        contents.locked = kind == "lock"
        return
    turn = contents.turns.get(record["turn"])
    if kind == "turn" and turn is None:
        turn = _begun(record, line)
    elif turn is None or (record["number"], record["after"]) != (len(turn.signatures), turn.signatures[-1]):
        if turn is not None:
            cause = contents.faults[-1] if contents.faults else Fault(line, NOT_IN_ORDER)
            reason = turn.broken or f"Line {cause.line} of the record {cause.reason}."
            contents.turns[turn.id] = replace(turn, broken=reason)
        raise Forged(NOT_IN_ORDER)
    else:
        turn = _continued(turn, kind, record)
    contents.turns[turn.id] = replace(turn, signatures=(*turn.signatures, signature))


def _begun(record: Mapping[str, Any], line: int) -> Turn:
    return Turn(
        id=record["turn"],
        line=line,
        time=record["time"],
        request=record["request"],
        options=record["options"],
        asked=record["asked"],
        model=record["model"],
        small=record["small"],
        process=record["process"],
    )


def _continued(turn: Turn, kind: Kind, record: Mapping[str, Any]) -> Turn:
    if kind == "ended":
        return replace(turn, ended=record["reason"])
    if kind == "withdrawn":
        return replace(turn, withdrawn=record["withdrawn"])
    if kind in ("planned", "approved"):
        step = Step(
            number=record["step"],
            code=record["code"],
            judgement=record["judgement"],
            findings=frozenset((capability, target) for capability, target in record["findings"]),
            by=record["by"],
            effects=tuple(_effect(each) for each in record["effects"]),
            untold=record.get("untold", False),
            answers=tuple((question, answer) for question, answer in record.get("answers", ())),
        )
        earlier = turn.steps[: record.get("follows", len(turn.steps))]  # a resumed turn may take another way
        return replace(turn, steps=(*earlier, step), schema={**turn.schema, **record["schema"]})
    ran = replace(
        turn.steps[-1],
        done=True,
        marks=record["marks"],
        results={name: tuple(copied) for name, copied in record.get("results", {}).items()},
        privacy=record.get("privacy", ""),
        output=record["output"],
        error=record["error"],
    )
    return replace(turn, steps=(*turn.steps[:-1], ran))


def _effect(pair: tuple[Capability, str]) -> Effect:
    return Effect(pair[0], pair[1], allowed=False)
