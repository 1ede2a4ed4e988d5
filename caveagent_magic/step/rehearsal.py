"""The code is tried in a throw-away fork of the kernel, and what that tells is read."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from caveagent_magic import events as ev
from caveagent_magic.errors import CapabilityRefused
from caveagent_magic.frozen import frozen
from caveagent_magic.injection.card import summary
from caveagent_magic.ports import Ports
from caveagent_magic.security.guard import guard
from caveagent_magic.security.policies.grants import Grants
from caveagent_magic.step.at import At

if TYPE_CHECKING:
    from caveagent_magic.rehearsal.fork import Emit, Trial

# Errors that a rehearsal brings about by itself: refused effects, and connections that are dead there.
OF_THE_REHEARSAL = frozenset(
    {CapabilityRefused.__name__, "PermissionError", "OSError", "BrokenPipeError", "TimeoutError"}
    | {"ConnectionError", "ConnectionResetError", "ConnectionRefusedError", "ConnectionAbortedError"}
    | {"OperationalError", "InterfaceError", "DatabaseError", "IOException", "TransactionException"}
    | {"MemoryError"}
)
# What a rehearsal does not really do, so that it cannot be taken over from it.
OUTSIDE: frozenset[ev.Capability] = frozenset({"write_file", "delete_file", "network", "process"})


@frozen
class Rehearsal:
    """What came of trying the code, or why it was not tried."""

    event: ev.Rehearsed | ev.RehearsalSkipped
    trial: Trial | None = None  # None: there was none

    @property
    def error(self) -> str:
        """The error that the code ended with in the copy; empty: none."""
        outputs = self.trial.outputs if self.trial else ()
        errors: list[str] = [output["ename"] for output in outputs if output["output_type"] == "error"]
        return errors[-1] if errors else ""

    @property
    def effects(self) -> tuple[ev.Effect, ...]:
        """What the code did, or tried to do, outside the kernel."""
        return self.trial.effects if self.trial else ()

    @property
    def refused(self) -> tuple[ev.Effect, ...]:
        """The effects that reading the code had not found, or that were not done in the copy."""
        return tuple(effect for effect in self.effects if not effect.allowed)

    @property
    def failed(self) -> bool:
        """Whether the code raised an error of its own, and not one of being rehearsed."""
        if self.trial is None or self.trial.stopped or self.refused:
            return False
        return bool(self.error) and self.error not in OF_THE_REHEARSAL

    @property
    def broken(self) -> tuple[ev.Change, ...]:
        """The guards on data that no longer held in the copy."""
        return self.trial.changes.broken if self.trial else ()

    def unforeseen(self, grants: Grants) -> str:
        """What it showed that reading the code did not; then a person has to look."""
        if self.trial is None:
            return ""
        refused = self.refused
        beyond = (each for each in refused if not grants.allows(each.capability, each.target))
        unexplained = self.error if self.error in OF_THE_REHEARSAL and not refused else ""
        named = ", ".join(f"{each.capability} {each.target}" for each in beyond)
        broken = ", ".join(f"{each.name} {each.summary}" for each in self.broken)
        return self.trial.stopped or named or broken or unexplained


def rehearse_step(code: str, verdict: ev.Verdict, at: At, ports: Ports) -> Rehearsal:
    """Run the code in a throw-away fork of the kernel."""
    from caveagent_magic.rehearsal import sandbox  # all of this is heavy, and a replay rehearses nothing
    from caveagent_magic.rehearsal.fork import CannotRehearse, rehearse
    from caveagent_magic.rehearsal.unforkable import unforkable

    runtime = ports.runtime
    if ports.limits is None:
        return skipped("Rehearsal is switched off.", at)
    used = names_in(runtime.plain(code))
    if reason := unforkable(used, runtime.namespace):
        return skipped(reason, at)
    limits = ports.limits if ports.broker.attended() else replace(ports.limits, adopt_seconds=None)
    grants, contained = Grants.of(verdict, ports.policy), sandbox.probe().contained

    def run(emit: Emit) -> object:
        with guard(grants.allows, on_effect=emit, rehearsing=True, contained=contained):
            return runtime.run_apart(code, emit)

    def verify(changes: ev.Changes) -> tuple[ev.Change, ...]:
        return broken(changes, ports)

    try:
        with ports.broker.rehearsing(at.turn, at.step) as cut:
            trial = rehearse(run, runtime.namespace, limits, summary, grants.allows, cut, verify, used)
    except CannotRehearse as error:
        return skipped(str(error), at)
    if trial.outcome is not None and (reason := _not_adoptable(trial, code, ports)):
        trial = replace(trial, outcome=None, not_adoptable=reason)
    return Rehearsal(_event(trial, at), trial)


def broken(changes: ev.Changes, ports: Ports) -> tuple[ev.Change, ...]:
    """The guards on data that these changes broke; asking may have no effect, whatever the data is."""
    if not ports.checks.of:
        return ()
    with guard(lambda capability, target: False):
        return ports.checks.broken(changes, ports.runtime.namespace)


def skipped(reason: str, at: At) -> Rehearsal:
    """The code is not tried."""
    return Rehearsal(ev.RehearsalSkipped(reason, **at.fields))


def names_in(code: str) -> frozenset[str]:
    """The names that code uses, modules that it imports among them."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError):
        return frozenset()
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    imported = (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    sources = (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom))
    return frozenset(used) | {name.partition(".")[0] for name in (*imported, *sources)}


def _event(trial: Trial, at: At) -> ev.Rehearsed:
    return ev.Rehearsed(
        trial.outputs, trial.changes, trial.effects, trial.seconds, trial.sandbox, trial.stopped,
        trial.not_adoptable, **at.fields,
    )  # fmt: skip


def _not_adoptable(trial: Trial, code: str, ports: Ports) -> str:
    """Why the person cannot take over what this rehearsal made; empty: they can."""
    if any(output["output_type"] == "error" for output in trial.outputs):
        return "the code failed"
    for effect in trial.effects:
        if not effect.allowed or effect.capability in OUTSIDE:
            return f"what it did outside the kernel was not really done: {effect.capability} {effect.target}"
    from caveagent_magic.rehearsal.adopt import reaches_outside

    return reaches_outside(ports.runtime.plain(code), ports.runtime.namespace)
