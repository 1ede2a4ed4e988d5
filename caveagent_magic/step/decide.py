"""Who decides on a step: the policy what it may, a person the rest."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from caveagent_magic import events as ev
from caveagent_magic.egress.tell import findings_text, foreseen
from caveagent_magic.errors import CapabilityRefused, NobodyToAsk
from caveagent_magic.frozen import frozen
from caveagent_magic.ports import Approval, Foreseen, Ports, Task
from caveagent_magic.rehearsal.random_state import RandomState
from caveagent_magic.security.guard import guard
from caveagent_magic.security.judge import judge
from caveagent_magic.security.policies.grants import Grants
from caveagent_magic.step.at import At
from caveagent_magic.step.rehearsal import Rehearsal

if TYPE_CHECKING:
    from caveagent_magic.rehearsal.adopt import Loaded, Outcome
    from caveagent_magic.rehearsal.fork import Trial

ON_DENIED: tuple[ev.Action, ...] = ("edit", "skip", "stop")


@frozen
class Proposal:
    """Code that was judged and rehearsed, and waits for its decision."""

    code: str
    judged: ev.Judged
    rehearsal: Rehearsal
    approval: Approval | None = None  # None: this code was not approved before


@frozen
class Asked:
    """What the person can ask about a proposal before deciding."""

    proposal: Proposal
    task: Task
    ports: Ports

    def verdict(self, code: str) -> ev.Verdict:
        """What the security layer makes of changed code."""
        return judge(self.ports.runtime.plain(code), self.ports.runtime.namespace, self.ports.policy)

    def foreseen(self) -> Foreseen:
        """What the model would be told, if it comes out as rehearsed; nothing where that is unknown."""
        rehearsal = self.proposal.rehearsal
        trial = rehearsal.trial
        if trial is None or trial.stopped or rehearsal.refused:
            return Foreseen("", 0, 0)
        return foreseen(trial.outputs, trial.changes, trial.effects, self.task, self.ports)


@frozen
class Settled:
    """The decision, and what the rehearsal made where the person takes that over."""

    decision: ev.Decision
    made: Loaded | None = None


def settle(proposal: Proposal, at: At, task: Task, ports: Ports) -> Generator[ev.Event, None, Settled]:
    """Have it decided; where results turn out not to be had, it is asked anew without offering them."""
    trial = proposal.rehearsal.trial
    outcome = None if trial is None else trial.outcome
    try:
        while True:
            decision = yield from _decide(proposal, outcome is not None, at, task, ports)
            if decision.action != "adopt" or outcome is None or trial is None:
                return Settled(decision)
            from caveagent_magic.rehearsal.adopt import CannotMove  # nothing to take over without one

            try:
                with guard(granted(proposal, decision, ports).allows):
                    return Settled(decision, _taken_over(trial, outcome, ports))
            except (CannotMove, CapabilityRefused) as error:
                event = proposal.rehearsal.event
                assert isinstance(event, ev.Rehearsed)
                event, outcome = replace(event, not_adoptable=str(error)), None
                proposal = replace(proposal, rehearsal=Rehearsal(event, trial))
                yield event
    finally:
        if trial is not None and trial.outcome is not None:
            trial.outcome.close()


def granted(proposal: Proposal, decision: ev.Decision, ports: Ports) -> Grants:
    """What the run may use; a person also approves the effects that the rehearsal showed them."""
    shown = proposal.rehearsal.effects if decision.by == "user" else ()
    if proposal.approval and decision.by == "record":
        shown = proposal.approval.effects
    return Grants.of(proposal.judged.verdict, ports.policy, shown)


def by_policy(task: Task, ports: Ports) -> bool:
    """Whether steps that the verdict allows run without a question."""
    return task.mode == "auto" or (ports.policy.unattended and not ports.broker.attended())


def _taken_over(trial: Trial, outcome: Outcome, ports: Ports) -> Loaded:
    from caveagent_magic.rehearsal.adopt import CannotMove

    if trial.randomness is not None and not trial.randomness.same_as(RandomState.take()):
        raise CannotMove("random numbers were drawn since the rehearsal")
    return outcome.load(ports.runtime.namespace)


def _decide(
    proposal: Proposal, adoptable: bool, at: At, task: Task, ports: Ports
) -> Generator[ev.Event, None, ev.Decision]:
    verdict, rules = proposal.judged.verdict, tuple[str, ...]()
    unforeseen = proposal.rehearsal.unforeseen(Grants.of(verdict, ports.policy))
    if proposal.approval:
        approval = proposal.approval
        decision = ev.Decision("run", note=approval.words, by="record", untold=approval.untold)
    elif verdict.decision == "allow" and not unforeseen and by_policy(task, ports):
        decision = ev.Decision("run", by="policy")
    elif ports.broker.attended():
        from caveagent_magic.security.policies.remembered import offered, words

        actions = _actions(verdict, adoptable)
        clauses = offered(verdict, ports.policy)
        could_save = tuple(map(words, clauses))
        event = proposal.rehearsal.event
        inquiry = Asked(proposal, task, ports)
        pending = ports.broker.open(proposal.judged, proposal.code, event, actions, could_save, inquiry)
        yield ev.DecisionAsked(actions, pending.nonce, pending.code_hash, could_save, **at.fields)
        decision = pending.wait()
        if decision.remember:
            ports.policy.session.say(clauses)
            rules = could_save
    else:
        raise NobodyToAsk(_nobody(verdict, unforeseen))
    yield ev.Decided(decision.action, decision.by, decision.note, rules, decision.untold, **at.fields)
    return decision


def _actions(verdict: ev.Verdict, adoptable: bool) -> tuple[ev.Action, ...]:
    if verdict.decision == "deny":
        return ON_DENIED
    return ("run", "adopt", *ON_DENIED) if adoptable else ("run", *ON_DENIED)


def _nobody(verdict: ev.Verdict, unforeseen: str) -> str:
    found = (findings_text(verdict.findings), f"in the rehearsal: {unforeseen}" if unforeseen else "")
    because = "\n".join(filter(None, found))
    return (
        "A step waits for approval and nobody can answer here, so it was not run. "
        "Run the notebook where a person can answer, or allow it in a policy file: "
        "CAVEAGENT_POLICY=policy.toml with `unattended = true`."
        + (f" It asks because of:\n{because}" if because else "")
    )
