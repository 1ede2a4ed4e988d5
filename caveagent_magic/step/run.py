"""Approved code runs for real, and what it did is recorded whatever happens."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from caveagent_magic import events as ev
from caveagent_magic.egress.tell import shaped, unseen, untold
from caveagent_magic.injection.card import summary
from caveagent_magic.ports import Ports, Run, Task
from caveagent_magic.rehearsal.changes import SECONDS, completed, diff, snapshot
from caveagent_magic.rehearsal.checkpoint import Checkpoint
from caveagent_magic.rehearsal.process import interrupts_held
from caveagent_magic.rehearsal.random_state import RandomState
from caveagent_magic.security.guard import guard
from caveagent_magic.step.at import At, Telling, observe
from caveagent_magic.step.decide import Proposal, Settled, granted
from caveagent_magic.step.rehearsal import broken, names_in

if TYPE_CHECKING:
    from caveagent_magic.rehearsal.fork import Trial

NOT_NAMED = "What the code does not name was not looked at for changes in place."


def run_step(
    proposal: Proposal, settled: Settled, notes: list[str], at: At, task: Task, ports: Ports
) -> Telling:
    """Run in the cell, under the guard, or take over what the rehearsal made."""
    drawn, grants = RandomState.take(), granted(proposal, settled.decision, ports)
    namespace, run = ports.runtime.namespace, Run((), interrupted=True)
    used, matter = names_in(ports.runtime.plain(proposal.code)), _that_matter(proposal, settled, ports)
    checkpoint = Checkpoint.take(namespace, used, only=matter)
    before, effects = snapshot(namespace, summary, closely=matter, named=used), list[ev.Effect]()
    started = ports.clock()
    try:
        try:
            with guard(grants.allows, on_effect=effects.append):
                run = _run(proposal, settled, ports)
        finally:  # a stop may fall between the end of the code and its record
            with interrupts_held():
                seconds = ports.clock() - started
                changes = diff(before, namespace, summary)
                checkpoint.narrow(changes, before, effects)
                changes = completed(changes, checkpoint.record.in_place, namespace)
                if matter is not None and any(change.name not in matter for change in changes.changed):
                    changes = replace(changes, note=" ".join(filter(None, (changes.note, NOT_NAMED))))
                changes = replace(changes, broken=broken(changes, ports))
                ports.steps_run.append((checkpoint, changes))
    except KeyboardInterrupt:
        run = replace(run, interrupted=True)
    adopted = settled.made is not None
    differs = (
        () if adopted or run.interrupted else _differs(proposal.rehearsal.trial, drawn, run, changes, ports)
    )
    yield ev.Ran(run.outputs, changes, seconds, tuple(effects), differs, adopted, **at.fields)
    if run.interrupted:
        raise KeyboardInterrupt
    if ports.silent:
        return unseen(run.outputs, ports, untold=settled.decision.untold)
    tell = untold if settled.decision.untold else shaped
    text, left_out = tell(run.outputs, changes, task, ports, effects)
    return (yield from observe("\n\n".join((*notes, text)), at, left_out))


def bind_result(task: Task, ports: Ports) -> None:
    """See that the final result has the name that the person wants; raises where there is no result."""
    touched = {change.name for _, changes in ports.steps_run for change in (*changes.added, *changes.changed)}
    if not task.out or task.out in touched or ports.runtime.assigned(task.out):
        return
    namespace = ports.runtime.namespace
    checkpoint = Checkpoint.take(namespace, content=False)
    before = snapshot(namespace, summary, closely=(task.out,))
    ports.runtime.bind(task.out)
    changes = diff(before, namespace, summary)
    checkpoint.narrow(changes)
    ports.steps_run.append((checkpoint, changes))


def _that_matter(proposal: Proposal, settled: Settled, ports: Ports) -> frozenset[str] | None:
    """The names that a step is known to change, where it runs again and nobody looks on; None: not known.

    What the guards on data speak of is among them.
    Undo gives back what these held, and says so of any other that the step turns out to have changed.
    """
    approval = proposal.approval if settled.decision.by == "record" else None
    if approval is None or ports.broker.attended():
        return None
    return approval.touched.union(*(each.names for each in ports.checks.all()))


def _run(proposal: Proposal, settled: Settled, ports: Ports) -> Run:
    trial = proposal.rehearsal.trial
    if settled.made is None or trial is None:
        return ports.runtime.run(proposal.code)
    return ports.runtime.adopt(proposal.code, settled.made, trial.outputs)


def _differs(
    trial: Trial | None, drawn: RandomState, run: Run, changes: ev.Changes, ports: Ports
) -> tuple[str, ...]:
    """Where a run came out otherwise than a rehearsal that ran to its end and was refused nothing."""
    if trial is None or trial.stopped or not all(effect.allowed for effect in trial.effects):
        return ()
    from caveagent_magic.rehearsal.content import content_marks
    from caveagent_magic.rehearsal.differs import Result, differences

    names = [change.name for change in (*changes.added, *changes.changed)]
    marks = content_marks(ports.runtime.namespace, names, time.thread_time() + SECONDS)
    found = differences(trial.result, Result(run.outputs, changes, marks))
    if found and trial.randomness is not None and not trial.randomness.same_as(drawn):
        return (*found, "Something else drew random numbers between the rehearsal and the run.")
    return found
