"""Code to verdicts, and a guard that holds them: `check(code)` and `guard(allowed=…)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from caveagent_magic.security.guard import guard  # at once: later, the submodule would take the name

if TYPE_CHECKING:
    from caveagent_magic.events import Verdict

__all__ = ["check", "guard"]


def check(code: str, namespace: Mapping[str, object] | None = None) -> Verdict:
    """The verdict on the code under the shipped policy.

    `namespace` holds the live names of the kernel; without it, names that the code does not bind are absent.
    Nothing is run, neither of the code nor of the objects.
    """
    from caveagent_magic.security.judge import judge
    from caveagent_magic.security.policies.policy import Policy

    return judge(code, namespace or {}, Policy.load())
