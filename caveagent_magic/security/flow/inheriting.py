"""What `super()` stands for: methods of the bases, called on the same object."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.values import Bound, Class, Function, Named, Value, Values, join
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.still import class_dict, function_of, is_a, mro

if TYPE_CHECKING:
    from caveagent_magic.security.flow.expressions import Expressions


def inherited(reader: Expressions, node: ast.Attribute, scope: Scope) -> Values:
    """The methods of the code's and the person's own classes that `super().name` may be."""
    call = node.value
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "super"):
        return ()
    if len(call.args) == 2:
        kinds, itself = (reader.values(arg, scope) for arg in call.args)
    else:
        kinds, itself = join(scope.look_up("__class__"), _around(reader, scope)), _itself(reader, scope)
    return tuple(Bound(found, (itself,)) for kind in kinds for found in _above(reader, kind, node))


def _itself(reader: Expressions, scope: Scope) -> Values:
    method = reader.following[-1] if reader.following else None
    if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ()
    positional = [*method.args.posonlyargs, *method.args.args]
    return scope.look_up(positional[0].arg) if positional else ()


def _around(reader: Expressions, scope: Scope) -> Values:
    """The class of the code whose method is being read."""
    inside: Scope | None = scope
    while inside is not None and not inside.is_class:
        inside = inside.parent
    found = reader.classes.get(id(inside))
    return (found,) if found is not None else ()


def _above(reader: Expressions, kind: Value, node: ast.Attribute) -> Iterator[Value]:
    if isinstance(kind, Class):
        for base in kind.bases:
            found = reader.attribute((base,), node.attr, node)
            yield from (value for value in found if isinstance(value, Function) or _is_own(value))
    elif isinstance(kind, Named) and kind.live is not None and is_a(kind.live.obj, type):
        for each in mro(kind.live.obj)[1:]:
            member = function_of(class_dict(each).get(node.attr))
            if own_code(member):
                yield from live.values_of(member)


def _is_own(value: Value) -> bool:
    return isinstance(value, Named) and value.live is not None and own_code(value.live.obj)
