"""`%%cave` and `%cave`: from the line of a magic to a task or a command."""

from __future__ import annotations

import argparse
import gc
import keyword
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from IPython.core.error import UsageError as LineError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from caveagent_magic.errors import UsageError
from caveagent_magic.shell.commands import COMMANDS, run_command
from caveagent_magic.shell.config import CaveSettings
from caveagent_magic.shell.names import Names

if TYPE_CHECKING:
    from caveagent_magic.ports import Task
    from caveagent_magic.shell.drive import Driver
    from caveagent_magic.shell.record import Wanted


@magics_class
class CaveMagics(Magics, CaveSettings):
    """The AI of this notebook: write `%%cave` and below it what you want, in your own words."""

    def __init__(self, shell: Any, names: Names) -> None:
        super().__init__(shell=shell, parent=shell)
        self.names = names
        self._driver: Driver | None = None
        self.given: dict[str, object] = {}  # defaults that a front end has handed over
        self._making = threading.Lock()
        for parser in (self.cave_cell.parser, self.cave_line.parser):
            parser.allow_abbrev = False

    @no_var_expand
    @cell_magic("cave")
    @magic_arguments("%%cave")
    @argument("--plan", action="store_true", help="Show what would be done; run nothing.")
    @argument("--auto", action="store_true", help="Run at once what the policy allows; ask for the rest.")
    @argument("--ask", action="store_true", help="Ask before every step.")
    @argument("--only", default="", metavar="A,B", help="Let the model know of these variables only.")
    @argument("--hide", default="", metavar="C", help="Do not let the model know of these.")
    @argument("--show", default="", metavar="D", help="Let the model see values of these.")
    @argument("--out", default="", metavar="NAME", help="Bind the final result to this name.")
    @argument("--model", default="", metavar="M", help="The model for this cell.")
    @argument("--fresh", action="store_true", help="Ask the model, whatever is recorded.")
    @argument("--replay-only", action="store_true", help="Run what is recorded, or nothing.")
    @argument("--max-steps", type=int, default=None, metavar="N", help="Replies of the model at most.")
    @argument("--budget", type=int, default=None, metavar="TOKENS", help="Tokens that the turn may use.")
    def cave_cell(self, line: str, cell: str) -> None:
        """Ask for something in your own words; every step is shown and waits for you."""
        options = parsed(self.cave_cell, line)
        self.driver.run(self.task(options, cell), options.model, wanted_of(options))

    @no_var_expand
    @line_magic("cave")
    @magic_arguments("%cave")
    @argument("command", nargs="?", default="help", help="One of: " + ", ".join(COMMANDS))
    @argument("words", nargs=argparse.REMAINDER, help="What the command is about.")
    def cave_line(self, line: str) -> None:
        """Look at and steer the AI of this notebook."""
        options = parsed(self.cave_line, line)
        if text := run_command(options.command, options.words, self):
            print(text)

    @property
    def driver(self) -> Driver:
        """What runs turns; made when it is first needed, by whichever thread needs it first."""
        with self._making:
            if self._driver is None:
                with uncollected():
                    from caveagent_magic.shell.drive import driver_for

                self._driver = driver_for(self, self.names)
            return self._driver

    def let_go(self) -> None:
        """Nothing in the page may ask this session any more."""
        if self._driver:
            self._driver.offer.withdraw()

    def task(self, options: argparse.Namespace, cell: str) -> Task:
        """What the line and the words of a cell ask for; raises `UsageError`."""
        from caveagent_magic.ports import Task

        if not cell.strip():
            raise UsageError("There is nothing to do: write what you want below the %%cave line.")
        if options.auto and options.ask:
            raise UsageError("--auto and --ask exclude each other: give one of them.")
        if options.fresh and options.replay_only:
            raise UsageError("--fresh and --replay-only exclude each other: give one of them.")
        if options.out and (not options.out.isidentifier() or keyword.iskeyword(options.out)):
            raise UsageError(f"--out takes a variable name, and {options.out!r} is none.")
        mode: Literal["ask", "auto"] = "auto" if options.auto else "ask" if options.ask else self.approval
        return Task(
            turn=os.urandom(6).hex(),
            prompt=cell,
            mode=mode,
            plan=options.plan,
            only=names_in(options.only),
            hide=names_in(options.hide),
            show=names_in(options.show),
            out=options.out,
            max_steps=positive("--max-steps", options.max_steps, self.max_steps),
            budget=positive("--budget", options.budget, self.budget),
            reply_tokens=self.reply_tokens,
            card_tokens=self.card_tokens,
            observation_tokens=self.observation_tokens,
            turn_observation_tokens=self.turn_observation_tokens,
        )


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing is searched for garbage meanwhile, nor for what was made meanwhile at the end of it.

    Loading makes little garbage, and the person's data may be large.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # else there are objects that the person keeps out of all searches
            gc.freeze()
            gc.unfreeze()  # all count as old now
        if enabled:
            gc.enable()


def wanted_of(options: argparse.Namespace) -> Wanted:
    """What the line says of the record."""
    from caveagent_magic.shell.record import Wanted

    return Wanted(options.model, fresh=options.fresh, only=options.replay_only)


def parsed(magic: Any, line: str) -> argparse.Namespace:
    """The options of a line; what is wrong with it is said together with what exists."""
    try:
        options: argparse.Namespace = parse_argstring(magic, line)
    except LineError as error:
        takes = options_of(magic) or COMMANDS
        raise UsageError(f"{error}. {magic.parser.prog} takes {', '.join(takes)}.") from None
    except ValueError as error:  # an open quotation mark
        raise UsageError(f"The line cannot be read: {error}.") from None
    return options


def options_of(magic: Any) -> list[str]:
    """The options of a magic, as they are written."""
    return [
        option
        for action in magic.parser._actions
        for option in action.option_strings
        if option.startswith("--")
    ]


def names_in(text: str) -> tuple[str, ...]:
    """`a, b` → `("a", "b")`."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def positive(option: str, given: int | None, default: int) -> int:
    """The number given, which must be at least 1, or the setting."""
    if given is None:
        return default
    if given < 1:
        raise UsageError(f"{option} takes a number from 1, not {given}.")
    return given
