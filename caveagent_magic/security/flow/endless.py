"""Iterables that never end: what goes through them, and what is counted on the way."""

from __future__ import annotations

import ast
import itertools
import operator
import types
from typing import TYPE_CHECKING

from caveagent_magic.security.exhaustion.cycles import Number
from caveagent_magic.security.exhaustion.exits import CONVERTING, Counted, never
from caveagent_magic.security.exhaustion.loops import yields_for_ever
from caveagent_magic.security.flow.reader import Given
from caveagent_magic.security.flow.source import goes_on, node_at
from caveagent_magic.security.flow.values import (
    DATA,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Text,
    Value,
    Values,
    constants,
)
from caveagent_magic.security.known import own_file, top
from caveagent_magic.security.objects.still import Kinds

if TYPE_CHECKING:
    from caveagent_magic.security.flow.bindings import Scope
    from caveagent_magic.security.flow.expressions import Expressions

ITERATORS = Kinds(itertools.cycle, itertools.count)
ALWAYS_ZERO = frozenset({"builtins.int", "builtins.float", "builtins.bool"})


def is_endless(values: Values) -> bool:
    """Whether one of the values is an iterable that never ends."""
    return any(map(_never_ends, values))


def _never_ends(value: Value) -> bool:
    if isinstance(value, Made):
        return _is_asked_for_ever(value.of)
    if not isinstance(value, Instance):
        return False
    obj = value.live.obj if value.live is not None else None
    if type(obj) is itertools.repeat:
        return operator.length_hint(obj, -1) < 0
    return value.of == "endless" or type(obj) in ITERATORS or _is_endless_generator(obj)


def _is_endless_generator(obj: object) -> bool:
    code = obj.gi_code if type(obj) is types.GeneratorType else None
    if code is None or not own_file(code.co_filename):
        return False
    node = node_at(code)
    return yields_for_ever(node) if node is not None else goes_on(code)


def _is_asked_for_ever(kind: Class) -> bool:
    """Whether objects of a class of the code give one element after the other and never say that is all."""
    methods = kind.scope.ever
    asked = methods.get("__next__") or (() if "__iter__" in methods else methods.get("__getitem__", ()))
    return any(isinstance(each, Function) and not _may_end(each.node) for each in asked)


def _may_end(node: ast.AST) -> bool:
    """Whether a method may say that there is no more: by raising it, or by an error of what it calls."""
    inside = [each for part in getattr(node, "body", ()) for each in ast.walk(part)]
    calls = [each.func for each in inside if isinstance(each, ast.Call)]
    plain = all(isinstance(func, ast.Name) and func.id in CONVERTING for func in calls)
    return not plain or any(isinstance(each, (ast.Raise, ast.Subscript)) for each in inside)


def counted(reader: Expressions, target: ast.expr, over: ast.expr, scope: Scope) -> Counted:
    """The start and the step of each name of a target while it goes over an endless iterable."""
    if not isinstance(over, ast.Call):
        return {}
    name = next((value.name for value in reader.values(over.func, scope) if isinstance(value, Named)), "")
    numbers = [_number(reader.values(arg, scope)) for arg in over.args]
    given = {each.arg: _number(reader.values(each.value, scope)) for each in over.keywords}
    if name == "builtins.enumerate" and isinstance(target, ast.Tuple) and len(target.elts) == 2 and over.args:
        first, second = target.elts
        inner = counted(reader, second, over.args[0], scope)
        start = given.get("start", numbers[1] if len(numbers) > 1 else 0)
        return {**inner, first.id: (start, 1)} if isinstance(first, ast.Name) and start is not None else inner
    if not isinstance(target, ast.Name):
        return {}
    if name == "itertools.count":
        start = given.get("start", numbers[0] if numbers else 0)
        step = given.get("step", numbers[1] if len(numbers) > 1 else 1)
        return {target.id: (start, step)} if start is not None and step is not None else {}
    if name == "itertools.repeat" and numbers and numbers[0] is not None:
        return {target.id: (numbers[0], 0)}
    called = reader.values(over.args[0], scope) if name == "builtins.iter" and len(over.args) == 2 else ()
    zero = bool(called) and all(isinstance(each, Named) and each.name in ALWAYS_ZERO for each in called)
    return {target.id: (0, 0)} if zero and numbers[1] != 0 else {}


def _number(values: Values) -> Number | None:
    known = constants(values)
    return known[0] if known and len(known) == 1 and isinstance(known[0], (int, float)) else None


def among(reader: Expressions, node: ast.Compare, scope: Scope) -> bool:
    """Whether `x in count()` may look for ever: `x` is not one of the numbers."""
    target = ast.Name("x", ast.Load())
    numbers = counted(reader, target, node.comparators[0], scope)
    wanted = _number(reader.values(node.left, scope))
    if not numbers or wanted is None:
        return True
    return never(ast.Compare(target, [ast.Eq()], [ast.Constant(wanted)]), True, numbers)


def stays(reader: Expressions, given: Given, wanted: bool) -> bool:
    """Whether a lambda gives the same for all that an endless iterable counts."""
    call = given.node
    test = call.args[0] if isinstance(call, ast.Call) and len(call.args) == 2 else None
    if not (isinstance(test, ast.Lambda) and isinstance(call, ast.Call) and len(test.args.args) == 1):
        return False
    target = ast.Name(test.args.args[0].arg, ast.Load())
    numbers = counted(reader, target, call.args[1], given.scope)
    return bool(numbers) and never(test.body, not wanted, numbers)


def is_data(value: Value) -> bool:
    """Whether nothing but the code itself changes it: a number, a text, a container, a table."""
    if isinstance(value, (Const, Text, Items)) or value == DATA[0]:
        return True
    if isinstance(value, Named):
        return value.module and value.name in ("numpy", "pandas", "math")
    return isinstance(value, Instance) and top(value.of) in ("pandas", "numpy")


def is_table(value: Value) -> bool:
    """Whether it is a live frame, whose attributes are its columns."""
    return isinstance(value, Instance) and value.of == "pandas.DataFrame"


def is_dictionary(value: Value) -> bool:
    """Whether any key can be put into it."""
    return isinstance(value, Items) and value.kind == "dict"
