"""What the model is told of a step: outputs and changes, without what is hidden from it."""

from __future__ import annotations

from dataclasses import replace

from caveagent_magic.events import Change, Changes, Finding, Output
from caveagent_magic.observation.shape import full_text, shape
from caveagent_magic.ports import Ports, Task
from caveagent_magic.semantic import prompt


def shaped(outputs: tuple[Output, ...], changes: Changes, task: Task, ports: Ports) -> tuple[str, int]:
    """The observation and how many characters it leaves out; the full text stays reachable for later code."""
    number = ports.runtime.keep(full_text(outputs))
    observed = shape(outputs, visible(changes, task), budget=task.observation_chars, step=number)
    return prompt.output(observed.text, number, ports.model.small, not outputs), observed.left_out


def visible(changes: Changes, task: Task) -> Changes:
    """The changes without hidden names and columns, and without what only concerns the person."""
    hidden = {name for name in task.hide if "." not in name}
    partly = {name.partition(".")[0] for name in task.hide if "." in name}
    unknown = {change.name for change in (*changes.changed, *changes.removed)} - set(task.only or ())
    withheld = hidden | (unknown if task.only else set())

    def shown(found: tuple[Change, ...]) -> tuple[Change, ...]:
        kept = (change for change in found if change.name not in withheld)
        return tuple(replace(change, summary="…") if change.name in partly else change for change in kept)

    return Changes(shown(changes.added), shown(changes.changed), shown(changes.removed))


def findings_text(findings: tuple[Finding, ...]) -> str:
    """One line for each finding."""
    return "\n".join(f"line {finding.line}: {finding.message}" for finding in findings)
