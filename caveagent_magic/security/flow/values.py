"""What an expression may stand for, as far as it can be known without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import field
from typing import TYPE_CHECKING, Literal, TypeAlias

from caveagent_magic.frozen import frozen
from caveagent_magic.security.budget import TooMuch
from caveagent_magic.security.objects.alike import are_data, are_like

if TYPE_CHECKING:
    from caveagent_magic.security.flow.bindings import Scope

HEAVIEST = 40_000  # values inside a container
MOST_VALUES = 32  # of one expression; beyond that it counts as not known


class Ref:
    """A live object, compared by identity, so that nothing of it is ever called."""

    __slots__ = ("obj",)

    def __init__(self, obj: object) -> None:
        self.obj = obj

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and other.obj is self.obj

    def __hash__(self) -> int:
        return id(self.obj)


@frozen
class Named:
    """A module, function, class or method with a qualified name; `?.to_csv` is a method of who knows what."""

    name: str
    live: Ref | None = None
    module: bool = False
    written: str = ""  # the path it was reached by, where that differs: `pandas.io.common.os`
    receiver: Value | None = None  # of a method


@frozen
class Instance:
    """An object of a class with a qualified name; `about` is the text of a path.

    carries: it was made with code of the person or of the step.
    """

    of: str
    live: Ref | None = None
    about: Value | None = None
    carries: bool = False


@frozen
class Const:
    """A str, bytes, int, float, bool or None that is known."""

    value: object
    kind: type = field(init=False)  # keeps True and 1 apart

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", type(self.value))


@frozen
class Text:
    """A string of which some pieces are known, None where not."""

    pieces: tuple[str | None, ...]
    numbers: bool = False  # the unknown pieces are plain data, not text that the code put together

    @property
    def prefix(self) -> str:
        """How the string begins, as far as that is known."""
        return (self.pieces[0] or "") if self.pieces else ""


@frozen
class Items:
    """A container and what it may hold; keys are None where there are none or they are not known."""

    kind: Literal["list", "tuple", "set", "dict"]
    entries: tuple[Entry, ...]
    place: int = 0  # where it was made; whatever was made there may be the same container
    weight: int = field(init=False, compare=False, repr=False)
    hashed: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", weigh(*(values for _, values in self.entries)))
        object.__setattr__(self, "hashed", hash((self.kind, self.entries)))

    def __hash__(self) -> int:
        return self.hashed

    @property
    def contents(self) -> Values:
        """Everything that may be taken out of it."""
        return join(*(values for _, values in self.entries))

    @property
    def ordered(self) -> bool:
        """Whether it is known what is at which place."""
        return all(key == index for index, (key, _) in enumerate(self.entries))


@frozen(eq=False)
class Function:
    """A function of the code, or of the person's own source, that can be followed into its body."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: dict[str, Values]


@frozen
class Bound:
    """A function together with its first arguments: a method or a partial."""

    function: Value
    first: tuple[Values, ...]
    keywords: tuple[tuple[str, Values], ...] = ()
    weight: int = field(init=False, compare=False, repr=False)
    hashed: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        keywords = (values for _, values in self.keywords)
        object.__setattr__(self, "weight", weigh((self.function,), *self.first, *keywords))
        object.__setattr__(self, "hashed", hash((self.function, self.first, self.keywords)))

    def __hash__(self) -> int:
        return self.hashed


@frozen(eq=False)
class Class:
    """A class that the code defines."""

    name: str
    scope: Scope
    bases: Values


@frozen
class Made:
    """An object of a class that the code defines."""

    of: Class


@frozen
class Opaque:
    """Something of which only the origin is known.

    data: what computing gives; made: by a known library, so that calling it is that library's affair;
    parameter: of a function, whose callers decide; element: handed in by a library; missing: no such name;
    unresolved: could not be worked out.
    """

    origin: Literal["data", "made", "parameter", "element", "missing", "unresolved"]


Value: TypeAlias = Named | Instance | Const | Text | Items | Function | Bound | Class | Made | Opaque
Values: TypeAlias = tuple[Value, ...]
Entry: TypeAlias = tuple[object | None, Values]

DATA: Values = (Opaque("data"),)
MADE: Values = (Opaque("made"),)
PARAMETER: Values = (Opaque("parameter"),)
ELEMENT: Values = (Opaque("element"),)
MISSING: Values = (Opaque("missing"),)
UNRESOLVED: Values = (Opaque("unresolved"),)


def weigh(*several: Values) -> int:
    """How many values lie inside one another, with shared ones counted each time they are met.

    `x = [x, x]` doubles it with every step: raises `TooMuch` where walking through would take too long.
    """
    weight = 1
    for values in several:
        for value in values:
            weight += value.weight if isinstance(value, (Items, Bound)) else 1
    if weight > HEAVIEST:
        raise TooMuch
    return weight


def join(*several: Values) -> Values:
    """All possible values of several possibilities."""
    if len(several) == 1:
        return several[0]
    values = each_of(*several)
    return values if len(values) <= MOST_VALUES else (*values[:MOST_VALUES], *_beyond(values))


def each_of(*several: Values) -> Values:
    """All of several possibilities, however many they are."""
    return tuple(dict.fromkeys(value for values in several for value in values))


def _beyond(values: Values) -> Values:
    """What stands for those that are too many: data for plain values, nothing for what is like those kept."""
    kept, others = values[:MOST_VALUES], values[MOST_VALUES:]
    rest = [value for value in others if not _is_data(value)]
    if not rest:
        return DATA
    objects, known = _objects(rest), _objects(kept)
    like = len(objects) == len(rest) and are_like(objects, known)
    return () if like and len(rest) == len(others) else DATA if like else UNRESOLVED


def _is_data(value: Value) -> bool:
    """Whether it is nothing that could be called."""
    if isinstance(value, Items):
        return all(_is_data(inner) for _, values in value.entries for inner in values)
    if isinstance(value, Instance):
        return value.live is not None and are_data((value.live.obj,))
    return isinstance(value, (Const, Text)) or value == DATA[0]


def _objects(values: Iterable[Value]) -> list[object]:
    """The live objects and functions among the values."""
    live = (value.live for value in values if isinstance(value, (Instance, Named)))
    return [ref.obj for ref in live if ref is not None]


def constants(values: Values) -> list[object] | None:
    """The values as plain constants; None unless all of them are."""
    found = [value.value for value in values if isinstance(value, Const)]
    return found if found and len(found) == len(values) else None


def texts(values: Values) -> list[str]:
    """The strings among the values, and in the containers among them."""
    found: list[str] = []
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, str):
            found.append(value.value)
        elif isinstance(value, Items):
            found += [key for key, _ in value.entries if isinstance(key, str)]
            found += texts(value.contents)
    return found
