"""Ours: the product's own session, prompts, cards, observations and runtime, in an IPython shell."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

from counting import Metered
from IPython.core.interactiveshell import InteractiveShell

from caveagent_magic import events as ev
from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.injection.levels import Level, Privacy
from caveagent_magic.ports import Ports, Task
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.session import turn
from caveagent_magic.shell.names import Names
from caveagent_magic.shell.runtime import Runtime

CARDS = re.compile(r"<(variables|changed)>\n.*?\n</\1>", re.DOTALL)


class Approves:
    """A person who runs every step."""

    nonce, code_hash = "nonce", "hash"

    def attended(self) -> bool:
        """Always there."""
        return True

    @contextlib.contextmanager
    def rehearsing(self, turn: str, step: int) -> Any:
        """Never cuts a rehearsal short."""
        yield lambda: False

    def open(self, *asked: object) -> Approves:
        """Answered at once."""
        return self

    def wait(self) -> ev.Decision:
        """Run it."""
        return ev.Decision("run")


class Notebook:
    """One live namespace and one conversation; use it in a `with` statement.

    Steps are not rehearsed here: a rehearsal adds nothing to what the model is told of code that works.
    The level lets output through as it is, since the other agents see everything too.
    """

    def __init__(self, namespace: Mapping[str, object], level: Level = "samples") -> None:
        self.shell = InteractiveShell.instance()
        self.shell.reset(new_session=False)
        self.stream = Stream()
        names = Names(self.shell)
        names.note_assignments()
        self.runtime = Runtime(names)
        self.shell.user_ns.update(namespace)
        self._turns, self._policy = itertools.count(1), Policy.load()
        self._disclosure = Disclosure(Privacy(level))

    def __enter__(self) -> Notebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.shell.reset(new_session=False)

    def cell(
        self, words: str, model: Callable[[str], Metered], *, small: bool = False, **options: Any
    ) -> tuple[Metered, list[ev.Event]]:
        """One `%%cave` cell; the model is made once the text of the cards is known."""
        ports = Ports(
            model=_Later(model, small),
            stream=self.stream,
            runtime=self.runtime,
            broker=Approves(),
            policy=self._policy,
            limits=None,
            clock=itertools.count().__next__,
            disclosure=self._disclosure,
        )
        self.runtime.begin()
        task = Task(f"turn {next(self._turns)}", words, **{"max_steps": 60, **options})
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            told = list(turn(task, ports))
        return ports.model.made, told


class _Later:
    """Stands for a model until the first request shows which cards it holds."""

    name = "metered"

    def __init__(self, make: Callable[[str], Metered], small: bool) -> None:
        self.small, self._make = small, make
        self._made: Metered | None = None

    @property
    def made(self) -> Metered:
        assert self._made is not None
        return self._made

    def count_tokens(self, request: ev.Request) -> tuple[int, bool]:
        if self._made is None:
            cards = CARDS.search(request.messages[-1].text)
            self._made = self._make(cards[0] if cards else "")
        return self._made.count_tokens(request)

    def price(self, input: int, cached: int, output: int) -> float | None:
        return None

    def reply(self, request: ev.Request, max_tokens: int) -> Any:
        return self.made.reply(request, max_tokens)


def failures(told: list[ev.Event]) -> list[str]:
    """What went wrong in a cell: errors of its code, refusals, an end other than done."""
    found = [str(event.message) for event in told if isinstance(event, ev.Failed)]
    for event in told:
        if isinstance(event, ev.Ran):
            found += [f"{o['ename']}: {o['evalue']}" for o in event.outputs if o["output_type"] == "error"]
        if isinstance(event, ev.Judged) and event.verdict.decision == "deny":
            found.append(f"denied: {event.verdict.findings[0].message}")
    return found
