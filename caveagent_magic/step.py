"""One step: the model's code is judged, rehearsed, decided on, run and observed."""

from __future__ import annotations

import ast
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypedDict

from caveagent_magic import events as ev
from caveagent_magic.errors import NobodyToAsk, Stopped
from caveagent_magic.injection.card import summary
from caveagent_magic.observation.shape import full_text, shape
from caveagent_magic.ports import Ports, Task
from caveagent_magic.rehearsal.changes import diff, snapshot
from caveagent_magic.rehearsal.checkpoint import Checkpoint
from caveagent_magic.rehearsal.fork import CannotRehearse, Emit, rehearse
from caveagent_magic.rehearsal.unforkable import unforkable
from caveagent_magic.security.guard import guard
from caveagent_magic.security.judge import judge
from caveagent_magic.semantic import prompt

DECISIONS: tuple[ev.Action, ...] = ("run", "edit", "skip", "stop")
DECISIONS_ON_DENIED: tuple[ev.Action, ...] = ("edit", "skip", "stop")


class Fields(TypedDict):
    """The fields that every event has."""

    turn: str
    step: int


@dataclass(frozen=True, slots=True)
class At:
    """Where in the notebook's story an event belongs."""

    turn: str
    step: int

    @property
    def fields(self) -> Fields:
        """As keyword arguments of an event."""
        return {"turn": self.turn, "step": self.step}


def take_step(proposed: str, at: At, task: Task, ports: Ports) -> Generator[ev.Event, None, str]:
    """Do the step; returns what the model is to be told. Edited code begins anew, judged like any other."""
    code = proposed
    while True:
        judged = ev.Judged(
            judge(ports.runtime.plain(code), ports.runtime.namespace, ports.policy), **at.fields
        )
        yield judged
        denied = judged.verdict.decision == "deny"
        if denied and code == proposed:
            return (yield from _observe(prompt.denied(_findings(judged.verdict)), at))
        rehearsal = _denied(at) if denied else _rehearse(code, judged.verdict, at, ports)
        yield rehearsal
        if task.plan:
            return ""
        decision = yield from _decide(code, judged, rehearsal, at, task, ports)
        if decision.action != "edit":
            break
        code = decision.code
        yield ev.CodeProposed(code, by="user", **at.fields)
    if decision.action == "stop":
        raise Stopped("The turn was stopped.")
    if decision.action == "skip":
        return (yield from _observe(prompt.skipped(decision.note), at))
    return (yield from _run(code, proposed, judged.verdict, decision, at, task, ports))


def _rehearse(code: str, verdict: ev.Verdict, at: At, ports: Ports) -> ev.Rehearsed | ev.RehearsalSkipped:
    """Run the code in a throw-away fork of the kernel."""
    runtime = ports.runtime
    if ports.limits is None:
        return ev.RehearsalSkipped("Rehearsal is switched off.", **at.fields)
    if reason := unforkable(_names(runtime.plain(code)), runtime.namespace):
        return ev.RehearsalSkipped(reason, **at.fields)

    def run(emit: Emit) -> None:
        with guard(_granted(verdict, ports), on_effect=emit, rehearsing=True):
            runtime.run_apart(code, emit)

    try:
        trial = rehearse(run, runtime.namespace, ports.limits, summary)
    except CannotRehearse as error:
        return ev.RehearsalSkipped(str(error), **at.fields)
    return ev.Rehearsed(
        trial.outputs, trial.changes, trial.effects, trial.seconds, trial.sandbox, trial.stopped, **at.fields
    )


def _decide(
    code: str, judged: ev.Judged, rehearsal: ev.Event, at: At, task: Task, ports: Ports
) -> Generator[ev.Event, None, ev.Decision]:
    """Let the policy decide what it may, and ask for the rest."""
    allowed, attended = judged.verdict.decision == "allow", ports.broker.attended()
    if allowed and (task.mode == "auto" or (ports.policy.unattended and not attended)):
        decision = ev.Decision("run", by="policy")
    elif attended:
        actions = DECISIONS if judged.verdict.decision != "deny" else DECISIONS_ON_DENIED
        pending = ports.broker.open(judged, code, rehearsal, actions)
        yield ev.DecisionAsked(actions, pending.nonce, pending.code_hash, **at.fields)
        decision = pending.wait()
    else:
        raise NobodyToAsk(_nobody(judged.verdict))
    yield ev.Decided(decision.action, decision.by, decision.note, **at.fields)
    return decision


def _run(
    code: str, proposed: str, verdict: ev.Verdict, decision: ev.Decision, at: At, task: Task, ports: Ports
) -> Generator[ev.Event, None, str]:
    """Run for real, in the cell, under the guard, and shape what the model is told."""
    runtime = ports.runtime
    checkpoint = Checkpoint.take(runtime.namespace)
    before, started = snapshot(runtime.namespace, summary), ports.clock()
    with guard(_granted(verdict, ports)):
        run = runtime.run(code)
    changes = diff(before, runtime.namespace, summary)
    ports.steps_run.append((checkpoint, changes))
    yield ev.Ran(run.outputs, changes, ports.clock() - started, **at.fields)
    if run.interrupted:
        raise KeyboardInterrupt
    runtime.keep(at.step, full_text(run.outputs))
    note = prompt.edited(code) if code != proposed else ""
    if decision.note:
        note = f"{note}\nThe person says: {decision.note}".strip()
    shaped = shape(run.outputs, changes, budget=task.observation_chars, step=at.step)
    text = "\n\n".join(
        filter(None, (note, prompt.output(shaped.text, at.step, ports.model.small, not run.outputs)))
    )
    return (yield from _observe(text, at, shaped.left_out))


def _observe(text: str, at: At, left_out: int = 0) -> Generator[ev.Event, None, str]:
    yield ev.Observed(text, left_out, **at.fields)
    return text


def _granted(verdict: ev.Verdict, ports: Ports) -> frozenset[ev.Capability]:
    """What the run may use: what the verdict named, and what the policy allows anyhow."""
    allowed = (name for name in ev.CAPABILITIES if ports.policy.decide(name) == "allow")
    return frozenset(allowed) | {finding.capability for finding in verdict.findings}


def _findings(verdict: ev.Verdict) -> str:
    return "\n".join(f"line {finding.line}: {finding.message}" for finding in verdict.findings)


def _nobody(verdict: ev.Verdict) -> str:
    found = _findings(verdict)
    return (
        "A step waits for approval and nobody can answer here, so it was not run. "
        "Run the notebook where a person can answer, or allow it in a policy file: "
        "CAVEAGENT_POLICY=policy.toml with `unattended = true`."
        + (f" It asks because of:\n{found}" if found else "")
    )


def _denied(at: At) -> ev.RehearsalSkipped:
    return ev.RehearsalSkipped("The policy forbids this code.", **at.fields)


def _names(code: str) -> frozenset[str]:
    try:
        return frozenset(node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name))
    except (SyntaxError, ValueError):
        return frozenset()
