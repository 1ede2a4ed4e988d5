"""A cell within what the administrator allows."""

from __future__ import annotations

from dataclasses import replace

from caveagent_magic.errors import UsageError
from caveagent_magic.ports import Task
from caveagent_magic.security.policies.caps import Caps


def capped(task: Task, caps: Caps) -> Task:
    """The task with what goes too far brought down; raises where values are to be shown that must not be."""
    if task.show and (why := caps.beyond("privacy", "samples")):
        raise UsageError(f"--show would tell the model values: {why}.")
    changes: dict[str, object] = {}
    if caps.beyond("approval", task.mode):
        changes["mode"] = caps.approval
    for name in ("budget", "max_steps"):
        if caps.beyond(name, getattr(task, name)):
            changes[name] = getattr(caps, name)
    return replace(task, **changes)  # type: ignore[arg-type]
