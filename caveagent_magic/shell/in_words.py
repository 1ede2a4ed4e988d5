"""A decision asked for in words, where no front end has announced itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from caveagent_magic.events import Action, Decision

QUESTION = "Run this step? [r]un, [e]dit, [s]kip, s[t]op: "
ALWAYS = "Run this step? [r]un, [a]lways, [e]dit, [s]kip, s[t]op: "
SAVING = "In this notebook these need no question from now on: {rules}. Save that and run? [y]es, [n]o: "
KEPT = "ta[k]e over what the rehearsal made, "
KEYS: Mapping[str, Action] = {"r": "run", "k": "adopt", "e": "edit", "s": "skip", "t": "stop"}


def decision_from(ask: Callable[[str], str], actions: tuple[Action, ...], rules: tuple[str, ...]) -> Decision:
    """Ask until the answer is one of those offered."""
    while True:
        offered = bool(rules) and "run" in actions
        question = ALWAYS if offered else QUESTION
        if "adopt" in actions:
            question = question.replace("[e]dit", f"{KEPT}[e]dit")
        answer = ask(question).strip().lower()
        if offered and answer in ("a", "always"):
            if ask(SAVING.format(rules=", ".join(rules))).strip().lower() in ("y", "yes"):
                return Decision("run", remember=True)
            continue
        action = KEYS.get(answer[:1]) if answer not in get_args(Action) else answer
        if action not in actions:
            continue
        if action == "edit":
            return Decision("edit", code=_edited(ask))
        return Decision(action, note=ask("Note for the model (may be empty): ") if action == "skip" else "")


def _edited(ask: Callable[[str], str]) -> str:
    lines: list[str] = []
    while (line := ask("New code, end with a single dot: " if not lines else "… ")) != ".":
        lines.append(line)
    return "\n".join(lines)
