"""One step: the model's code is judged, rehearsed, decided on, run and observed."""

from __future__ import annotations

import ast
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TypedDict

from caveagent_magic import events as ev
from caveagent_magic.errors import CapabilityRefused, NobodyToAsk, Stopped
from caveagent_magic.injection.card import summary
from caveagent_magic.ports import Ports, Run, Task
from caveagent_magic.rehearsal.changes import diff, snapshot
from caveagent_magic.rehearsal.checkpoint import Checkpoint
from caveagent_magic.rehearsal.fork import CannotRehearse, Emit, rehearse
from caveagent_magic.rehearsal.process import interrupts_held
from caveagent_magic.rehearsal.unforkable import unforkable
from caveagent_magic.security.guard import guard
from caveagent_magic.security.judge import judge
from caveagent_magic.semantic import prompt
from caveagent_magic.tell import findings_text, shaped

DECISIONS: tuple[ev.Action, ...] = ("run", "edit", "skip", "stop")
DECISIONS_ON_DENIED: tuple[ev.Action, ...] = ("edit", "skip", "stop")
# Errors that a rehearsal brings about by itself: refused effects, and connections that are dead there.
OF_THE_REHEARSAL = frozenset(
    {CapabilityRefused.__name__, "PermissionError", "OSError", "BrokenPipeError", "TimeoutError"}
    | {"ConnectionError", "ConnectionResetError", "ConnectionRefusedError", "ConnectionAbortedError"}
    | {"OperationalError", "InterfaceError", "DatabaseError", "IOException", "MemoryError"}
)
Telling = Generator[ev.Event, None, str]  # the events of a part of a step; returns what the model is told


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


def take_step(proposed: str, at: At, task: Task, ports: Ports) -> Telling:
    """Do the step. Edited code begins anew, judged and rehearsed like any other."""
    code = proposed
    while True:
        verdict = judge(ports.runtime.plain(code), ports.runtime.namespace, ports.policy)
        judged = ev.Judged(verdict, **at.fields)
        yield judged
        denied = verdict.decision == "deny"
        if denied and code == proposed:
            return (yield from _observe(prompt.denied(findings_text(verdict.findings)), at))
        rehearsal = _denied(at) if denied else _rehearse(code, verdict, at, ports)
        yield rehearsal
        if task.plan:
            return prompt.PLANNED
        if isinstance(rehearsal, ev.Rehearsed) and _by_policy(task, ports) and _raised(rehearsal):
            return (yield from _spare_the_kernel(rehearsal, at, task, ports))
        decision = yield from _decide(code, judged, rehearsal, at, task, ports)
        if decision.action != "edit":
            break
        code = decision.code
        yield ev.CodeProposed(code, by="user", **at.fields)
    if decision.action == "stop":
        raise Stopped("The turn was stopped.")
    if decision.action == "skip":
        return (yield from _observe(prompt.skipped(decision.note), at))
    notes = [prompt.edited(code)] if code != proposed else []
    if decision.note:
        notes.append(f"The person says: {decision.note}")
    return (yield from _run(code, notes, verdict, at, task, ports))


def bind_result(task: Task, ports: Ports) -> None:
    """See that the final result has the name that the person wants; raises where there is no result."""
    touched = {change.name for _, changes in ports.steps_run for change in (*changes.added, *changes.changed)}
    if not task.out or task.out in touched or ports.runtime.assigned(task.out):
        return
    namespace = ports.runtime.namespace
    checkpoint, before = Checkpoint.take(namespace), snapshot(namespace, summary)
    ports.runtime.bind(task.out)
    changes = diff(before, namespace, summary)
    checkpoint.narrow(changes)
    ports.steps_run.append((checkpoint, changes))


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
        trial.outputs,
        trial.changes,
        trial.effects,
        trial.seconds,
        trial.sandbox,
        trial.stopped,
        **at.fields,
    )


def _decide(
    code: str, judged: ev.Judged, rehearsal: ev.Event, at: At, task: Task, ports: Ports
) -> Generator[ev.Event, None, ev.Decision]:
    """Let the policy decide what it may, and ask for the rest."""
    verdict, unforeseen = judged.verdict, _unforeseen(rehearsal)
    if verdict.decision == "allow" and not unforeseen and _by_policy(task, ports):
        decision = ev.Decision("run", by="policy")
    elif ports.broker.attended():
        actions = DECISIONS if verdict.decision != "deny" else DECISIONS_ON_DENIED
        pending = ports.broker.open(judged, code, rehearsal, actions)
        yield ev.DecisionAsked(actions, pending.nonce, pending.code_hash, **at.fields)
        decision = pending.wait()
    else:
        raise NobodyToAsk(_nobody(verdict, unforeseen))
    yield ev.Decided(decision.action, decision.by, decision.note, **at.fields)
    return decision


def _run(code: str, notes: list[str], verdict: ev.Verdict, at: At, task: Task, ports: Ports) -> Telling:
    """Run for real, in the cell, under the guard; whatever happens, what it did is recorded."""
    namespace, run = ports.runtime.namespace, Run((), interrupted=True)
    checkpoint, before = Checkpoint.take(namespace), snapshot(namespace, summary)
    started = ports.clock()
    try:
        try:
            with guard(_granted(verdict, ports)):
                run = ports.runtime.run(code)
        finally:  # a stop may fall between the end of the code and its record
            with interrupts_held():
                seconds = ports.clock() - started
                changes = diff(before, namespace, summary)
                checkpoint.narrow(changes)
                ports.steps_run.append((checkpoint, changes))
    except KeyboardInterrupt:
        run = replace(run, interrupted=True)
    yield ev.Ran(run.outputs, changes, seconds, **at.fields)
    if run.interrupted:
        raise KeyboardInterrupt
    text, left_out = shaped(run.outputs, changes, task, ports)
    return (yield from _observe("\n\n".join((*notes, text)), at, left_out))


def _spare_the_kernel(rehearsal: ev.Rehearsed, at: At, task: Task, ports: Ports) -> Telling:
    """Code that nobody looks at and that failed in the copy is not run: the model is told at once."""
    yield ev.Decided("skip", "policy", "it failed in the rehearsal", **at.fields)
    text, left_out = shaped(rehearsal.outputs, ev.Changes(), task, ports)
    return (yield from _observe(prompt.failed_in_rehearsal(text), at, left_out))


def _observe(text: str, at: At, left_out: int = 0) -> Telling:
    yield ev.Observed(text, left_out, **at.fields)
    return text


def _by_policy(task: Task, ports: Ports) -> bool:
    """Whether steps that the verdict allows run without a question."""
    return task.mode == "auto" or (ports.policy.unattended and not ports.broker.attended())


def _error(rehearsal: ev.Rehearsed) -> str:
    """The error that the code ended with in the copy; empty: none."""
    errors = [output["ename"] for output in rehearsal.outputs if output["output_type"] == "error"]
    return errors[-1] if errors else ""


def _raised(rehearsal: ev.Rehearsed) -> bool:
    """Whether the error is the code's own, and not one of being rehearsed."""
    return bool(_error(rehearsal)) and _error(rehearsal) not in OF_THE_REHEARSAL and not rehearsal.stopped


def _unforeseen(rehearsal: ev.Event) -> str:
    """What the rehearsal showed that reading the code did not; then a person has to look."""
    if not isinstance(rehearsal, ev.Rehearsed):
        return ""
    refused = (f"{effect.capability} {effect.target}" for effect in rehearsal.effects if not effect.allowed)
    of_the_rehearsal = _error(rehearsal) if _error(rehearsal) in OF_THE_REHEARSAL else ""
    return rehearsal.stopped or ", ".join(refused) or of_the_rehearsal


def _granted(verdict: ev.Verdict, ports: Ports) -> frozenset[ev.Capability]:
    """What the run may use: what the verdict named, and what the policy allows anyhow."""
    allowed = (name for name in ev.CAPABILITIES if ports.policy.decide(name) == "allow")
    return frozenset(allowed) | {finding.capability for finding in verdict.findings}


def _nobody(verdict: ev.Verdict, unforeseen: str) -> str:
    found = (findings_text(verdict.findings), f"in the rehearsal: {unforeseen}" if unforeseen else "")
    because = "\n".join(filter(None, found))
    return (
        "A step waits for approval and nobody can answer here, so it was not run. "
        "Run the notebook where a person can answer, or allow it in a policy file: "
        "CAVEAGENT_POLICY=policy.toml with `unattended = true`."
        + (f" It asks because of:\n{because}" if because else "")
    )


def _denied(at: At) -> ev.RehearsalSkipped:
    return ev.RehearsalSkipped("This code cannot be run.", **at.fields)


def _names(code: str) -> frozenset[str]:
    """The names that code uses, modules that it imports among them."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError):
        return frozenset()
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    imported = (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    sources = (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom))
    return frozenset(used) | {name.partition(".")[0] for name in (*imported, *sources)}
