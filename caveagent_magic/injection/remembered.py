"""Cards that were drawn before and still hold; none of the objects is kept alive."""

from __future__ import annotations

import weakref

from caveagent_magic.frozen import frozen
from caveagent_magic.injection.card import Allowance, Drawn, drawn
from caveagent_magic.injection.levels import Level


@frozen
class _Kept:
    alive: weakref.ref[object]
    hidden: frozenset[str]
    level: Level
    drawn: Drawn


_KEPT: dict[int, _Kept] = {}  # by the object's identity, for as long as it lives


def remembered(obj: object, hidden: frozenset[str], level: Level, allowance: Allowance) -> Drawn:
    """The card as it was drawn last, or a new one when the object may have changed."""
    key = id(obj)
    kept = _KEPT.get(key)
    if kept is not None and kept.alive() is obj and (kept.hidden, kept.level) == (hidden, level):
        unchanged = kept.drawn.unchanged
        if unchanged is not None and unchanged():
            return kept.drawn
    fresh = drawn(obj, hidden, level, allowance)
    _KEPT.pop(key, None)
    if fresh.unchanged is not None:
        _forget_the_dead()
        _KEPT[key] = _Kept(weakref.ref(obj), hidden, level, fresh)
    return fresh


def _forget_the_dead() -> None:
    """In place of a callback of ours on the person's objects, which would run when a step lets go of them."""
    for key in [key for key, kept in _KEPT.items() if kept.alive() is None]:
        del _KEPT[key]
