"""Paths of pathlib: which file one leads to after its methods and properties."""

from __future__ import annotations

from pathlib import PurePosixPath

from caveagent_magic.security.flow import fold
from caveagent_magic.security.flow.values import Const, Instance, Items, Text, Value, Values

ANYWHERE: Value = Text((None,))
SAME = frozenset({"resolve", "absolute"})
RENAMING = frozenset({"with_name", "with_suffix", "with_stem"})


def above(owner: Instance, name: str) -> Values | None:
    """`parent` and `parents` of a path."""
    if not owner.of.startswith("pathlib.") or name not in ("parent", "parents"):
        return None
    if name == "parents":
        return (Items("list", ((None, (Instance(owner.of, about=ANYWHERE),)),)),)
    return (Instance(owner.of, about=_parent(owner.about)),)


def _parent(about: Value | None) -> Value:
    text = about.value if isinstance(about, Const) and isinstance(about.value, str) else None
    if text is None:
        return ANYWHERE
    path = PurePosixPath(text)
    return Const(str(path / "..") if path.name in ("", "..") else str(path.parent))


def moved(receiver: Values, method: str, args: tuple[Values, ...]) -> Values | None:
    """What a method of a path gives that is a path again; None for any other."""
    owner = receiver[0] if len(receiver) == 1 else None
    if not isinstance(owner, Instance) or not owner.of.startswith("pathlib.") or owner.live is not None:
        return None
    given = [values[0] if len(values) == 1 else ANYWHERE for values in args]
    if method in SAME:
        return receiver
    if method == "joinpath":
        about = owner.about or ANYWHERE
        for part in given:
            about = fold.path(about, part)
        return (Instance(owner.of, about=about),)
    if method in RENAMING:
        return (Instance(owner.of, about=_renamed(owner.about, method, given)),)
    return (Instance(owner.of, about=ANYWHERE),) if method in ("relative_to", "expanduser") else None


def _renamed(about: Value | None, method: str, given: list[Value]) -> Value:
    texts = [each.value for each in (about, *given) if isinstance(each, Const)]
    if len(texts) != 2 or len(given) != 1 or not all(isinstance(text, str) for text in texts):
        return ANYWHERE
    try:
        return Const(str(getattr(PurePosixPath(str(texts[0])), method)(texts[1])))
    except (ValueError, TypeError):
        return ANYWHERE
