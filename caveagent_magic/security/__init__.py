"""Code to verdicts, and a guard that holds them: `check(code)` and `guard(allowed=…)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from caveagent_magic.security.guard import guard  # at once: later, the submodule would take the name

if TYPE_CHECKING:
    from caveagent_magic.events import Verdict

__all__ = ["check", "guard"]

_STRICTNESS = ("allow", "ask", "deny")


def check(code: str, namespace: Mapping[str, object] | None = None) -> Verdict:
    """The verdict on the code under the shipped policy.

    `namespace` is a dictionary of the live names of the kernel, such as `get_ipython().user_ns`; without it,
    names that the code does not bind are absent. The code may hold IPython's own syntax, and a single line
    is judged as what IPython would take it for; of a cell that Python reads otherwise the stricter verdict
    holds. Nothing is run, neither of the code nor of the objects.
    Raises `TypeError` for anything else than a text and a dictionary.
    """
    from caveagent_magic.security.dialect import guessed, means_the_same, translated
    from caveagent_magic.security.judge import UNREADABLE, judge
    from caveagent_magic.security.policies.policy import Policy

    text, names, policy = _text(code), _names(namespace), Policy.load()
    plain, cell = guessed(text, names), guessed(translated(text), names)
    verdict = judge(plain, names, policy)
    if means_the_same(plain, cell):
        return verdict
    as_cell = judge(cell, names, policy)
    unreadable = any(finding.code == UNREADABLE for finding in verdict.findings)
    return as_cell if unreadable else max(verdict, as_cell, key=lambda one: _STRICTNESS.index(one.decision))


def _text(code: object) -> str:
    from caveagent_magic.security.objects.still import is_a

    if not is_a(code, str):
        raise TypeError(f"check() takes code as a text (str), not {type(code).__name__}: decode or read it.")
    return str.__str__(code)  # none of the methods of a class of somebody's


def _names(namespace: object) -> dict[str, object]:
    """The names as a plain dictionary, without calling anything of a class of somebody's."""
    from caveagent_magic.security.objects.still import is_a

    if namespace is None or type(namespace) is dict:
        return namespace or {}
    if not is_a(namespace, dict):
        kind = type(namespace).__name__
        raise TypeError(f"check() takes namespace as a dict of names to objects, not {kind}: pass dict(…).")
    return dict(dict.items(namespace))
