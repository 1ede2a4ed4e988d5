"""A checkpoint: everything before a step, narrowed after it to what the step has changed."""

from __future__ import annotations

import functools
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping

from caveagent_magic.events import Changes, Effect
from caveagent_magic.pattern import pattern
from caveagent_magic.rehearsal.changes import Snapshot, is_users
from caveagent_magic.rehearsal.undo import mapped, wide
from caveagent_magic.rehearsal.undo.arrays import FORM, RESIZED, address_of, base_of, form_of
from caveagent_magic.rehearsal.undo.kept import Kept
from caveagent_magic.rehearsal.undo.memory import Memory, Patch, meets, merge
from caveagent_magic.rehearsal.undo.record import ABSENT, Holder, Record
from caveagent_magic.rehearsal.undo.tensor_state import TENSOR, has_lost_memory
from caveagent_magic.rehearsal.undo.walk import Limits, Span, Walk

__all__ = ["Checkpoint", "Limits"]

_OF_IPYTHON = pattern(r"_+|_i+|_i?\d+|_[iod]h|In|Out|exit|quit|get_ipython|open|__\w+__|_cave|_exit_code")
_TOO_LARGE = "it is too large to be remembered in time"
_OUTSIDE = "its memory is a file, or shared with other processes"
_LEFT = "the step did not change it when it was recorded, so what it held was not remembered"
_LASTING = {
    "write_file": "was written to",
    "delete_file": "was deleted",
    "network": "was talked to",
    "process": "was started",
}


class Checkpoint:
    """What a namespace and the interpreter are at one moment, by reference; large arrays by a frozen fork.

    References keep alive what a step deletes, until the checkpoint itself is let go.
    """

    def __init__(
        self,
        namespace: MutableMapping[str, object],
        used: Collection[str],
        limits: Limits,
        content: bool,
        only: Collection[str] | None,
    ) -> None:
        self.record, self.content = Record(), content
        self._namespace, self._used = namespace, used
        self._bindings = dict(_own(namespace))
        self._modules = frozenset(sys.modules)
        self._left = {
            name for name in self._bindings if only is not None and name not in only and is_users(name)
        }
        looked_at = [item for item in self._bindings.items() if item[0] not in self._left]
        first = sorted(looked_at, key=lambda item: item[0] not in used)
        self._walk = Walk.over((*wide.roots(), *first) if content else (), namespace, limits)
        self._settings = wide.settings() if content else []
        spans = list(_inside(self._walk))
        self._memory = Memory(((span.address, span.size) for span in spans), limits.copied)
        self._spans = spans

    @classmethod
    def take(
        cls,
        namespace: MutableMapping[str, object],
        used: Collection[str] = (),
        limits: Limits = Limits(),  # noqa: B008
        content: bool = True,
        only: Collection[str] | None = None,
    ) -> Checkpoint:
        """Remember everything; the names that the code uses come first, for the case that time runs out.

        Without `content` only the bindings are remembered; with `only`, what other names hold is not.
        """
        return cls(namespace, used, limits, content, only)

    def narrow(
        self, changes: Changes, before: Snapshot | None = None, effects: Iterable[Effect] = ()
    ) -> None:
        """Let go of all that the step did not touch, and of the frozen fork; `record` holds the rest."""
        try:
            self.record = self._settled(changes, before, effects)
        finally:
            self._memory.close()
            del self._walk, self._memory, self._spans, self._settings, self._bindings, self._left

    def _settled(self, changes: Changes, before: Snapshot | None, effects: Iterable[Effect]) -> Record:
        bindings = dict(self._rebound())
        moved = [kept for kept in self._walk.kept if kept.kind is FORM and _has_moved(kept)]
        lost = [kept for kept in self._walk.kept if kept.kind is TENSOR and has_lost_memory(kept.state)]
        given_up = [kept.state.span() for kept in moved] + [kept.state.storage for kept in lost]
        resized, said = self._resized(moved)
        said |= dict.fromkeys((kept.name for kept in lost), "its memory was given up for another")
        replaced = {id(kept) for kept in (*moved, *lost)}
        everything = (*self._walk.kept, *self._settings)
        kept = [each for each in everything if id(each) not in replaced and _is_other(each)] + resized
        patches = self._patches(given_up, said)
        holders = list(self._holders(patches, given_up))
        touched = {change.name for change in (*changes.added, *changes.changed, *changes.removed)}
        names = [*bindings, *(name for name in self._bindings if name in touched)]
        names += [each.name for each in kept if not each.quiet] + [holder.name for holder in holders]
        said |= dict(self._not_covered(touched))
        said |= {name: _LEFT for name in (self._left & touched) - bindings.keys() if not self._met(name)}
        seen = {} if before is None else before.names
        marks = {name: each.mark for name, each in seen.items() if each.mark is not None and not each.glance}
        return Record(
            bindings=bindings,
            kept=tuple(kept),
            patches=tuple(patches),
            holders=tuple(holders),
            names=tuple(dict.fromkeys(names)),
            said=said,
            lasting=dict(self._lasting(effects)),
            marks={name: marks[name] for name in dict.fromkeys(names) if name in marks},
        )

    def _rebound(self) -> Iterator[tuple[str, object]]:
        now = dict(_own(self._namespace))
        for name, thing in self._bindings.items():
            if now.get(name, ABSENT) is not thing:
                yield name, thing
        yield from ((name, ABSENT) for name in now if name not in self._bindings)

    def _resized(self, moved: list[Kept]) -> tuple[list[Kept], dict[str, str]]:
        """Arrays that have other memory now take their old content along."""
        resized: list[Kept] = []
        lost: dict[str, str] = {}
        for kept in moved:
            content = self._memory.content(kept.state.span())
            if content is None:
                lost[kept.name] = "its memory was given up, and it was too large to be remembered"
            else:
                state = (kept.state, content)
                resized.append(Kept(kept.thing, RESIZED, state, kept.name, kept.quiet))
        return resized, lost

    def _patches(self, given_up: list[tuple[int, int]], said: dict[str, str]) -> list[Patch]:
        try:
            return self._memory.settle(given_up)
        except OSError as error:
            self._memory.refused = f"the memory of before is lost: {error}"
            return []

    def _holders(self, patches: list[Patch], given_up: list[tuple[int, int]]) -> Iterator[Holder]:
        """The arrays whose content changed."""
        written = merge((patch.address, len(patch.content)) for patch in patches)
        gone = merge(given_up)
        for span in self._spans:
            if meets(span.address, span.size, written) and not meets(span.address, span.size, gone):
                yield Holder(span.array, address_of(span.array), span.name)

    def _not_covered(self, touched: set[str]) -> Iterator[tuple[str, str]]:
        for name in self._walk.unseen:
            if name in touched or name in self._used:
                yield name, _TOO_LARGE
        for name, kind in self._walk.opaque.items():
            if name in self._used:
                yield name, f"a {kind} cannot be looked into: what the step did with it stays"
        for name in self._walk.outside & {*touched, *self._used}:
            yield name, _OUTSIDE
        if self._memory.refused:
            large = self._memory.large
            names = {span.name for span in self._spans if meets(span.address, span.size, large)}
            yield from ((name, self._memory.refused) for name in names if name in {*touched, *self._used})

    def _met(self, name: str) -> bool:
        """Whether another name has led to the same object."""
        thing = self._bindings[name]
        return any(thing is each for each in self._walk.alive)

    def _lasting(self, effects: Iterable[Effect]) -> Iterator[tuple[str, str]]:
        """What undo never takes back."""
        for effect in effects:
            if effect.allowed and effect.capability in _LASTING:
                yield effect.target, f"it {_LASTING[effect.capability]}, which stays"
        new = set[str]()
        if not self._modules.issuperset(sys.modules):  # most steps import nothing; there are thousands
            new = {name.partition(".")[0] for name in sys.modules.keys() - self._modules}
            new -= {name.partition(".")[0] for name in self._modules}
        if shown := sorted(name for name in new if not name.startswith("_")):
            yield "imported modules", f"{', '.join(shown)} stay loaded"


def _own(namespace: Mapping[str, object]) -> list[tuple[str, object]]:
    """The names that are not IPython's, those with an underscore among them."""
    return [
        (name, thing)
        for name, thing in list(namespace.items())
        if isinstance(name, str) and not _OF_IPYTHON.fullmatch(name)
    ]


def _inside(walk: Walk) -> Iterator[Span]:
    """The memory that is this process' alone."""
    is_shared = functools.cache(mapped.shared)  # asked of few
    for span in walk.spans:
        if span.size and base_of(span.array) is not None and is_shared()(span.address, span.size):
            walk.outside.add(span.name)
        elif span.size:
            yield span


def _has_moved(kept: Kept) -> bool:
    """Whether an array gave up the memory that it had."""
    now = form_of(kept.thing)
    if now.address != kept.state.address:
        return True
    return base_of(kept.thing) is None and now.span() != kept.state.span()


def _is_other(kept: Kept) -> bool:
    try:
        return kept.changed
    except (AttributeError, TypeError, ValueError, RuntimeError):  # it cannot even be read any more
        return True
