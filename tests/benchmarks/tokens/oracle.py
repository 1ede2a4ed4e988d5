"""The code that an oracle writes for the right calls of a task: it prints what it needs later, no more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

LEAST = 4  # characters of a value that can be told apart from others by chance
VARIABLES = {"find_user_id_by_name_zip": "user_id", "find_user_id_by_email": "user_id"}
Step = tuple[str, Any]  # ("attribute" | "index" | "key", which)


@dataclass(frozen=True, slots=True)
class Action:
    """One right call, what it gave, and whether it changes the world."""

    name: str
    arguments: Mapping[str, Any]
    result: Any  # the object itself
    content: str  # as the environment tells it in JSON
    writes: bool
    failed: bool

    @property
    def call(self) -> dict[str, Any]:
        """As JSON function calling has it."""
        return {"name": self.name, "arguments": dict(self.arguments)}


@dataclass(slots=True)
class Phase:
    """Calls that need no look at results in between."""

    writes: bool
    places: list[int] = field(default_factory=list)


def phases(actions: Sequence[Action], words: str, *, choices_break: bool) -> list[Phase]:
    """Runs of reads and runs of writes; on request broken where one read's choice among others is needed."""
    found: list[Phase] = []
    for place, action in enumerate(actions):
        starts = not found or found[-1].writes != action.writes or actions[place - 1].failed
        if not starts and choices_break and not action.writes:
            starts = any(
                _is_choice(path)
                for leaf in leaves(action.arguments)
                if leaf not in words
                for path in _paths_among(actions, found[-1].places, leaf)
            )
        if starts:
            found.append(Phase(action.writes))
        found[-1].places.append(place)
    return found


def levels(actions: Sequence[Action], words: str) -> list[list[int]]:
    """Groups of calls that a JSON agent can make in parallel: none needs a result of its own group."""
    level: list[int] = []
    for place, action in enumerate(actions):
        own, lowest = leaves(action.arguments), 0
        for earlier, before in enumerate(actions[:place]):
            needs = any(leaf in before.content and leaf not in words for leaf in own)
            if needs or action.writes != before.writes:
                lowest = max(lowest, level[earlier] + 1)
        level.append(lowest)
    return [[place for place, at in enumerate(level) if at == wanted] for wanted in sorted(set(level))]


def leaves(value: Any) -> set[str]:
    """The values inside arguments that could come from an earlier result."""
    if isinstance(value, Mapping):
        return {leaf for each in value.values() for leaf in leaves(each)}
    if isinstance(value, list | tuple):
        return {leaf for each in value for leaf in leaves(each)}
    return {str(value)} if len(str(value)) >= LEAST else set()


class Coder:
    """Writes the blocks of one task; knows which variables hold what."""

    def __init__(self, actions: Sequence[Action], words: str) -> None:
        self._actions, self._words = actions, words
        self._names = _variable_names(actions)

    def block(
        self, places: Sequence[int], prints: Literal["needed", "everything"], *, keeps: bool = True
    ) -> str:
        """The code of one reply; with `keeps` it may use variables of earlier blocks."""
        lines = [line for place in places for line in self._lines(place, places, prints, keeps)]
        return "```python\n" + "\n".join(lines) + "\n```"

    def _lines(self, place: int, block: Sequence[int], prints: str, keeps: bool) -> Iterator[str]:
        action, variable = self._actions[place], self._names[place]
        known = [at for at in range(place) if at in block or keeps]
        call = f"{action.name}({self._arguments(action, block, known)})"
        if prints == "everything":
            used = any(variable in self._arguments(self._actions[at], block, block[:index])
                       for index, at in enumerate(block) if at > place)  # fmt: skip
            yield from (f"{variable} = {call}", f"print({variable})") if used else (f"print({call})",)
            return
        if action.writes or isinstance(action.result, str):
            yield from self._said(action, variable, call, place)
            return
        yield f"{variable} = {call}"
        shown = self._needed(place)
        if shown:
            yield f"print({shown})"

    def _said(self, action: Action, variable: str, call: str, place: int) -> Iterator[str]:
        """A call of which a word is enough: what it changed, or a result that is a text."""
        if isinstance(action.result, str) and self._is_used(place):
            yield f"{variable} = {call}"
        elif isinstance(action.result, str):
            yield f"print({call})"
        else:
            yield f"print({call}.{_word(action.result)})"

    def _is_used(self, place: int) -> bool:
        result = self._actions[place].result
        return any(result in leaves(later.arguments) for later in self._actions[place + 1 :])

    def _arguments(self, action: Action, block: Sequence[int], known: Sequence[int]) -> str:
        given = [(name, self._expression(value, block, known)) for name, value in action.arguments.items()]
        if len(given) == 1:
            return given[0][1]
        return ", ".join(f"{name}={text}" for name, text in given)

    def _expression(self, value: Any, block: Sequence[int], known: Sequence[int]) -> str:
        if isinstance(value, Mapping):
            inner = (f"{key!r}: {self._expression(each, block, known)}" for key, each in value.items())
            return "{" + ", ".join(inner) + "}"
        if isinstance(value, list):
            return f"[{', '.join(self._expression(each, block, known) for each in value)}]"
        text = str(value)
        if len(text) < LEAST or not isinstance(value, str):
            return repr(value)
        held = [place for place in known if not self._actions[place].writes]
        for place in held:
            if self._actions[place].result == value:
                return self._names[place]
        if text in self._words or any(text in self._actions[at].content for at in range(block[0])):
            return repr(value)  # said by the customer, or shown by an earlier block
        for place in held:
            if place in block and (path := next(_paths(self._actions[place].result, text), None)):
                return _text(self._names[place], path, self._actions[place].result)
        return repr(value)

    def _needed(self, place: int) -> str:
        """The fields of a result that are needed later, for all of its rows; else a word about it."""
        result, name = self._actions[place].result, self._names[place]
        later = {leaf for action in self._actions[place + 1 :] for leaf in leaves(action.arguments)}
        wanted = [path for leaf in sorted(later - {*self._known_words()}) for path in _paths(result, leaf)]
        shown = [f"{name}.status"] if hasattr(result, "status") else []
        options = [path for path in wanted if path[:1] == (("attribute", "variants"),)]
        if options:
            shown.append(self._variants(name, result, {path[1][1] for path in options}))
            wanted = [path for path in wanted if path not in options]
        tree: dict[Step, Any] = {}
        for path in wanted:
            branch = tree
            for step in path:
                branch = branch.setdefault(_for_all(step), {})
        return ", ".join([*shown, *_projection(tree, name, result)])

    def _known_words(self) -> Iterator[str]:
        for action in self._actions:
            yield from (leaf for leaf in leaves(action.arguments) if leaf in self._words)

    def _variants(self, name: str, product: Any, wanted: set[str]) -> str:
        """By their options where the customer named these, else all that can be had."""
        words = self._words.lower()
        options = [product.variants[each].options for each in sorted(wanted)]
        if all(str(value).lower() in words for each in options for value in each.values()):
            asked = f"== {options[0]}" if len(options) == 1 else f"in {options}"
            return f"[k for k, v in {name}.variants.items() if v.options {asked}]"
        return f"{{k: (v.options, v.price) for k, v in {name}.variants.items() if v.available}}"


def _variable_names(actions: Sequence[Action]) -> list[str]:
    seen: Counter[str] = Counter()
    names = []
    for action in actions:
        base = VARIABLES.get(action.name) or (
            "found" if isinstance(action.result, str | list) else type(action.result).__name__.lower()
        )
        seen[base] += 1
        names.append(base if seen[base] == 1 else f"{base}{seen[base]}")
    return names


def _word(result: Any) -> str:
    return next(name for name in ("status", "reservation_id", "address", "user_id") if hasattr(result, name))


def _is_choice(path: tuple[Step, ...]) -> bool:
    return any(kind != "attribute" for kind, _ in path)


def _paths_among(actions: Sequence[Action], places: Sequence[int], leaf: str) -> Iterator[tuple[Step, ...]]:
    for place in places:
        yield from _paths(actions[place].result, leaf)


def _paths(thing: Any, leaf: str) -> Iterator[tuple[Step, ...]]:
    """Where in an object a value stands; a key of a mapping is a place of its own."""
    if isinstance(thing, Mapping):
        for key, each in thing.items():
            if str(key) == leaf:
                yield (("key", key),)
                continue
            yield from ((("key", key), *rest) for rest in _paths(each, leaf))
    elif isinstance(thing, list | tuple):
        for index, each in enumerate(thing):
            yield from ((("index", index), *rest) for rest in _paths(each, leaf))
    elif hasattr(thing, "model_fields"):
        for name in type(thing).model_fields:
            yield from ((("attribute", name), *rest) for rest in _paths(getattr(thing, name), leaf))
    elif str(thing) == leaf:
        yield ()


def _access(name: str, path: tuple[Step, ...]) -> str:
    if path and path[-1][0] == "key":
        return repr(path[-1][1])  # what a key is called is what it is
    for kind, which in path:
        name += f".{which}" if kind == "attribute" else f"[{which!r}]"
    return name


def _text(name: str, path: tuple[Step, ...], thing: Any) -> str:
    """The access as text: what the call takes as text may stand there as a number."""
    access = _access(name, path)
    for kind, which in path if path[-1:] and path[-1][0] != "key" else ():
        thing = getattr(thing, which) if kind == "attribute" else thing[which]
    return access if access.startswith(("'", '"')) or isinstance(thing, str) else f"str({access})"


def _for_all(step: Step) -> Step:
    return step if step[0] == "attribute" else (step[0], None)


def _projection(tree: Mapping[Step, Any], name: str, thing: Any) -> list[str]:
    """Expressions that give the fields of a tree, of every row where it branches into rows."""
    found = []
    for (kind, which), below in tree.items():
        if kind == "attribute":
            inner = getattr(thing, which)
            found += _projection(below, f"{name}.{which}", inner) if below else [f"{name}.{which}"]
            continue
        if not below:
            found.append(f"list({name})" if kind == "key" else name)
            continue
        rows = list(thing.values()) if kind == "key" else list(thing)
        each = "x" if "x" not in name else "y"
        fields = _projection(below, each, rows[0])
        if kind == "index" and hasattr(rows[0], "name") and f"{each}.name" not in fields:
            fields.insert(0, f"{each}.name")
        row = f"({', '.join(fields)})" if len(fields) > 1 else fields[0]
        source = f"{name}.values()" if kind == "key" else name
        found.append(f"[{row} for {each} in {source}]")
    return found


def parsed(content: str) -> Any:
    """A result as data, or its text."""
    try:
        return json.loads(content)
    except ValueError:
        return content
