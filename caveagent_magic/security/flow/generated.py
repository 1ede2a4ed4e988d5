"""Functions that libraries make while they run, and that only do what the library does."""

from __future__ import annotations

import builtins
import dis
import functools
import types
from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.reader import names_of
from caveagent_magic.security.flow.source import names_in
from caveagent_magic.security.flow.values import Named
from caveagent_magic.security.known import own_code, top
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.held import held
from caveagent_magic.security.objects.public import class_name
from caveagent_magic.security.objects.still import word
from caveagent_magic.security.rule import claimed

OF_FIELDS = frozenset({"NotImplemented", "hash", "type", "super"})
OF_ATTRS = OF_FIELDS | {"AttributeError", "BaseException", "tuple", "isinstance", "repr", "set", "id"}
ENCLOSED = pattern(r"_dflt_|_type_|_return_type|MISSING|_HAS_DEFAULT_FACTORY|cls|FrozenInst|__dataclass_")
"""What the functions that `dataclasses` makes use."""


def generated(function: types.FunctionType) -> bool:
    """Whether `dataclasses` or `attrs` made it: it only sets, compares or prints fields."""
    code = function.__code__
    if code.co_filename.startswith("<attrs generated"):
        return OF_ATTRS.issuperset(names_in(code).intersection(vars(builtins)))
    made = code.co_filename == "<string>" and code.co_qualname.startswith("__create_fn__.")
    return made and _of_fields(code)


@functools.lru_cache(maxsize=1024)
def _of_fields(code: types.CodeType) -> bool:
    """Whether code uses nothing but its own fields."""
    used = {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"}
    return used <= OF_FIELDS and all(map(ENCLOSED.match, code.co_freevars))


def enclosed(function: types.FunctionType) -> Iterator[object]:
    """What it was made around: default factories, converters, validators."""
    yield from held(function)
    used = names_in(function.__code__).intersection(function.__globals__)
    for inner in (function.__globals__[name] for name in used):
        if type(inner) is not types.ModuleType:
            yield inner
            yield from held(inner)


def passes_on(function: types.FunctionType, kind: type) -> bool:
    """Whether it only hands its arguments to functions of the library whose class it is in.

    Libraries compile such methods while they run, so they have no file of the library.
    """
    code, inside = function.__code__, function.__globals__
    package = top(class_name(kind))
    reached = [inside.get(name) for name in code.co_names]
    plain = all(type(constant) in (types.NoneType, bool, tuple) for constant in code.co_consts)
    return plain and bool(reached) and not code.co_freevars and all(_is_of(each, package) for each in reached)


def _is_of(function: object, package: str) -> bool:
    if type(function) is not types.FunctionType or own_code(function):
        return False
    found = (value for value in live.values_of(function) if isinstance(value, Named))
    names = (name for value in found for name in names_of(value))
    return top(word(function.__globals__.get("__name__"))) == package and not any(map(claimed, names))
