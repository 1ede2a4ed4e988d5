"""All that a turn is handed from outside: the task, the model, the kernel, the person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from caveagent_magic.checks.kept import Checks
from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.events import Action, Changes, Decision, Effect, Event, Judged, Output, Question, Verdict
from caveagent_magic.frozen import frozen

if TYPE_CHECKING:
    from caveagent_magic.models.base import Model
    from caveagent_magic.rehearsal.adopt import Loaded
    from caveagent_magic.rehearsal.checkpoint import Checkpoint
    from caveagent_magic.rehearsal.fork import Emit, Limits
    from caveagent_magic.security.policies.policy import Policy
    from caveagent_magic.semantic.stream import Stream


@frozen
class Task:
    """What the person asked for in one cell."""

    turn: str
    prompt: str
    mode: Literal["ask", "auto"] = "ask"
    plan: bool = False  # show, run nothing
    only: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
    show: tuple[str, ...] = ()  # names whose values may be told
    out: str = ""
    max_steps: int = 10
    budget: int = 0  # tokens of the whole turn; 0: no limit
    reply_tokens: int = 16_000
    card_tokens: int = 2000
    observation_tokens: int = 1200  # of one step
    turn_observation_tokens: int = 6000  # of all steps together


@frozen
class Run:
    """What running code gave."""

    outputs: tuple[Output, ...]
    interrupted: bool = False


class Runtime(Protocol):
    """The runtime stream: the person's kernel."""

    @property
    def namespace(self) -> MutableMapping[str, object]: ...

    def variables(self) -> Mapping[str, object]:
        """The person's own names."""

    def recent(self) -> Sequence[str]:
        """Names by their last assignment, newest first."""

    def plain(self, code: str) -> str:
        """The code with IPython's syntax turned into ordinary Python."""

    def run(self, code: str) -> Run:
        """Run in the cell; an interrupt is reported, not raised."""

    def adopt(self, code: str, made: Loaded, outputs: Sequence[Output]) -> Run:
        """Bind what a rehearsal of the code made, and show what it put out."""

    def run_apart(self, code: str, emit: Emit) -> object:
        """Run in a forked child, handing over each output; gives the value of the last expression."""

    @property
    def kept(self) -> int:
        """The number of the output that was kept last."""

    def keep(self, text: str) -> int:
        """Keep a step's full output where later code finds it; returns its number there."""

    def importable(self) -> Collection[str]:
        """The names of all modules that could be imported."""

    def files_beside(self, path: str) -> Collection[str]:
        """The files in the folder of this path, spelt as it is."""

    def assigned(self, name: str) -> bool:
        """Whether code of this turn assigned the name."""

    def bind(self, name: str) -> None:
        """Give the last value of this turn a name; raises `CaveError` when there is none."""


@frozen
class Foreseen:
    """What the model would be told of a step, were it to run as it was rehearsed."""

    text: str
    left_out: int  # characters of the outputs that it would not see
    tokens: int


class Inquiry(Protocol):
    """What can be asked about a step while it waits."""

    def verdict(self, code: str) -> Verdict:
        """What the security layer makes of code that could take the step's place."""

    def foreseen(self) -> Foreseen:
        """What the model would be told."""


class Pending(Protocol):
    """A step that waits for its answer."""

    @property
    def nonce(self) -> str: ...
    @property
    def code_hash(self) -> str: ...

    def wait(self) -> Decision: ...


class Asked(Protocol):
    """A question that waits for its answer."""

    @property
    def nonce(self) -> str: ...

    def wait(self) -> str:
        """The answer; empty: it is left to the model."""


class Broker(Protocol):
    """Who decides."""

    def attended(self) -> bool:
        """Whether somebody can answer."""

    def rehearsing(self, turn: str, step: int) -> AbstractContextManager[Callable[[], bool]]:
        """Around a rehearsal; gives what tells whether the person does not want to wait for it."""

    def open(
        self,
        judged: Judged,
        code: str,
        rehearsal: Event,
        actions: tuple[Action, ...],
        rules: tuple[str, ...] = (),
        inquiry: Inquiry | None = None,
    ) -> Pending:
        """Make a step answerable; the rules say in words what remembering the answer would save."""

    def ask(self, question: Question, turn: str, step: int) -> Asked:
        """Make a question answerable."""


@frozen
class Approval:
    """A decision that was made before on this very code."""

    effects: tuple[Effect, ...]  # that the rehearsal had shown when it was made
    words: str
    untold: bool = False  # no model is told what running the step puts out
    touched: frozenset[str] = frozenset()  # names that it set or changed then


class Approvals(Protocol):
    """The decisions that were recorded."""

    @property
    def refused(self) -> str:
        """Why the code that was last asked about is not approved; empty: it is, or was never recorded."""

    def approved(self, code: str, verdict: Verdict) -> Approval | None: ...

    def goes_on(self) -> bool:
        """Whether the turn still goes as recorded to its end, so that no model has to be told of it."""

    def leave(self) -> None:
        """From here on a model is asked; raises `CaveError` where none may be."""


@frozen
class Ports:
    """All that a turn touches outside itself."""

    model: Model
    stream: Stream
    runtime: Runtime
    broker: Broker
    policy: Policy
    limits: Limits | None  # None: no rehearsal
    clock: Callable[[], float]  # seconds
    steps_run: list[tuple[Checkpoint, Changes]] = field(default_factory=list)  # what undo needs
    disclosure: Disclosure = field(default_factory=Disclosure)
    approvals: Approvals | None = None  # None: nothing was approved before
    checks: Checks = field(default_factory=Checks)  # what shall stay true of the data

    @property
    def silent(self) -> bool:
        """Whether no model is told anything, because the record has all of the turn."""
        return self.approvals is not None and self.approvals.goes_on()
