"""What all readers of code share: noting uses, and handing values over to where they are not followed."""

from __future__ import annotations

import ast
import dataclasses
import functools
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from caveagent_magic.frozen import frozen
from caveagent_magic.security.budget import Budget
from caveagent_magic.security.flow.bindings import Scope
from caveagent_magic.security.flow.values import (
    Bound,
    Class,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Opaque,
    Value,
    Values,
)
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects.public import canonical
from caveagent_magic.security.use import Kind, Span, Use
from caveagent_magic.security.vocabulary import names

TALKING = names(
    """
    _repr_html_ _repr_javascript_ _repr_svg_ _repr_latex_ _repr_markdown_ _repr_mimebundle_
    _ipython_display_ _doc_link_template _get_doc_link
    """
)
"""Methods that the display system calls."""
BY_ITSELF = TALKING | {"__del__"}
"""Methods that nobody needs to call for them to have their effect."""

MEMORY = names("__array_interface__ __array_struct__ __cuda_array_interface__ __dlpack__")
"""Attributes by which an object says which memory to read, whosoever it is."""

OF_THE_SYSTEM = names("os sys subprocess shutil socket builtins importlib ctypes posix pickle runpy pty")
"""Modules that others import, so that they can be had from them."""


@frozen
class Given:
    """The arguments of a call."""

    node: ast.AST
    scope: Scope
    args: tuple[Values, ...]
    keywords: Mapping[str, Values]
    open_ended: bool

    def but(self, **changes: Any) -> Given:
        """The same call with other arguments."""
        return dataclasses.replace(self, **changes)


class Reader:
    """Notes the uses met on the way."""

    tree: ast.Module

    def __init__(self, namespace: Mapping[str, object], budget: Budget) -> None:
        self.namespace = namespace
        self.budget = budget
        self.uses: list[Use] = []
        self.elsewhere: tuple[Span, str] | None = None  # set while a function of the person's is followed
        self.following: list[ast.AST] = []
        self.generating: list[bool] = []  # whether the functions that are followed give elements for ever
        self.classes: dict[int, Class] = {}  # by the scope of their bodies

    @functools.cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """All of the tree, the outer ones first."""
        return list(ast.walk(self.tree))

    def record(self, kind: Kind, names: tuple[str, ...], node: ast.AST, **more: object) -> None:
        """Note one use; inside a followed function it belongs to the place that calls it."""
        self.budget.spend()
        span, via = self.elsewhere or (span_of(node), "")
        self.uses.append(Use(kind, names, span, via=via, **more))  # type: ignore[arg-type]

    def unknown(self, detail: str, node: ast.AST) -> None:
        """Note that something could not be worked out."""
        self.record("unknown", ("unknown",), node, detail=detail)

    def hand_over(self, values: Values, node: ast.AST) -> None:
        """Values go where they cannot be followed: whatever they can do counts as done."""
        self.budget.spend()
        for value in values:
            if isinstance(value, Named) and value.live is not None and own_code(value.live.obj):
                self.call_back(value, node)
            elif isinstance(value, Named):
                self.record(
                    "pass", names_of(value), node, receiver=(value.receiver,) if value.receiver else ()
                )
            elif isinstance(value, Items):
                for each in dict.fromkeys(inner for _, values in value.entries for inner in values):
                    self.hand_over((each,), node)
            elif isinstance(value, Instance) and value.live is not None:
                self.record("pass", (value.of,), node)
                self.act_on(value.live.obj, node)
                self.called(value.live.obj, node)
            elif isinstance(value, Made):
                self.use_made(value, node)
            elif isinstance(value, (Function, Bound)):
                self.call_back(value, node)

    # ------------------------------------------------------------ what the layers above give

    def values(self, node: ast.expr | None, scope: Scope) -> Values:
        """What the expression may stand for."""
        raise NotImplementedError

    def touch(self, value: Instance | Named, node: ast.AST) -> None:
        """A live object is used: what its class does by hooks, and the code that it holds, counts as done."""
        raise NotImplementedError

    def act_on(self, obj: object, node: ast.AST) -> None:
        """A method of a live object is called, or it is handed on: what it was set up with counts."""
        raise NotImplementedError

    def called(self, obj: object, node: ast.AST) -> None:
        """A live object goes where it may be called."""
        raise NotImplementedError

    def use_made(self, value: Made, node: ast.AST) -> None:
        """An object of a class of the step goes somewhere."""
        raise NotImplementedError

    def home_of(self, owner: Instance, name: str) -> str:
        """The class that has the method: that of a library from which the person's is derived."""
        raise NotImplementedError

    def of_hidden(self, name: str) -> Values:
        """The person's methods of that name that objects have which lie where nothing is followed."""
        raise NotImplementedError

    def parametrized(self, owner: Named | Class, node: ast.AST) -> Values:
        """What `K[x]` gives where `K` is, or is derived from, a class of the person's."""
        raise NotImplementedError

    def own_class_of(self, value: Value) -> Values:
        """The class of an object, where it is the person's or the step's."""
        raise NotImplementedError

    def read_property(self, owner: Instance, name: str, node: ast.AST) -> Values | None:
        """What a property of the person's own class gives; None if it is none."""
        raise NotImplementedError

    def show_tables(self, node: ast.AST) -> None:
        """Frames are shown with what is in their cells as it is."""
        raise NotImplementedError

    def note_pending(self, values: Values, node: ast.AST) -> None:
        """What a live connection of SQLite's has not written down yet is written, or given up."""
        raise NotImplementedError

    def ask_module(self, owner: Value, name: str, node: ast.AST) -> Values | None:
        """What a module of the person's gives by its `__getattr__`; None if it has none."""
        raise NotImplementedError

    def is_looked_for(self, node: ast.Constant) -> bool:
        """Whether a text of the code is only looked for in others."""
        raise NotImplementedError

    def is_told(self, node: ast.Name, of_person: bool) -> bool:
        """Whether the text behind a name is only looked at there, or, if it is the person's, taken apart."""
        raise NotImplementedError

    def ask_accessor(self, name: str, node: ast.AST) -> Values:
        """What frames give under a name that the person has registered; nothing if there is none."""
        raise NotImplementedError

    def call_back(self, value: Value, node: ast.AST, last: tuple[Values, ...] = ()) -> None:
        """A library will call it with what we do not know, and maybe with arguments that it was told."""
        raise NotImplementedError

    def call(self, node: ast.Call, scope: Scope) -> Values:
        """What a call gives."""
        raise NotImplementedError

    def make_function(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope
    ) -> Function:
        """A function value with its defaults worked out."""
        raise NotImplementedError

    def assign(self, target: ast.expr, values: Values, scope: Scope) -> None:
        """Bind a target of any shape."""
        raise NotImplementedError

    def store_name(self, name: str, values: Values, node: ast.AST, scope: Scope) -> None:
        """`name = value`."""
        raise NotImplementedError

    def store_attribute(self, owners: Values, name: str, values: Values, node: ast.AST) -> None:
        """`owner.name = value`."""
        raise NotImplementedError

    def imported(self, name: str, node: ast.AST) -> Values:
        """The module that an import gives."""
        raise NotImplementedError

    def run(self, body: list[ast.stmt], scope: Scope) -> None:
        """Read statements in order."""
        raise NotImplementedError

    def call_value(self, callee: Value, given: Given) -> Values:
        """What calling one of the possible callees gives."""
        raise NotImplementedError


def names_of(value: Named) -> tuple[str, ...]:
    """Every name that a rule may know it by."""
    names = [canonical(value.name), value.name, value.written]
    if value.live is None:
        names.append(_through(value.name))
    last = value.name.rpartition(".")[2]
    if (
        isinstance(value.receiver, (Instance, Opaque, Made, Named))
        and not (isinstance(value.receiver, Named) and value.receiver.module)
    ) or last.startswith("__"):
        names.append(f"?.{last}")
    return tuple(dict.fromkeys(name for name in names if name))


def _through(name: str) -> str:
    """`os.environ` for `click.core.os.environ`: a module of the system, had from one not loaded yet."""
    first, *inner = name.split(".")
    place = next((place for place, part in enumerate(inner[:-1]) if part in OF_THE_SYSTEM), None)
    return "" if place is None or first in sys.stdlib_module_names else ".".join(inner[place:])


def span_of(node: ast.AST) -> Span:
    """Where a node is; byte columns are turned into characters by the judge."""
    line = getattr(node, "lineno", 1)
    column = getattr(node, "col_offset", 0)
    return Span(
        line,
        column,
        getattr(node, "end_lineno", None) or line,
        getattr(node, "end_col_offset", None) or column,
    )
