"""`%cave record`, `lock`, `verify` and `resume`: what the person says about the record of the notebook."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from caveagent_magic.errors import UsageError
from caveagent_magic.record.match import match
from caveagent_magic.record.recorder import is_alive
from caveagent_magic.record.schema import schema_of
from caveagent_magic.record.turns import Contents, Turn
from caveagent_magic.shell.place import OFF, beside
from caveagent_magic.shell.record import UNNAMED, Wanted

if TYPE_CHECKING:
    from caveagent_magic.shell.drive import Driver
    from caveagent_magic.shell.magic import CaveMagics

SHOWN = 60  # characters of a request


def record(words: Sequence[str], driver: Driver) -> str:
    """Where approved turns are recorded, or from now on: `%cave record FILE`."""
    if named := " ".join(words).strip("'\""):
        driver.record.name(named if named == OFF else str(beside(Path(named).expanduser())))
    journal = driver.record.journal()
    if journal is not None:
        return f"What you approve is recorded in {journal.path}."
    return "Nothing is recorded." if driver.record.is_off else UNNAMED


def lock(words: Sequence[str], driver: Driver) -> str:
    """Let only what is recorded run in this notebook; `%cave lock off` opens it again."""
    if list(words) not in ([], [OFF]):
        raise UsageError("Write %cave lock or %cave lock off.")
    writer, _ = driver.record.opened()
    writer.write(writer.sealed("unlock" if words else "lock", salt=os.urandom(8).hex())[0])
    if words:
        return "Cells that are not recorded are asked of the model again."
    return "From now on only what is recorded runs in this notebook. `%cave lock off` opens it."


def verify(driver: Driver) -> str:
    """Check all signatures of the record, and say which cells would run again as things are now."""
    writer, contents = driver.record.opened()
    rows = list(_rows(contents, schema_of(driver.runtime.variables())))
    head = f"{writer.journal.path}{', locked' if contents.locked else ''}"
    return "\n".join((head, *(rows or ["  Nothing is recorded in it."])))


def resume(magics: CaveMagics) -> str:
    """Go on with the turn in which a kernel died: its approved steps run again, then the model goes on."""
    from caveagent_magic.shell.magic import parsed  # it imports the commands

    driver = magics.driver
    _, contents = driver.record.opened()
    turn = _last(contents)
    begun = [step for step in turn.steps if not step.done]
    if begun:
        print(f"Step {len(turn.steps)} had begun when the kernel ended; you are asked about it again.")
    given = turn.options
    task = replace(
        magics.task(parsed(magics.cave_cell, ""), turn.request),
        only=tuple(given["only"]),
        hide=tuple(given["hide"]),
        show=tuple(given["show"]),
        out=given["out"],
    )
    driver.run(task, given["model"], Wanted(given["model"], resumed=turn))
    return ""


def _last(contents: Contents) -> Turn:
    """The turn to go on with; raises `UsageError`."""
    turns = list(contents.turns.values())
    if not turns or turns[-1].complete or turns[-1].withdrawn or not turns[-1].steps:
        raise UsageError("There is nothing to resume: the last recorded turn came to its end.")
    if turns[-1].broken:
        raise UsageError(f"The last recorded turn cannot be resumed. {turns[-1].broken}")
    if turns[-1].process["pid"] == os.getpid() and is_alive(turns[-1].process):
        raise UsageError(
            "This kernel has the turn still, with all that it did: ask in a new %%cave cell to go on."
        )
    if not turns[-1].ended and is_alive(turns[-1].process):
        raise UsageError("The last recorded turn is still running in another kernel.")
    return turns[-1]


def _rows(contents: Contents, schema: dict[str, str]) -> Iterator[str]:
    for turn in {turn.asked: turn for turn in contents.turns.values()}.values():
        found = match(contents, turn.asked, schema)
        what = " ".join(turn.request.split())
        shown = what if len(what) <= SHOWN else f"{what[: SHOWN - 1]}…"
        is_plan, count = turn.ended == "plan", len(turn.steps)
        steps = "plan" if is_plan else "1 step" if count == 1 else f"{count} steps"
        again = "is shown again" if is_plan else "runs again"
        says = again if found.turn else f"is asked anew: {found.reason}"
        yield f"  {turn.when}  {shown} ({steps}): {says}"
    for fault in contents.faults:
        yield f"  line {fault.line} {fault.reason}: it counts for nothing"
