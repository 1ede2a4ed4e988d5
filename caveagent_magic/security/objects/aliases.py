"""Generic aliases: `list[Point]` and `Dict[str, Grid]` stand for a class, and name others."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence

from caveagent_magic.security.objects.still import Kinds, instance_dict

OF_TYPING = Kinds(
    *(type(getattr(typing, name)) for name in ("List", "Tuple", "Callable")),
    *(type(typing.__dict__[name][int]) for name in ("List", "Tuple", "Literal")),
    *(type(typing.__dict__[name][[int], int]) for name in ("Callable",)),
    *(type(typing.__dict__[name][int, str]) for name in ("Union",)),
)
_origin, _args = (types.GenericAlias.__dict__[name].__get__ for name in ("__origin__", "__args__"))
_members = types.UnionType.__dict__["__args__"].__get__


def is_alias_kind(kind: type) -> bool:
    """Whether objects of the class are such aliases."""
    return kind is types.GenericAlias or kind is types.UnionType or kind in OF_TYPING


def alias_of(obj: object) -> Sequence[object] | None:
    """The class and the arguments of an alias, of a union its members; None for anything else."""
    kind = type(obj)
    if kind is types.GenericAlias:
        return (_origin(obj), *_args(obj))
    if kind is types.UnionType:
        return tuple(_members(obj))
    if kind not in OF_TYPING:
        return None
    inside = instance_dict(obj)
    args = inside.get("__args__", ())
    return (inside.get("__origin__"), *(args if type(args) is tuple else ()))
