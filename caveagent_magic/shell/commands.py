"""The sub-commands of `%cave`, each a function from words to text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from caveagent_magic import __version__
from caveagent_magic.errors import CaveError, UsageError

if TYPE_CHECKING:
    from caveagent_magic.shell.magic import CaveMagics

Command = Callable[[Sequence[str], "CaveMagics"], str]
PACKAGES = (
    "ipython",
    "ipykernel",
    "ipywidgets",
    "anywidget",
    "anthropic",
    "astroid",
    "pandas",
    "jupyterlab",
    "xllamacpp",
)


def status(words: Sequence[str], magics: CaveMagics) -> str:
    """What is set and what has been used."""
    driver = magics.driver
    tokens = sum(usage.input + usage.cached + usage.output for usage in driver.usage)
    return "\n".join(
        (
            f"model      {_model_or_why_not(magics)}",
            f"approval   {magics.approval}",
            f"rehearsal  {driver.rehearsal()}",
            f"variables  {len(magics.names.variables())}",
            f"messages   {len(driver.stream.messages)} in the conversation",
            f"used       {tokens:,} tokens in {len(driver.usage)} replies",
        )
    )


def vars_(words: Sequence[str], magics: CaveMagics) -> str:
    """All variables as the model would see them."""
    variables = magics.names.variables()
    if not variables:
        return "There are no variables yet."
    return "\n".join(magics.driver.card(name) for name in variables)


def show(words: Sequence[str], magics: CaveMagics) -> str:
    """Some variables as the model would see them; without names: the whole conversation."""
    if not words:
        return magics.driver.conversation()
    variables = magics.names.variables()
    for name in words:
        if name not in variables:
            raise UsageError(f"There is no variable {name!r}.{_nearest(name, variables)}")
    return "\n".join(magics.driver.card(name) for name in words)


def reset(words: Sequence[str], magics: CaveMagics) -> str:
    """Forget the conversation; variables stay."""
    magics.driver.stream.reset()
    magics.driver.steps_run.clear()
    return "The conversation is forgotten. Your variables are as they were."


def model(words: Sequence[str], magics: CaveMagics) -> str:
    """The model that answers, or a new one: `%cave model NAME`."""
    if words:
        chosen = magics.driver.model(words[0])
        magics.model = words[0]
        return f"The model is {chosen.name} from now on."
    return f"The model is {magics.driver.model().name}."


def cost(words: Sequence[str], magics: CaveMagics) -> str:
    """Tokens and dollars of each turn."""
    usage = magics.driver.usage
    if not usage:
        return "Nothing has been used yet."
    rows = ["turn            replies      input     cached     output   US dollars"]
    for turn in dict.fromkeys(reply.turn for reply in usage):
        of_turn = [reply for reply in usage if reply.turn == turn]
        costs = [reply.cost for reply in of_turn]
        dollars = "unknown" if None in costs else f"{sum(cost for cost in costs if cost is not None):.4f}"
        sums = (sum(getattr(reply, kind) for reply in of_turn) for kind in ("input", "cached", "output"))
        rows.append(
            f"{turn:<14} {len(of_turn):>8}" + "".join(f"{total:>11,}" for total in sums) + f"{dollars:>13}"
        )
    return "\n".join(rows)


def undo(words: Sequence[str], magics: CaveMagics) -> str:
    """Give the names that the last turn rebound, added or deleted their earlier values."""
    undone, not_undone = magics.driver.undo()
    if not undone and not not_undone:
        return "There is nothing to undo: the last turn changed no name."
    rows = [f"As before: {', '.join(undone)}."] if undone else []
    return "\n".join((*rows, *(f"Not undone: {change.name}: {change.summary}." for change in not_undone)))


def doctor(words: Sequence[str], magics: CaveMagics) -> str:
    """What is installed, what works here, and what does not."""
    driver = magics.driver
    kernel = getattr(magics.shell, "kernel", None)
    front_ends = ", ".join(sorted(driver.broker.clients)) or "none has announced itself"
    return "\n".join(
        (
            f"caveagent_magic {__version__}, Python {sys.version.split()[0]}, {sys.platform}",
            *(f"  {name:<12}{_version(name)}" for name in PACKAGES),
            f"model       {_model_or_why_not(magics)}",
            f"key         {'set' if os.environ.get('ANTHROPIC_API_KEY') else 'ANTHROPIC_API_KEY is not set'}",
            f"rehearsal   {driver.rehearsal()}",
            f"kernel      {'ipykernel' if kernel else 'a terminal: steps are asked for on the command line'}",
            f"front ends  {front_ends}",
            f"policy      {driver.policy_file() or 'the shipped one'}",
        )
    )


def help_(words: Sequence[str], magics: CaveMagics) -> str:
    """What there is."""
    rows = (f"  %cave {name:<8} {command.__doc__}" for name, command in COMMANDS.items())
    return "\n".join(
        (
            "Write %%cave on the first line of a cell and below it what you want. %%cave? lists its options.",
            *rows,
        )
    )


COMMANDS: dict[str, Command] = {
    "status": status,
    "vars": vars_,
    "show": show,
    "reset": reset,
    "model": model,
    "cost": cost,
    "undo": undo,
    "doctor": doctor,
    "help": help_,
}


def run_command(name: str, words: Sequence[str], magics: CaveMagics) -> str:
    """The text of a sub-command; an unknown one is named together with those that exist."""
    command = COMMANDS.get(name)
    if words and command not in (show, model):
        raise UsageError(f"%cave {name} takes nothing more, and not {' '.join(words)!r}.")
    if command is None:
        raise UsageError(f"%cave has no sub-command {name!r}. It has {', '.join(COMMANDS)}.")
    return command(words, magics)


def _model_or_why_not(magics: CaveMagics) -> str:
    try:
        return magics.driver.model().name
    except CaveError as error:
        return f"none: {error}"


def _nearest(name: str, names: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, list(names), n=3)
    return f" Did you mean {', '.join(near)}?" if near else ""


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # heavy, and only the doctor asks

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
