"""Whom the guard watches, and what it says: the state behind the audit hook.

Loaded apart (see `guard`), so that watched code reaches neither the state nor the functions.
Nothing in here runs code of the objects that events carry, or raises from a frame that holds the state.
"""

from __future__ import annotations

import weakref
from _thread import get_ident
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

from caveagent_magic.errors import CapabilityRefused
from caveagent_magic.events import Capability, Effect
from caveagent_magic.security.hook.audit import READERS, Attempt, attempt
from caveagent_magic.security.hook.stack import (
    LIBRARY,
    LOOKS,
    bottom,
    caller,
    looking,
    of_kernel,
    outward,
    threads,
    unheard,
)
from caveagent_magic.security.hook.where import Where
from caveagent_magic.security.known import own_file
from caveagent_magic.security.vocabulary import names

CHANNEL = "caveagent.guard"
OUTSIDE: frozenset[Capability] = frozenset({"write_file", "delete_file", "network", "process"})
MOVES = names("os.chdir os.rename os.symlink os.link")
REGISTERING = names(
    """
    register finalize signal observe on_click on_change on_submit on_msg add_done_callback call_soon
    call_later call_at call_soon_threadsafe create_task ensure_future add_callback add_reader add_writer
    add_timeout register_at_fork register_target on_trait_change excepthook displayhook
    """
)
READING = frozenset({"r", "rb", "rt", "br", "tr"})
MOST_EFFECTS = 200  # of one step that are told
MOST_DECIDED = 10_000
FORGET_EVERY = 256  # events
NOTHING: frozenset[str] = frozenset()

own_file("")  # looks up the folders of libraries, once, before a step can change what that reads

Allowed = Callable[[Capability, str], bool]
OnEffect = Callable[[Effect], None]


class Watch:
    """One step under the guard."""

    def __init__(
        self,
        key: object,
        allowed: Allowed,
        on_effect: OnEffect | None,
        rehearsing: bool,
        where: Where,
        contained: frozenset[Capability] = frozenset(),
    ) -> None:
        self.key, self.where = key, where
        self._allowed, self._on_effect = allowed, on_effect
        self._contained = contained if rehearsing else frozenset()  # done, whatever was approved
        self._not_done = OUTSIDE - contained if rehearsing else frozenset()
        self._decided: dict[tuple[Capability, str], bool] = {}
        self._told: set[Effect] = set()
        self.files: set[str] = set()  # of the code that is the step's own
        self._code: list[CodeType] = []
        self._functions: list[weakref.ref[CodeType]] = []
        self._agent = get_ident()
        self._entered: FrameType | None = _entered()
        self._before = {ident: bottom(frame) for ident, frame in threads().items()}

    def covers(self, ident: int) -> bool:
        """Whether what this thread does is the step's doing."""
        if ident == self._agent:
            return True
        frame = caller()
        if self._before.get(ident) is bottom(frame):  # it was there before the step
            return any(each.f_code.co_filename in self.files for each in outward(frame))
        return not of_kernel(frame)

    def note(self, code: object, ident: int) -> None:
        """Learn the step's own code from whoever begins to run it."""
        if ident != self._agent or type(code) is not CodeType or self._entered is None:
            return
        file = code.co_filename
        generated = file.startswith("<") and not file.startswith("<ipython")
        inside = outward(caller(), self._entered)
        if own_file(file) and not generated and not any(own_file(each.f_code.co_filename) for each in inside):
            self.files.add(file)
            self._code.append(code)

    def refusal(self, event: str, args: tuple[Any, ...]) -> CapabilityRefused | None:
        """What to raise instead of letting it happen."""
        found = unheard(attempt, event, args, self.where)
        if found is None:
            return None
        rehearsed = found.capability in self._not_done
        allowed = not rehearsed and self._decide(found)
        self._tell(Effect(found.capability, found.target, allowed))
        if rehearsed:
            return CapabilityRefused(f"not done in a rehearsal: would {found.words}")
        if allowed and event == "open" and type(args[0]) is str and type(args[1]) is str:
            unheard(self.where.remember, args[0], writes=found.capability == "write_file")
        if allowed or found.capability in self._contained:
            return None
        return CapabilityRefused(
            f"The code would {found.words}{unheard(_at)}, but {found.capability} was not approved for it."
        )

    def _decide(self, found: Attempt) -> bool:
        asked = (found.capability, found.scope)
        decided = self._decided.get(asked)
        if decided is None:
            decided = bool(self._allowed(*asked))
            if len(self._decided) < MOST_DECIDED:
                self._decided[asked] = decided
        return decided

    def _tell(self, effect: Effect) -> None:
        if self._on_effect is not None and effect not in self._told and len(self._told) < MOST_EFFECTS:
            self._told.add(effect)
            self._on_effect(effect)

    def end(self) -> Iterator[tuple[int, FrameType]]:
        """Let go of the step; gives the threads that it leaves behind, by the frames they began with."""
        for ident, frame in threads().items():
            began = bottom(frame)
            if ident != self._agent and self._before.get(ident) is not began and not of_kernel(frame):
                yield ident, began
        code = list(_nested(self._code))
        if any(each.co_name == "__del__" or REGISTERING.intersection(each.co_names) for each in code):
            functions = (each for each in code if each.co_name != "<module>")
            self._functions = [weakref.ref(each) for each in functions]
        self._code, self._entered, self._before, self._agent = [], None, {}, 0

    def lingers(self) -> bool:
        """Whether code that the step may have registered somewhere is still alive."""
        return any(each() is not None for each in self._functions)

    def called_back(self) -> bool:
        """Whether code of the ended step is at work that the person did not call."""
        step: FrameType | None = None
        finaliser = False
        for frame in outward(caller()):
            file = frame.f_code.co_filename
            if file in self.files:
                step, finaliser = frame, finaliser or frame.f_code.co_name == "__del__"
            elif step is not None and own_file(file):
                return finaliser
            elif step is not None and file == f"{LIBRARY}weakref.py":
                finaliser = True
        return step is not None


class Hook:
    """All watches of this process."""

    def __init__(self) -> None:
        self.armed = False  # the one test that an event costs while no step runs
        self.readable: set[str] | frozenset[str] = NOTHING  # paths that any watched code may read
        self.writable: set[str] | frozenset[str] = NOTHING  # and write
        self.watches: list[Watch] = []
        self.left: dict[int, tuple[FrameType, Watch]] = {}  # threads that outlived their step
        self.lingering: list[Watch] = []  # ended steps whose code may be called back
        self.heard = 0

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Every audit event of the process comes by here."""
        refused: BaseException | None = None
        try:
            if not self.armed and event != CHANNEL:
                return
            if event == "open":
                path, mode, _ = args
                known = type(path) is str and type(mode) is str
                if known and path in (self.readable if mode in READING else self.writable):
                    return
            refused = self._judge(event, args)
        except BaseException as error:  # its traceback would hand the state to the code that catches it
            refused = error.with_traceback(None)
            refused.__context__ = refused.__cause__ = None
        if refused is None:
            return
        del self
        try:
            raise refused
        finally:
            del refused, args

    def _judge(self, event: str, args: tuple[Any, ...]) -> CapabilityRefused | None:
        if event == CHANNEL:
            return unheard(self._serve, *args)
        ident = get_ident()
        if event not in READERS or (event in LOOKS and ident in looking):
            return None
        if event in MOVES:
            for watch in (*self.watches, *self.lingering, *(watch for _, watch in self.left.values())):
                watch.where.unsettle()
        for watch in unheard(self._watching, ident):
            if event == "exec":
                unheard(watch.note, args[0], ident)
            refused = watch.refusal(event, args)
            if refused is not None:
                return refused
        return None

    def _watching(self, ident: int) -> list[Watch]:
        """All who watch this thread: a watch inside another one can only narrow what is allowed."""
        found = [watch for watch in self.watches if watch.covers(ident)]
        if self.left and ident in self.left and self.left[ident][0] is bottom(caller()):
            found.append(self.left[ident][1])
        if self.lingering:
            found += [watch for watch in self.lingering if watch.called_back()]
        if not self.watches:
            self.heard += 1
            if self.heard % FORGET_EVERY == 0:
                self._forget()
        return found

    def _serve(self, verb: str, key: object, *options: Any) -> None:
        """What `guard` asks for; only the owner of the key can end a watch."""
        if verb == "begin":
            allowed, on_effect, rehearsing, where, contained = options
            self._forget()
            self.watches.append(Watch(key, allowed, on_effect, rehearsing, Where(*where), contained))
        for watch in [each for each in self.watches if verb == "end" and each.key is key]:
            self.left.update((ident, (frame, watch)) for ident, frame in watch.end())
            if watch.lingers():
                self.lingering.append(watch)
            self.watches.remove(watch)
        self._settle()

    def _forget(self) -> None:
        """Threads and callbacks that are no more need no watch."""
        alive = {ident: bottom(frame) for ident, frame in threads().items()} if self.left else {}
        self.left = {ident: left for ident, left in self.left.items() if alive.get(ident) is left[0]}
        self.lingering = [watch for watch in self.lingering if watch.lingers()]
        self._settle()

    def _settle(self) -> None:
        alone = len(self.watches) == 1 and not self.left and not self.lingering
        self.readable = self.watches[0].where.readable if alone else NOTHING
        self.writable = self.watches[0].where.writable if alone else NOTHING
        self.armed = bool(self.watches or self.left or self.lingering)


def _entered() -> FrameType:
    """The frame whose `with` statement begins the watch."""
    frame = caller()
    while frame.f_back is not None and frame.f_code.co_filename == f"{LIBRARY}contextlib.py":
        frame = frame.f_back
    return frame


def _nested(code: list[CodeType]) -> Iterator[CodeType]:
    """Code and all that is defined inside it."""
    for each in code:
        yield each
        yield from _nested([constant for constant in each.co_consts if type(constant) is CodeType])


def _at() -> str:
    """The line of the step's own code."""
    for frame in outward(caller()):
        file = frame.f_code.co_filename
        if own_file(file):
            name = file.rpartition("/")[2]
            shown = "" if file.startswith("<") or "ipykernel" in file else f"{name}, "
            return f" ({shown}line {frame.f_lineno})"
    return ""
