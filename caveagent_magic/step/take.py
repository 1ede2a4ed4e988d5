"""The path of one step, in the order in which it happens."""

from __future__ import annotations

from caveagent_magic import events as ev
from caveagent_magic.egress.tell import findings_text, shaped
from caveagent_magic.errors import Stopped
from caveagent_magic.ports import Ports, Task
from caveagent_magic.security.judge import judge
from caveagent_magic.semantic import prompt
from caveagent_magic.step.at import At, Telling, observe
from caveagent_magic.step.decide import Proposal, by_policy, settle
from caveagent_magic.step.rehearsal import Rehearsal, rehearse_step, skipped
from caveagent_magic.step.run import run_step


def take_step(proposed: str, at: At, task: Task, ports: Ports) -> Telling:
    """Do the step. Edited code begins anew, judged and rehearsed like any other."""
    code = proposed
    while True:
        verdict = judge(ports.runtime.plain(code), ports.runtime.namespace, ports.policy)
        judged = ev.Judged(verdict, **at.fields)
        yield judged
        denied = verdict.decision == "deny"
        if denied and code == proposed:
            return (yield from observe(prompt.denied(findings_text(verdict.findings)), at))
        approval = ports.approvals.approved(code, verdict) if ports.approvals else None
        if ports.approvals and ports.approvals.refused:
            yield ev.Prose(ports.approvals.refused, **at.fields)
        if denied or (approval and not ports.checks.of):
            rehearsal = skipped("it was approved before" if approval else "This code cannot be run.", at)
        else:  # also what was approved before, where the data are guarded: they may be others now
            rehearsal = rehearse_step(code, verdict, at, ports)
        approval = None if rehearsal.broken else approval
        if approval is None or rehearsal.trial is not None:
            yield rehearsal.event
        if task.plan:
            return prompt.PLANNED
        if (rehearsal.failed or rehearsal.broken) and by_policy(task, ports):
            return (yield from _spare_the_kernel(rehearsal, at, task, ports))
        proposal = Proposal(code, judged, rehearsal, approval)
        settled = yield from settle(proposal, at, task, ports)
        decision = settled.decision
        if decision.action != "edit":
            break
        code = decision.code
        yield ev.CodeProposed(code, by="user", **at.fields)
    if decision.action == "stop":
        raise Stopped("The turn was stopped.")
    if decision.action == "skip":
        return (yield from observe(prompt.skipped(decision.note), at))
    notes = [prompt.edited(code)] if code != proposed else []
    if decision.note and decision.by == "user":
        notes.append(f"The person says: {decision.note}")
    return (yield from run_step(proposal, settled, notes, at, task, ports))


def _spare_the_kernel(rehearsal: Rehearsal, at: At, task: Task, ports: Ports) -> Telling:
    """Code that nobody looks at and that failed in the copy is not run: the model is told at once."""
    if rehearsal.broken:
        yield ev.Decided("skip", "policy", "it would break a guard on the data", **at.fields)
        return (yield from observe(prompt.would_break(ports.disclosure.guards(rehearsal.broken)), at))
    yield ev.Decided("skip", "policy", "it failed in the rehearsal", **at.fields)
    outputs = rehearsal.trial.outputs if rehearsal.trial else ()
    text, left_out = shaped(outputs, ev.Changes(), task, ports)
    return (yield from observe(prompt.failed_in_rehearsal(text), at, left_out))
