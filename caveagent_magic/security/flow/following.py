"""Functions and classes of the code, followed into their bodies."""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping, Sequence

from caveagent_magic.security.budget import Budget
from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.expressions import Expressions
from caveagent_magic.security.flow.reader import Given
from caveagent_magic.security.flow.values import (
    DATA,
    ELEMENT,
    PARAMETER,
    Bound,
    Class,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Value,
    Values,
    join,
)
from caveagent_magic.security.objects.members import LookedAt
from caveagent_magic.security.objects.still import is_a
from caveagent_magic.security.use import Span

DEEPEST = 8  # functions followed into one another


class Following(Expressions):
    """Follows functions."""

    def __init__(self, namespace: Mapping[str, object], budget: Budget) -> None:
        super().__init__(namespace, budget)
        self.functions: list[Function] = []
        self.followed: set[int] = set()  # nodes of functions whose bodies were read
        self.touched: set[tuple[int, object]] = set()  # classes, by identity, and what was followed of them
        self.touched_objects: set[int] = set()
        self.acted_on: set[int] = set()  # objects, by identity
        self.compiled: set[tuple[int, tuple[Values, ...]]] = set()  # functions without source, and on what
        self.shown: bool | None = None  # whether tables that the code names hold markup
        self.registered: dict[str, type] | None = None  # what the person has registered for frames
        self.native: tuple[ast.AST, tuple[Span, str] | None] | None = None  # where native code is asked
        self.outermost: Scope | None = None  # of the code
        self.hidden: dict[int, object] = {}  # one object of each class, out of cells and containers
        self.own_classes: dict[int, bool] = {}
        self.looked: LookedAt = {}
        self.holding: dict[int, tuple[object, Sequence[object]]] = {}  # what objects hold, by their identity
        self.quiet: dict[int, type] = {}  # whose objects run nothing of the person's when they are used
        self.live_functions: dict[int, Function] = {}
        self.making: list[Class] = []  # bases of which an object is made
        self.memory: dict[object, Values] = {}
        self.workers = False  # whether libraries were told to spread their work over processes
        self.returned: list[list[Values]] = []

    def make_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope
    ) -> Function:
        """A function value with its defaults worked out."""
        given = node.args
        positional = [*given.posonlyargs, *given.args]
        pairs = list(zip(reversed(positional), reversed(given.defaults), strict=False))
        pairs += [
            (arg, value) for arg, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value
        ]
        defaults = {arg.arg: self.values(value, scope) for arg, value in pairs}
        for arg in (*positional, *given.kwonlyargs):
            self.annotation(arg.annotation, scope)
        function = Function(node, scope, defaults)
        if self.elsewhere is None:
            self.functions.append(function)
        return function

    def follow(self, function: Function, given: Given) -> Values:
        """Read the body with these arguments, and give what it may return."""
        if function.node in self.following:  # what it is given this time may be called in there
            self._hand_all(given)
            return ()
        if len(self.following) >= DEEPEST:
            self.unknown("calls go deeper than is followed", given.node)
            return DATA
        keywords = tuple(sorted(given.keywords.items()))
        key = (id(function), given.args, keywords, given.open_ended, self.changes)
        if key in self.memory:
            return self.memory[key]
        scope = Scope(function.scope.namespace, function.scope)
        self._bind_parameters(function, given, scope)
        self.followed.add(id(function.node))
        self.following.append(function.node)
        self.returned.append([])
        self.generating.append(False)
        try:
            if isinstance(function.node, ast.Lambda):
                self.returned[-1].append(self.values(function.node.body, scope))
            else:
                self.run(function.node.body, scope)
        finally:
            self.following.pop()
            found = self.returned.pop()
            for_ever = self.generating.pop()
        self.memory[key] = join(*found) if found else DATA
        if for_ever:
            self.memory[key] = (Instance("endless"),)
        return self.memory[key] or DATA

    def _bind_parameters(self, function: Function, given: Given, scope: Scope) -> None:
        arguments = function.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        rest = PARAMETER if given.open_ended else ()
        keywords = dict(given.keywords)
        for index, arg in enumerate([*positional, *arguments.kwonlyargs]):
            if index < min(len(given.args), len(positional)):
                values = given.args[index]
                if values == ELEMENT:  # a library may leave it out
                    values = join(values, function.defaults.get(arg.arg, ()))
            elif arg.arg in keywords:
                values = keywords.pop(arg.arg)
            else:
                values = join(function.defaults.get(arg.arg, ()), rest) or PARAMETER
            scope.bind(arg.arg, values)
        if arguments.vararg:
            extra = given.args[len(positional) :]
            scope.bind(
                arguments.vararg.arg, (Items("tuple", tuple(enumerate(extra))),) if extra else PARAMETER
            )
        if arguments.kwarg:
            scope.bind(
                arguments.kwarg.arg,
                (Items("dict", tuple(keywords.items()), id(arguments.kwarg)),) if keywords else PARAMETER,
            )

    def call_back(self, value: Value, node: ast.AST, last: tuple[Values, ...] = ()) -> None:
        """A library will call it with what we do not know, and maybe with arguments that it was told."""
        function = value.function if isinstance(value, Bound) else value
        count = _parameters(function)
        first = value.first if isinstance(value, Bound) else ()
        unknown = tuple(ELEMENT for _ in range(count - len(first) - len(last)))
        given = Given(node, Scope({}), (*first, *unknown, *last), {}, False)
        found = self.call_value(function, given)
        self.hand_over(found, node)
        self.give("?.", Given(node, Scope({}), (found,), {}, False))

    def read_uncalled(self) -> None:
        """Read what somebody else will call: what the code only defines, and what Python calls by itself.

        The parameters are up to the callers, and what it returns goes where it is not followed.
        """
        for function in self.functions:
            if id(function.node) not in self.followed or _called_by_python(function):
                given = Given(function.node, function.scope, self._itself(function), {}, True)
                found = self.follow(function, given)
                self.hand_over(found, function.node)

    def _itself(self, function: Function) -> tuple[Values, ...]:
        """What Python hands to a method as its first argument."""
        kind = self.classes.get(id(function.scope))
        return () if kind is None else ((Made(kind), kind, *PARAMETER),)

    def _make(self, kind: Class, given: Given, of: Made | None = None) -> Values:
        made = of or Made(kind)
        for name in ("__new__", "__init__", "__post_init__"):
            for method in kind.scope.ever.get(name, ()):
                if isinstance(method, Function):
                    self.follow(method, given.but(args=((made,), *given.args)))
        if not any(name in kind.scope.ever for name in ("__init__", "__new__")):
            self._hand_all(given)
        for base in kind.bases:
            self._make_base(base, given, made)
        return (made,)

    def give(self, name: str, given: Given) -> None:
        raise NotImplementedError

    def _make_base(self, base: Value, given: Given, made: Made) -> None:
        raise NotImplementedError

    def _hand_all(self, given: Given) -> None:
        for values in (*given.args, *given.keywords.values()):
            self.hand_over(values, given.node)


def _called_by_python(function: Function) -> bool:
    """Whether operators, attributes or a decorator may call it: `__getitem__`, a property, `__enter__`."""
    node = function.node
    if isinstance(node, ast.Lambda):
        return False
    return bool(node.decorator_list) or (node.name.startswith("__") and node.name != "__init__")


def _parameters(function: Value) -> int:
    if isinstance(function, Function):
        return len(function.node.args.posonlyargs) + len(function.node.args.args)
    if (
        isinstance(function, Named)
        and function.live is not None
        and is_a(function.live.obj, types.FunctionType)
    ):
        return function.live.obj.__code__.co_argcount
    return 1
