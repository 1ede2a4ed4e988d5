"""Modules: name and version."""

from __future__ import annotations

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description


def module(obj: object, base: type) -> Description:
    """`module pandas 3.1.1`."""
    own = static.module_members(obj)
    words = ("module", own.get("__name__"), own.get("__version__"))
    return Description(" ".join(word for word in words if type(word) is str))


DESCRIBERS: dict[str, Describer] = {"builtins.module": module}
