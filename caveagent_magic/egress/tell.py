"""What the model is told of a step: outputs and changes, without what is hidden from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from caveagent_magic.events import Change, Changes, Effect, Finding, Output
from caveagent_magic.injection.escape import bounded
from caveagent_magic.observation.outputs import full_text
from caveagent_magic.ports import Foreseen, Ports, Task
from caveagent_magic.semantic import prompt

if TYPE_CHECKING:
    from caveagent_magic.egress.disclosure import Telling
    from caveagent_magic.egress.news import Told
    from caveagent_magic.observation.shape import Shaped

LEAST_TOKENS = 200  # of an observation, however much the turn has read
MOST_EFFECTS = 10  # that are named to the model


def shaped(
    outputs: tuple[Output, ...], changes: Changes, task: Task, ports: Ports, effects: Sequence[Effect] = ()
) -> tuple[str, int]:
    """The observation and how many characters it leaves out; the full text stays reachable for later code."""
    from caveagent_magic.egress.news import remember
    from caveagent_magic.egress.pictures import pictures, pictures_text

    number = ports.runtime.keep(full_text(outputs))
    observed, told = _observed(outputs, changes, number, task, ports)
    remember(observed.text, told, ports)
    empty = not outputs and not (task.out and ports.runtime.assigned(task.out))
    shown = pictures(outputs, ports)
    ports.stream.attach(line := pictures_text(shown), shown)
    text = _with_effects(observed, effects, line)
    return prompt.output(text, number, ports.model.small, empty), observed.left_out


def foreseen(
    outputs: tuple[Output, ...], changes: Changes, effects: tuple[Effect, ...], task: Task, ports: Ports
) -> Foreseen:
    """What the model would be told of a run that comes out so; nothing is kept for it yet."""
    from caveagent_magic.egress.pictures import pictures, pictures_text

    observed, _ = _observed(outputs, changes, ports.runtime.kept + 1, task, ports)
    shown = pictures(outputs, ports)
    done = [effect for effect in effects if effect.allowed]
    text = _with_effects(observed, done, pictures_text(shown))
    text = ports.disclosure.outgoing(text, ports.runtime.namespace)
    tokens = ports.stream.count(text) + sum(picture.tokens for picture in shown)
    return Foreseen(text, observed.left_out, tokens)


def untold(
    outputs: tuple[Output, ...], changes: Changes, task: Task, ports: Ports, effects: Sequence[Effect] = ()
) -> tuple[str, int]:
    """The observation of a step whose outputs the person keeps, also from later code."""
    from caveagent_magic.egress.news import remember

    failed = any(output["output_type"] == "error" for output in outputs)
    number = ports.runtime.keep("")
    observed, told = _observed((), changes, number, task, ports)
    remember(observed.text, told, ports)
    text = prompt.output(_with_effects(observed, effects), number, small=False, empty=False)
    return f"{text}\n\n{prompt.untold(failed=failed)}", len(full_text(outputs))


def unseen(outputs: tuple[Output, ...], ports: Ports, *, untold: bool) -> str:
    """What stands for the observation while no model is there to be told one; later code finds the text."""
    ports.runtime.keep("" if untold else full_text(outputs))
    return prompt.RAN_AGAIN


def _observed(
    outputs: tuple[Output, ...], changes: Changes, number: int, task: Task, ports: Ports
) -> tuple[Shaped, Told]:
    from caveagent_magic.egress.around import Surroundings  # heavy, and a replay tells no model anything
    from caveagent_magic.egress.news import as_cards
    from caveagent_magic.observation.shape import shape, tidy

    outputs = ports.disclosure.outputs(tidy(outputs), ports.runtime.namespace)
    told = as_cards(visible(ports.disclosure.changes(changes), task), task, ports)
    observed = shape(
        outputs,
        told[0],
        budget=_budget(task, ports),
        step=number,
        count=ports.stream.count,
        around=Surroundings.of(task, ports),
    )
    return observed, told


def _with_effects(observed: Shaped, effects: Sequence[Effect], line: str = "") -> str:
    """File names and hosts may be data too, so they are told inside the output."""
    return "\n".join(filter(None, (observed.text, effects_text(effects), line)))


def _budget(task: Task, ports: Ports) -> int:
    """Tokens for this observation: less when the turn has read much already."""
    left = task.turn_observation_tokens - ports.stream.spent_on()
    return min(task.observation_tokens, max(LEAST_TOKENS, left // 2))


def visible(changes: Changes, task: Task) -> Changes:
    """The changes without those of names that the cell does not speak of."""
    if not task.only:
        return changes

    def spoken_of(found: tuple[Change, ...]) -> tuple[Change, ...]:
        return tuple(change for change in found if change.name in task.only)

    return Changes(changes.added, spoken_of(changes.changed), spoken_of(changes.removed))


def touched(task: Task, ports: Ports) -> tuple[str, ...]:
    """The names that this turn's steps made or changed, as far as the model may know them."""
    seen = [visible(ports.disclosure.changes(changes), task) for _, changes in ports.steps_run]
    return tuple(dict.fromkeys(c.name for changes in seen for c in (*changes.added, *changes.changed)))


def privately(step: Telling, code: str, ports: Ports, silent: bool = False) -> Telling:
    """The events of a step, in which the model is told what may be told."""
    conversation = "\n".join(message.text for message in ports.stream.messages)
    return ports.disclosure.step(step, code, ports.runtime.namespace, conversation, silent)


def findings_text(findings: tuple[Finding, ...]) -> str:
    """One line for each finding."""
    return "\n".join(f"line {finding.line}: {bounded(finding.message)}" for finding in findings)


def effects_text(effects: Sequence[Effect]) -> str:
    """What the run did outside the kernel, and what was refused it; empty: nothing."""
    done = [f"{effect.capability} {bounded(effect.target)}" for effect in effects if effect.allowed]
    refused = [f"{effect.capability} {bounded(effect.target)}" for effect in effects if not effect.allowed]
    told = (("Done outside the kernel", done), ("Refused while it ran", refused))
    return "\n".join(f"{words}: {_few(found)}." for words, found in told if found)


def _few(found: list[str]) -> str:
    more = len(found) - MOST_EFFECTS
    return ", ".join(found[:MOST_EFFECTS]) + (f" and {more} more" if more > 0 else "")
