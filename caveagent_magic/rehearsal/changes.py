"""What running code did to a namespace: added, changed and removed names, each with before → after."""

from __future__ import annotations

import re
import time
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from caveagent_magic.events import Change, Changes
from caveagent_magic.frozen import frozen
from caveagent_magic.rehearsal.alteration import Outline, alteration, outline_of
from caveagent_magic.rehearsal.fingerprint import Difference, Fingerprint, fingerprint, hold
from caveagent_magic.rehearsal.foreign import module_name, short_value

Describe: TypeAlias = Callable[[object], str]

SECONDS = 0.2  # of the processor: on a busy machine no less is looked at
_OF_IPYTHON = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})
_MOST_NAMES = 5


@frozen
class Seen:
    """What is remembered of one name."""

    current: Callable[[], object]  # the object; None when it is gone
    mark: Fingerprint | None  # None: there was no time
    summary: str
    outline: Outline | None = None
    value: str = ""  # as it is written, where it is one short value
    glance: bool = False  # it was only glanced at: nobody expects it to change

    @property
    def unseen(self) -> bool:
        """Whether only its binding is remembered, as the code does not name it."""
        return self.glance and self.mark is None


@frozen
class Snapshot:
    """A namespace at one moment."""

    names: dict[str, Seen]


def is_users(name: object) -> bool:
    """Whether a name of the namespace is the user's own, not IPython's."""
    return isinstance(name, str) and not name.startswith("_") and name not in _OF_IPYTHON


def snapshot(
    namespace: Mapping[str, object],
    describe: Describe,
    seconds: float = SECONDS,
    closely: Collection[str] | None = None,
    named: Collection[str] = (),
) -> Snapshot:
    """Remember every name; after so many seconds only which object it is bound to.

    Where it is known which names will change, a glance at the others that the code names has to do; of what
    it does not name only the binding is remembered.
    """
    deadline = time.thread_time() + seconds
    return Snapshot(
        {
            name: _look(thing, describe, deadline)
            if closely is None or name in closely
            else _glance(thing, describe, known=name not in named)
            for name, thing in _names(namespace)
        }
    )


def diff(
    before: Snapshot, namespace: Mapping[str, object], describe: Describe, seconds: float = SECONDS
) -> Changes:
    """Compare a namespace with its snapshot; the note names what was not, or only partly, checked."""
    deadline = time.thread_time() + seconds
    now = dict(_names(namespace))
    kept = [(name, old, now[name]) for name, old in before.names.items() if name in now]
    outcomes = [(name, old, thing, _compare(old, thing, deadline)) for name, old, thing in kept]
    return Changes(
        added=tuple(
            Change(name, _summary(now[name], describe), short_value(now[name]))
            for name in now
            if name not in before.names
        ),
        changed=tuple(
            Change(name, _alteration(old, thing, describe), _values(old, thing))
            for name, old, thing, outcome in outcomes
            if outcome == "changed"
        ),
        removed=tuple(Change(name, old.summary) for name, old in before.names.items() if name not in now),
        note=_note(outcomes),
    )


def completed(found: Changes, changed: Iterable[str], namespace: Mapping[str, object]) -> Changes:
    """The changes with those in place that were only seen by the checkpoint, which compares more closely."""
    told = {change.name for change in (*found.added, *found.changed)}
    unsure = set(re.findall(r"\w+", found.note)) - told
    more = (name for name in changed if name in unsure and is_users(name) and name in namespace)
    return replace(found, changed=(*found.changed, *(Change(name, "changed in place") for name in more)))


def _names(namespace: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(name, thing) for name, thing in list(namespace.items()) if is_users(name)]


def _glance(thing: object, describe: Describe, *, known: bool) -> Seen:
    if known:
        return Seen(hold(thing), None, type(thing).__name__, glance=True)
    return Seen(hold(thing), fingerprint(thing, glance=True), _summary(thing, describe), glance=True)


def _look(thing: object, describe: Describe, deadline: float) -> Seen:
    if time.thread_time() > deadline:
        return Seen(hold(thing), None, type(thing).__name__)
    mark, summary = fingerprint(thing, deadline), _summary(thing, describe)
    return Seen(hold(thing), mark, summary, outline_of(thing), short_value(thing))


def _compare(old: Seen, thing: object, deadline: float) -> Difference:
    same = old.current() is thing
    if old.unseen:
        return "same" if same else "changed"
    if old.mark is None or time.thread_time() > deadline:
        return "unchecked" if same else "changed"
    mark = fingerprint(thing, deadline, glance=old.glance and same)
    found = old.mark.compare(mark)
    if same:
        return found
    return (
        "same" if found == "same" and not mark.buffers else "changed"
    )  # an equal small value under the name


def _summary(thing: object, describe: Describe) -> str:
    if type(thing) is types.ModuleType:
        return f"module {module_name(thing)}"
    try:
        return describe(thing)
    except Exception:  # it is a user's object that raises when looked at: its type has to do
        return type(thing).__name__


def _alteration(old: Seen, thing: object, describe: Describe) -> str:
    if old.outline is not None and (words := alteration(old.outline, outline_of(thing))):
        return words
    summary = _summary(thing, describe)
    if old.summary != summary and not old.unseen:
        return f"{old.summary} → {summary}"
    return "changed in place" if old.current() is thing else f"new object, {summary}"


def _values(old: Seen, thing: object) -> str:
    """Such as "3 → 5"; empty where one of the two is no short value."""
    now = short_value(thing)
    return f"{old.value} → {now}" if old.value and now else ""


def _note(outcomes: list[tuple[str, Seen, object, Difference]]) -> str:
    unchecked = [name for name, _, _, outcome in outcomes if outcome == "unchecked"]
    partly = [name for name, _, _, outcome in outcomes if outcome == "partly"]
    sentences = (
        [f"Not checked for changes in place, for want of time: {_some(unchecked)}."] if unchecked else []
    )
    if partly:
        sentences.append(f"Only samples were checked for changes in place: {_some(partly)}.")
    return " ".join(sentences)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES:,} more"
