"""Which pieces of a session are needed for what it has come to, and why the others are not."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from caveagent_magic.events import Capability, Effect
from caveagent_magic.export.piece import Piece
from caveagent_magic.export.uses import Uses, uses_of
from caveagent_magic.frozen import frozen

OUTSIDE: frozenset[Capability] = frozenset({"write_file", "delete_file", "network", "process"})


@frozen
class Selection:
    """What is kept, in the order in which it ran."""

    kept: tuple[Piece, ...]
    left_out: tuple[str, ...]  # sentences on steps that are not kept
    unbound: tuple[str, ...]  # names that are read, and that nothing kept binds; builtins among them
    results: tuple[str, ...]  # names that kept steps made and that are still there


def select(pieces: Sequence[Piece], namespace: Mapping[str, object]) -> Selection:
    """Keep steps that show something, have an effect or made what is used or still there; and their needs."""
    standing = [piece for piece in pieces if not piece.undone]
    uses = _uses(standing, namespace)
    sharing = Sharing(names for _, use in uses for names in use.shares)
    made = {name for piece, use in uses if piece.is_step for name in piece.touched | use.writes}
    needed = {name for name in made if name in namespace}
    kept: list[Piece] = []
    for piece, use in reversed(uses):
        shows = piece.is_step and (piece.shows or _lasting(piece.effects))
        if piece.plain.strip() and (shows or (use.stores | sharing(use.alters) | piece.touched) & needed):
            kept.append(piece)
            needed = (needed - use.sets) | use.reads
    kept.reverse()
    chosen = {id(piece) for piece in kept}
    bound = {name for piece, use in uses if id(piece) in chosen for name in use.writes}
    return Selection(
        kept=tuple(kept),
        left_out=tuple(_why(piece) for piece in pieces if _is_missing(piece, chosen)),
        unbound=tuple(sorted(needed - bound)),
        results=tuple(sorted(name for name in _results(kept, uses) if _is_result(name, namespace))),
    )


def _uses(pieces: Iterable[Piece], namespace: Mapping[str, object]) -> list[tuple[Piece, Uses]]:
    """The uses of each piece; a name of a function stands also for the names that it reads."""
    found: list[tuple[Piece, Uses]] = []
    altering: dict[str, frozenset[str]] = {}
    functions: dict[str, frozenset[str]] = {}
    for piece in pieces:
        use = uses_of(piece.plain, namespace, altering)
        found.append((piece, use))
        altering |= use.altering
        for name, reads in use.functions.items():
            functions[name] = functions.get(name, frozenset()) | reads
    return [(piece, _through(use, functions)) for piece, use in found]


def _through(use: Uses, functions: Mapping[str, frozenset[str]]) -> Uses:
    shares = tuple(_closed(names, functions) - functions.keys() for names in use.shares)
    return replace(use, reads=_closed(use.reads, functions), shares=shares)


def _closed(names: frozenset[str], functions: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found = fresh = set(names)
    while fresh:
        fresh = {each for name in fresh for each in functions.get(name, ())} - found
        found = found | fresh
    return frozenset(found)


class Sharing:
    """Names that may stand for the same objects, found without regard to order."""

    def __init__(self, shares: Iterable[frozenset[str]]) -> None:
        self._groups: dict[str, set[str]] = {}
        for names in shares:
            joined = set(names).union(*(self._groups.get(name, ()) for name in names))
            self._groups |= dict.fromkeys(joined, joined)

    def __call__(self, names: Iterable[str]) -> set[str]:
        """These names, and all that may share something with one of them."""
        return {each for name in names for each in self._groups.get(name, {name})}


def _results(kept: Iterable[Piece], uses: Iterable[tuple[Piece, Uses]]) -> set[str]:
    chosen = {id(piece) for piece in kept if piece.is_step}
    found = (piece.touched | {piece.out} | use.sets for piece, use in uses if id(piece) in chosen)
    return {name for names in found for name in names if name and not name.startswith("_")}


def _is_result(name: str, namespace: Mapping[str, object]) -> bool:
    return name in namespace and not isinstance(namespace[name], types.ModuleType)


def _is_missing(piece: Piece, chosen: set[int]) -> bool:
    return piece.is_step and id(piece) not in chosen


def _why(piece: Piece) -> str:
    title = piece.title[0].upper() + piece.title[1:]
    if piece.undone:
        return f"{title} was undone."
    if piece.error:
        return f"{title} ended with {piece.error}."
    return f"{title}: nothing that is kept uses what it made."


def _lasting(effects: Iterable[Effect]) -> bool:
    return any(effect.allowed and effect.capability in OUTSIDE for effect in effects)
