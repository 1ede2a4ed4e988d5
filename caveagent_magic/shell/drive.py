"""Driving a turn: the ports are built, each event is logged, shown and metered."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caveagent_magic.checks.kept import Checks
from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.egress.tell import touched
from caveagent_magic.errors import GuardBroken, LimitReached, NoModel, UsageError
from caveagent_magic.events import Event, TurnEnded, Usage
from caveagent_magic.frozen import slotted
from caveagent_magic.injection.alias import Aliases
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.models.tokens import estimate
from caveagent_magic.ports import Ports, Task
from caveagent_magic.record.replay import told_of
from caveagent_magic.rehearsal.limits import Limits
from caveagent_magic.rehearsal.linux import give_back_freed_memory
from caveagent_magic.rehearsal.process import interrupts_held
from caveagent_magic.rehearsal.undo.history import History, taken
from caveagent_magic.security.policies.caps import Caps
from caveagent_magic.security.policies.policy import ADMINISTRATOR, Policy
from caveagent_magic.security.policies.said import Session
from caveagent_magic.semantic import prompt
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.session import turn
from caveagent_magic.shell.broker import GRACE, LAB, Broker, may_ask
from caveagent_magic.shell.capped import capped
from caveagent_magic.shell.config import CaveSettings
from caveagent_magic.shell.display import PanelView, StaticView, TextView, View
from caveagent_magic.shell.log import Log
from caveagent_magic.shell.names import Names
from caveagent_magic.shell.offer import Offer
from caveagent_magic.shell.record import Record, Recording, Wanted
from caveagent_magic.shell.runtime import Runtime
from caveagent_magic.shell.steps import Steps

if TYPE_CHECKING:
    from caveagent_magic.egress.ledger import Ledger
    from caveagent_magic.models.base import Model

CARD_TOKENS = 10_000  # of one card, for the person
# A small model's window of 8,192 tokens holds the conversation, and the reply beside it.
SMALL_CONTEXT = 5_500
SMALL_REPLY, SMALL_CARDS, SMALL_OBSERVATION = 1_500, 1_000, 700


def fitted(task: Task) -> Task:
    """The task with limits that a small model's window has room for."""
    return replace(
        task,
        reply_tokens=min(task.reply_tokens, SMALL_REPLY),
        card_tokens=min(task.card_tokens, SMALL_CARDS),
        observation_tokens=min(task.observation_tokens, SMALL_OBSERVATION),
        turn_observation_tokens=min(task.turn_observation_tokens, 2 * SMALL_OBSERVATION),
    )


class Interrupted(KeyboardInterrupt):
    """The stop button, shown as one line."""

    def _render_traceback_(self) -> list[str]:
        return ["KeyboardInterrupt: the turn was stopped."]


def driver_for(settings: CaveSettings, names: Names) -> Driver:
    """The driver of a session; `input` is looked up late, because a kernel replaces it."""
    kernel = getattr(names.shell, "kernel", None)
    grace = GRACE if kernel else 0.0
    broker = Broker(lambda: may_ask(kernel), lambda question: input(question), grace)
    return Driver(settings, Runtime(names), broker, Steps(names))


@slotted
class Driver:
    """What lives as long as the notebook's session: the conversation, its cost, the steps to undo."""

    settings: CaveSettings
    runtime: Runtime
    broker: Broker
    steps: Steps  # that ran in this session
    stream: Stream = field(default_factory=lambda: Stream(estimate=estimate))
    usage: list[Usage] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)  # turns to what was asked in them
    history: History = field(default_factory=History)
    said: Session = field(default_factory=Session)  # the policy of this notebook session
    administrator: Path = ADMINISTRATOR
    disclosure: Disclosure = field(default_factory=Disclosure)
    checks: Checks = field(default_factory=Checks)  # what shall stay true of the data
    suggested: set[str] = field(default_factory=set)  # columns that were suggested for hiding
    written: Ledger | None = None
    running: bool = False
    small: bool = False  # whether the conversation began with the compact system prompt
    request: Mapping[str, Any] | None = None  # the execute request of the turn that is running
    models: dict[tuple[Any, ...], Model] = field(default_factory=dict)
    record: Record = field(init=False)
    offer: Offer = field(init=False)

    def __post_init__(self) -> None:
        runtime, settings = self.runtime, self.settings
        self.record = Record(
            runtime.variables, runtime.namespace, runtime.plain, self.disclosure, lambda: settings.record
        )
        self.disclosure.privacy = Privacy(level=self.settings.privacy)
        self.broker.undoable = self.history.offer
        self.offer = Offer(self)

    def run(self, task: Task, model_name: str = "", wanted: Wanted | None = None) -> None:
        """One `%%cave` cell, start to end; raises what ended it early, so that Run All stops."""
        if self.running:
            raise UsageError("A %%cave cell cannot run inside another one.")
        policy, wanted = self.policy(), wanted or Wanted(model_name)
        task = capped(task, self.caps(policy))
        recording = self.record.begin(task, wanted, lambda: self._accountable(model_name))
        try:
            ports, before = self._ports(model_name, recording, policy), self.stream.copy()
        except NoModel as error:
            raise recording.unanswered(error) from None
        recording.answered_by(ports.model)
        self.stream.context_tokens = self.settings.context_tokens
        if ports.model.small:
            task = fitted(task)
            self.stream.context_tokens = min(self.settings.context_tokens, SMALL_CONTEXT)
        self.runtime.begin()
        if lapsed := self.checks.begin(self.runtime.namespace):
            print(lapsed)
        if not ports.silent:
            self._suggest()
        log = Log()
        view = self._view(task)
        self.asked[task.turn] = task.prompt
        try:
            self.running, self.small = True, ports.model.small
            self.request = kernel.get_parent("shell") if (kernel := self._kernel()) else None
            self.broker.begin(log.snapshot)
            ended = self._drive(turn(task, ports), recording, log, view)
        except KeyboardInterrupt as stop:
            raise Interrupted from stop
        finally:
            with interrupts_held():
                self._close(task, ports, log, view)
        if ended.reason == "done":
            self.runtime.done(task.out)
        if (replayed := recording.replayed) and ended.reason in ("done", "plan"):
            self.stream.restore(before)  # code and outputs of a replayed turn are told to no model
            self.stream.note(told_of(replayed, touched(task, ports)))
        if ended.reason == "broken":
            raise GuardBroken(ended.answer)
        if ended.reason in ("max_steps", "budget"):
            raise LimitReached(f"{ended.answer} What ran so far is kept; ask again to go on.")

    def _suggest(self) -> None:
        from caveagent_magic.shell.privacy import suggestion  # a replay tells no model of any column

        if hint := suggestion(self):
            print(hint)

    def _close(self, task: Task, ports: Ports, log: Log, view: View) -> None:
        self.running, self.request = False, None
        if ports.steps_run:  # a cell that ran nothing leaves the last undo as it was
            self.history.most = self.settings.undo_steps
            self.history.add(taken(task.turn, [checkpoint for checkpoint, _ in ports.steps_run]))
            if not ports.steps_run[-1][0].content:
                self.steps.bound(task.turn, task.out)
        self.broker.end()
        view.close(log)
        if ports.steps_run:
            below = isinstance(view, PanelView) and LAB not in self.broker.clients
            self.offer.put(task.turn) if below else self.offer.withdraw()
        give_back_freed_memory()  # else a kernel of many steps grows though it holds no more than before
        if self.broker.attended():
            from caveagent_magic.security.flow import infer

            infer.warm_up()  # now, when the person reads

    def _drive(self, events: Generator[Event], recording: Recording, log: Log, view: View) -> TurnEnded:
        """Take each event as it comes; a stop that falls between two is thrown into the turn."""
        event = next(events)
        while True:
            try:
                event = recording.take(event)
                self.steps.take(event)
                log.add(event)
                view.show(event, log)
                if isinstance(event, Usage):
                    self.usage.append(event)
                if not isinstance(event, TurnEnded):
                    self.broker.obey()
                following = next(events, None)
            except KeyboardInterrupt as stop:
                self.broker.obeyed()
                following = events.throw(stop)
            if following is None:
                assert isinstance(event, TurnEnded)
                return event
            event = following

    @property
    def in_notebook(self) -> bool:
        """Whether outputs are kept by a front end, and not just printed."""
        return self._kernel() is not None

    @property
    def in_a_cell(self) -> bool:
        """Whether it is a cell of the notebook that runs, and not what a button has sent."""
        kernel = self._kernel()
        parent = kernel.get_parent("shell") if kernel else None
        return bool(((parent or {}).get("content") or {}).get("store_history"))

    def model(self, name: str = "") -> Model:
        """The model of this name, or the one that is set; the same object as long as settings stay."""
        from caveagent_magic.models.named import ModelSettings, model_named

        settings = ModelSettings(self.settings.base_url, self.settings.threads, dict(self.settings.prices))
        name = name or self.settings.model
        environment = tuple(os.environ.get(f"ANTHROPIC_{key}") for key in ("API_KEY", "BASE_URL", "MODEL"))
        key = (name, settings.base_url, settings.threads, repr(settings.prices), environment)
        if key not in self.models:
            self.models[key] = model_named(name, settings=settings)
        return self.models[key]

    def card(self, name: str) -> str:
        """A variable as the model would see it."""
        from caveagent_magic.injection.choose import choose
        from caveagent_magic.injection.words import cards_text

        privacy, variables = self.disclosure.privacy, self.runtime.variables()
        if name in privacy.hidden_names:
            return f"{name}: hidden from the model"
        chosen = choose(
            variables, prompt=name, recent=(), only=[name], privacy=privacy, budget_tokens=CARD_TOKENS
        )
        return Aliases(privacy.aliases).told(cards_text(chosen))

    def ledger(self) -> Ledger:
        """Where requests are written down before they are sent."""
        from caveagent_magic.egress.ledger import Ledger, default_path

        keeps = self.settings.ledger
        if self.written is None or self.written.keeps != keeps:
            self.written = Ledger(default_path(), keeps)
        return self.written

    def conversation(self) -> str:
        """All that the model was told and answered."""
        system = prompt.system(self.small)
        told = (f"[{message.role}]\n{message.text}" for message in self.stream.messages)
        return "\n\n".join((f"[system]\n{system}", *told))

    def rehearsal(self) -> str:
        """What holds a rehearsal here, in words."""
        from caveagent_magic.rehearsal import sandbox

        return sandbox.describe() if self.settings.rehearse else "off"

    def policy(self) -> Policy:
        """What applies now: the files of this machine, and what was said in this session."""
        policy = Policy.here(self.policy_file(), self.said, self.administrator)
        return replace(policy, layers=(*policy.layers, self.record.protected()))

    def caps(self, policy: Policy) -> Caps:
        """What the administrator allows at most; a privacy level beyond it is brought down."""
        caps, privacy = policy.caps, self.disclosure.privacy
        if caps.beyond("privacy", privacy.level):
            self.disclosure.privacy = replace(privacy, level=caps.privacy)
        return caps

    def policy_file(self) -> str:
        """The policy file of this notebook; empty: there is none."""
        return self.settings.policy_file or os.environ.get("CAVEAGENT_POLICY", "")

    def _accountable(self, model_name: str) -> Model:
        from caveagent_magic.models.recording import Accountable

        return Accountable(self.model(model_name), self.ledger().record)

    def _ports(self, model_name: str, recording: Recording, policy: Policy) -> Ports:
        settings = self.settings
        limits = Limits(
            seconds=settings.rehearsal_seconds,
            memory=settings.rehearsal_megabytes << 20,
            adopt_seconds=settings.adopt_seconds,
        )
        return Ports(
            model=recording.replay or self._accountable(model_name),
            stream=self.stream,
            runtime=self.runtime,
            broker=self.broker,
            policy=policy,
            limits=limits if settings.rehearse else None,
            clock=time.perf_counter,
            disclosure=self.disclosure,
            approvals=recording.replay,
            checks=self.checks,
        )

    def _view(self, task: Task) -> View:
        if self._kernel() is None:
            return TextView()
        return PanelView(task.turn, self.broker.request) if self.broker.attended() else StaticView()

    def _kernel(self) -> Any:
        return getattr(self.runtime.shell, "kernel", None)
