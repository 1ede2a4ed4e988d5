"""Which parameter of a function each argument is given for, by the function's own signature."""

from __future__ import annotations

import types
from collections.abc import Mapping

from caveagent_magic.security.flow.values import Named, Values
from caveagent_magic.security.objects.still import MISSING, attribute, function_of, is_a


def parameters(callee: Named, args: tuple[Values, ...], receiver: Values) -> Mapping[str, Values]:
    """The positional arguments by the names that a live function has for them."""
    obj = callee.live.obj if callee.live is not None else None
    bound = bool(receiver)
    if is_a(obj, type):
        obj, bound = attribute(obj, "__init__"), True
    elif obj is None and callee.receiver is not None:
        obj = _method(callee)
    function = function_of(obj)
    if type(function) is not types.FunctionType:
        return {}
    code = _unwrapped(function).__code__
    names = code.co_varnames[bound : code.co_argcount]
    return dict(zip(names, args, strict=False))


def _method(callee: Named) -> object:
    """A method of a live object or class."""
    owner = callee.receiver
    live = getattr(owner, "live", None)
    if live is None or (isinstance(owner, Named) and owner.module):
        return MISSING
    kind = live.obj if is_a(live.obj, type) else type(live.obj)
    return attribute(kind, callee.name.rpartition(".")[2])


def _unwrapped(function: types.FunctionType) -> types.FunctionType:
    """What a decorator of a library was put around; its own signature says nothing."""
    for _ in range(8):
        inner = function.__dict__.get("__wrapped__")
        if type(inner) is not types.FunctionType:
            break
        function = inner
    return function
