"""What a rule is: one danger, with its reason, its names, its message and its examples in one class."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from caveagent_magic.events import Capability, Judgement
from caveagent_magic.frozen import frozen
from caveagent_magic.security.use import Kind, Span, Use

LISTS: Mapping[Kind, str] = {
    "call": "calls", "pass": "calls", "read": "reads", "import": "imports", "store": "stores"
}  # fmt: skip
"""Where a rule lists the names of which it looks at such uses."""


@frozen
class Flagged:
    """Code that the rule must find, and the name it must say."""

    source: str
    name: str = ""


@frozen
class Passes:
    """Code that looks alike and that the rule must leave alone."""

    source: str


@frozen
class Hit:
    """One finding before the policy has seen it; `target` is a path or host, None where it is not known."""

    name: str
    target: str | None = None


class Rule:
    """A danger; the docstring is the reason, `a.*` in a set of names takes in everything below `a`."""

    code: ClassVar[str]
    capability: ClassVar[Capability]
    message: ClassVar[str]  # {name}, {target} and {detail} are filled in
    calls: ClassVar[frozenset[str]] = frozenset()
    reads: ClassVar[frozenset[str]] = frozenset()
    imports: ClassVar[frozenset[str]] = frozenset()
    stores: ClassVar[frozenset[str]] = frozenset()
    decides: ClassVar[bool] = True  # whether a call of its names that it lets pass does nothing else, either
    kinds: ClassVar[frozenset[Kind]] = frozenset()  # looked at whatever their name
    beyond: ClassVar[frozenset[Kind] | None] = None
    """Of which more than the names decides; None: of all, if the rule has a `check` or `named` of its own."""
    verdict: ClassVar[Judgement] = "allow"  # the least that the verdict is, whatever the policy says
    examples: ClassVar[tuple[Flagged | Passes, ...]] = ()

    def check(self, use: Use) -> Iterable[Hit]:
        """The hits in one use; override `hits` for rules that look at arguments."""
        name = self.named(use)
        return self.hits(use, name) if name is not None else ()

    def hits(self, use: Use, name: str) -> Iterable[Hit]:
        """What a use of one of the rule's names amounts to."""
        return (Hit(shown(name)),)

    def named(self, use: Use) -> str | None:
        """The name in the use that the rule knows."""
        if use.kind in self.kinds:
            return use.names[0]
        wanted: frozenset[str] = getattr(self, LISTS[use.kind]) if use.kind in LISTS else frozenset()
        return next((name for name in use.names if fits(name, wanted)), None) if wanted else None


def shown(name: str) -> str:
    """A qualified name as a person would say it."""
    for home in ("?.", "builtins.", "__main__."):
        name = name.removeprefix(home)
    return name.removesuffix("[]")


@functools.lru_cache(maxsize=16384)
def fits(name: str, patterns: frozenset[str]) -> bool:
    """Whether the name, or `prefix.*` of it, is among the patterns."""
    return name in patterns or any(each in patterns for each in _above(name))


def _above(name: str) -> list[str]:
    """`a.*` and `a.b.*` for `a.b.c`."""
    parts = name.split(".")
    return [".".join([*parts[:end], "*"]) for end in range(1, len(parts))]


@functools.cache
def all_rules() -> tuple[Rule, ...]:
    """One instance of every rule, by code."""
    from caveagent_magic.security import rules

    for found in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        importlib.import_module(found.name)
    return tuple(
        sorted((kind() for kind in _descendants(Rule) if "code" in kind.__dict__), key=lambda rule: rule.code)
    )


def _descendants(kind: type[Rule]) -> Iterator[type[Rule]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("caveagent_magic.security.rules."):
            yield child
        yield from _descendants(child)


@functools.lru_cache(maxsize=16384)
def rules_for(kind: Kind, names: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules that may have something to say about such a use."""
    listing = _by_pattern(LISTS[kind]) if kind in LISTS else {}
    patterns = (each for name in names for each in (name, *_above(name)))
    found = {id(rule) for each in patterns for rule in listing.get(each, ())}
    probe = Use(kind, names, Span(0, 0, 0, 0))
    return tuple(
        rule
        for rule, always in _asked(kind)
        if always or id(rule) in found or (_has_its_own(rule) and rule.named(probe) is not None)
    )


@functools.cache
def _by_pattern(which: str) -> dict[str, list[Rule]]:
    """The rules by the names that they list."""
    found: dict[str, list[Rule]] = {}
    for rule in all_rules():
        for each in () if _has_its_own(rule) else getattr(rule, which):
            found.setdefault(each, []).append(rule)
    return found


@functools.cache
def _asked(kind: Kind) -> tuple[tuple[Rule, bool], ...]:
    """All rules, and whether they look at each use of that kind."""
    return tuple(
        (rule, _decides_itself(rule, kind) or (kind in rule.kinds and not _has_its_own(rule)))
        for rule in all_rules()
    )


def _has_its_own(rule: Rule) -> bool:
    return type(rule).named is not Rule.named


def _decides_itself(rule: Rule, kind: Kind) -> bool:
    if rule.beyond is not None:
        return kind in rule.beyond
    return type(rule).check is not Rule.check or _has_its_own(rule)


@functools.lru_cache(maxsize=16384)
def claimed(name: str) -> bool:
    """Whether some rule knows the name, and so decides alone whether it is harmless here."""
    return fits(name, _decided())


@functools.cache
def _decided() -> frozenset[str]:
    return frozenset().union(*(rule.calls for rule in all_rules() if rule.decides))
