"""Functions that choose by the class of what they are given: whose they are, and so whose choice changes."""

from __future__ import annotations

import functools
import inspect
import types

from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects.still import is_a

ADDS = functools.singledispatch(len).register.__code__
"""What every such function's `register` runs."""


def adds_for_everyone(function: types.FunctionType) -> bool:
    """Whether it is the `register` of a function of a library, which then runs other code for everyone."""
    if function.__code__ is not ADDS:
        return False
    cells = inspect.getclosurevars(function).nonlocals
    chosen = cells.get("registry")
    return not (is_a(chosen, dict) and own_code(chosen.get(object)))
