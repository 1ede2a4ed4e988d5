"""The sub-commands of `%cave`, each a function from words to text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
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
    """All variables, or those named, as the model would see them."""
    variables = magics.names.variables()
    if words:
        from caveagent_magic.injection.privacy import checked

        return "\n".join(magics.driver.card(name) for name in checked(words, variables))
    if not variables:
        return "There are no variables yet."
    return "\n".join(magics.driver.card(name) for name in variables)


def show(words: Sequence[str], magics: CaveMagics) -> str:
    """Show NAME[.COLUMN] to the model again (or --query DATABASE, --pictures); alone: the conversation."""
    if not words:
        return magics.driver.conversation()
    from caveagent_magic.shell.privacy import show as shown

    return shown(words, magics.driver)


def privacy(words: Sequence[str], magics: CaveMagics) -> str:
    """What the model may know: `%cave privacy names|schema|stats|samples [NAME]`."""
    from caveagent_magic.shell.privacy import level

    return level(words, magics.driver)


def hide(words: Sequence[str], magics: CaveMagics) -> str:
    """Keep a variable or a column from the model: `%cave hide NAME[.COLUMN]`, or figures: `--pictures`."""
    from caveagent_magic.shell.privacy import hide as hidden

    return hidden(words, magics.driver)


def alias(words: Sequence[str], magics: CaveMagics) -> str:
    """Let the model know a column by another name: `%cave alias NAME.COLUMN`; without: all aliases."""
    from caveagent_magic.shell.privacy import alias as aliased

    return aliased(words, magics.driver)


def egress(words: Sequence[str], magics: CaveMagics) -> str:
    """What has left this machine: the last requests, and the file that holds them."""
    from caveagent_magic.shell.privacy import egress as left

    return left(words, magics.driver)


def reset(words: Sequence[str], magics: CaveMagics) -> str:
    """Forget the conversation; variables stay."""
    magics.driver.stream.reset()
    magics.driver.history.clear()
    magics.driver.offer.withdraw()
    return "The conversation is forgotten. Your variables are as they were."


def model(words: Sequence[str], magics: CaveMagics) -> str:
    """The model that answers, or a new one: `%cave model NAME`."""
    if words:
        chosen = magics.driver.model(words[0])
        magics.model = words[0]
        return f"The model is {chosen.name} from now on."
    return f"The model is {magics.driver.model().name}."


def cost(words: Sequence[str], magics: CaveMagics) -> str:
    """Tokens and dollars of each turn, and of all."""
    from caveagent_magic.shell.cost import table

    return table(magics.driver.usage, magics.driver.asked)


def undo(words: Sequence[str], magics: CaveMagics) -> str:
    """Take back what the last turn did to your variables, or the last N steps: `%cave undo N`."""
    from caveagent_magic.shell.undo import nothing, shown, take_back

    driver = magics.driver
    if words and not (len(words) == 1 and words[0].isdecimal() and int(words[0])):
        raise UsageError(f"%cave undo takes a number of steps from 1, and not {' '.join(words)!r}.")
    log = take_back(driver, int(words[0]) if words else None, in_a_cell=driver.in_a_cell)
    return shown(log, driver) if log.events else nothing(driver, redo=False)


def redo(words: Sequence[str], magics: CaveMagics) -> str:
    """Do again what the last `%cave undo` took back."""
    from caveagent_magic.shell.undo import do_again, nothing, shown

    driver = magics.driver
    log = do_again(driver, in_a_cell=driver.in_a_cell)
    return shown(log, driver) if log.events else nothing(driver, redo=True)


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
            f"policy      {_policy_or_why_not(magics)}",
        )
    )


def guard(words: Sequence[str], magics: CaveMagics) -> str:
    """What must stay true of your data: `%cave guard NAME: CHECK; CHECK`; without: all."""
    from caveagent_magic.shell.checks import guard as guarded

    return guarded(" ".join(words), magics.driver)


def unguard(words: Sequence[str], magics: CaveMagics) -> str:
    """Let go of all guards on data, or of those of some variables: `%cave unguard NAME`."""
    from caveagent_magic.shell.checks import unguard as let_go

    return let_go(words, magics.driver)


def record(words: Sequence[str], magics: CaveMagics) -> str:
    """Where what you approve is recorded, so that it runs again without a model: `%cave record FILE`."""
    from caveagent_magic.shell.recorded import record as recorded

    return recorded(words, magics.driver)


def lock(words: Sequence[str], magics: CaveMagics) -> str:
    """Let only what is recorded run in this notebook; `%cave lock off` opens it again."""
    from caveagent_magic.shell.recorded import lock as locked

    return locked(words, magics.driver)


def verify(words: Sequence[str], magics: CaveMagics) -> str:
    """Check the record's signatures, and say which cells would run again as things are now."""
    from caveagent_magic.shell.recorded import verify as verified

    return verified(magics.driver)


def resume(words: Sequence[str], magics: CaveMagics) -> str:
    """Go on with the turn in which the kernel died: what you had approved in it runs again first."""
    from caveagent_magic.shell.recorded import resume as resumed

    return resumed(magics)


def export(words: Sequence[str], magics: CaveMagics) -> str:
    """The approved steps as a file that needs no AI, compared with what is here: `%cave export FILE.py`."""
    from caveagent_magic.shell.export import export as exported

    return exported(words, magics.driver)


def policy(words: Sequence[str], magics: CaveMagics) -> str:
    """What needs no question, and who says so; change it here: `CAPABILITY [SCOPE] allow|ask|deny`."""
    from caveagent_magic.shell.policy import run  # heavy, and only this asks

    return run(words, magics)


def explain(words: Sequence[str], magics: CaveMagics) -> str:
    """What a rule is about, with examples: `%cave explain CODE` or a capability; without: all rules."""
    from caveagent_magic.security import reference  # heavy, and only this asks

    return "\n\n".join(map(reference.explain, words)) if words else reference.overview()


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
    "redo": redo,
    "hide": hide,
    "alias": alias,
    "privacy": privacy,
    "egress": egress,
    "guard": guard,
    "unguard": unguard,
    "record": record,
    "verify": verify,
    "lock": lock,
    "resume": resume,
    "export": export,
    "policy": policy,
    "explain": explain,
    "doctor": doctor,
    "help": help_,
}


TAKES_NOTHING = (status, reset, cost, redo, egress, doctor, help_, verify, resume)


def run_command(name: str, words: Sequence[str], magics: CaveMagics) -> str:
    """The text of a sub-command; an unknown one is named together with those that exist."""
    command = COMMANDS.get(name)
    if words and command in TAKES_NOTHING:
        raise UsageError(f"%cave {name} takes nothing more, and not {' '.join(words)!r}.")
    if command is None:
        raise UsageError(f"%cave has no sub-command {name!r}. It has {', '.join(COMMANDS)}.")
    return command(words, magics)


def _model_or_why_not(magics: CaveMagics) -> str:
    try:
        return magics.driver.model().name
    except CaveError as error:
        return f"none: {error}"


def _policy_or_why_not(magics: CaveMagics) -> str:
    from caveagent_magic.shell.policy import sources

    try:
        return sources(magics.driver.policy())
    except CaveError as error:
        return str(error)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # heavy, and only the doctor asks

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
