"""What a live object of a library was set up with: its methods act on it as if it were given to them."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping

from caveagent_magic.security.known import COMPUTING, top
from caveagent_magic.security.objects.held import DATA_PACKAGES
from caveagent_magic.security.objects.still import MISSING, attribute, instance_dict, is_a, word

_class_module = type.__dict__["__module__"].__get__


def settings_of(objects: Iterable[object]) -> Iterator[tuple[type, Mapping[str, object]]]:
    """Each object of a computing library, with the values that it keeps of its class's parameters."""
    for each in objects:
        package = top(word(_class_module(type(each))))
        inside = instance_dict(each) if package in COMPUTING and package not in DATA_PACKAGES else {}
        given = {name: inside[name] for name in _parameters(type(each)) if name in inside} if inside else {}
        if given and not is_a(each, type):
            yield type(each), given


def _parameters(kind: type) -> tuple[str, ...]:
    found = attribute(kind, "__init__")
    if found is MISSING or type(found) is not types.FunctionType:
        return ()
    code = found.__code__
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
