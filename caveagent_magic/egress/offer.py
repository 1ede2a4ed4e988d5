"""The cards offered to the model: for a turn that begins, and for the person who looks beforehand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caveagent_magic.egress.disclosure import Disclosure
    from caveagent_magic.injection.card import Chosen
    from caveagent_magic.ports import Runtime, Task


def offered(task: Task, runtime: Runtime, disclosure: Disclosure, budget_tokens: int) -> Chosen:
    """What fits of the variables, without what is withheld; aliases are put in by `disclosure.told`."""
    chosen = unchecked(task, runtime, disclosure, budget_tokens)
    return replace(chosen, cards=disclosure.cards(chosen.cards, runtime.namespace))


def unchecked(task: Task, runtime: Runtime, disclosure: Disclosure, budget_tokens: int) -> Chosen:
    """The same, but names in it may be values: it is told to no model."""
    from caveagent_magic.injection.choose import choose  # a replay looks nothing up

    return choose(
        runtime.variables(),
        prompt=task.prompt,
        recent=runtime.recent(),
        only=task.only,
        hide=task.hide,
        privacy=disclosure.cell,
        budget_tokens=budget_tokens,
    )
