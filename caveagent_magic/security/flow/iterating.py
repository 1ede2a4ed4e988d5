"""Builtins that go through what they are given: containers, iterators and what calls a function for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caveagent_magic.security.flow.endless import is_endless, stays
from caveagent_magic.security.flow.reader import Given
from caveagent_magic.security.flow.values import (
    DATA,
    Const,
    Instance,
    Items,
    Values,
    join,
)  # fmt: skip

if TYPE_CHECKING:
    from caveagent_magic.security.flow.calls import Calls


def listed(calls: Calls, given: Given) -> Values | None:
    """A container of what goes through an iterable."""
    if not given.args:
        return (Items("list", ()),)
    drained(calls, given)
    for key in given.keywords.get("key", ()):
        calls.call_value(key, given.but(args=(calls.elements(given.args[0], given.node),), keywords={}))
    if not any(isinstance(value, (Items, Const)) for value in given.args[0]):
        return (Items("list", ((None, calls.elements(given.args[0], given.node)),)),)
    entries = [
        entry
        for value in given.args[0]
        if isinstance(value, Items) and value.kind != "dict"
        for entry in value.entries
    ]
    if not entries:
        entries = [(None, calls.elements(given.args[0], given.node))]
    return (Items("list", tuple((None, values) for _, values in entries)),)


def _endless(iterated: tuple[Values, ...]) -> bool:
    """Whether each of the iterables, and so what goes through all of them, never ends."""
    return bool(iterated) and all(map(is_endless, iterated))


def _going_on(found: Items, iterated: tuple[Values, ...]) -> Values:
    return (found, Instance("endless")) if _endless(iterated) else (found,)


def repeated(calls: Calls, given: Given) -> Values | None:
    """`repeat(x)` without a number never ends."""
    return (Instance("endless"),) if len(given.args) + len(given.keywords) == 1 else None


def drained(calls: Calls, given: Given) -> Values | None:
    """What goes through all of an iterable never ends if that does not."""
    if _endless(given.args[:1]):
        calls.record("code", ("endless for",), given.node)
    return None


def iterated(calls: Calls, given: Given) -> Values | None:
    """`iter(x)`, or `iter(f, last)`, which calls `f`."""
    if len(given.args) != 2:
        return listed(calls, given)
    for callee in given.args[0]:
        calls.call_value(callee, given.but(args=()))
    return (Instance("endless"),)


def joined(calls: Calls, given: Given) -> Values | None:
    """One of the elements."""
    if not given.args:
        return None
    return calls.elements(given.args[0], given.node)


def made_dict(calls: Calls, given: Given) -> Values | None:
    """A dictionary of pairs and keywords."""
    drained(calls, given)
    entries: list[tuple[object | None, Values]] = list(given.keywords.items())
    for values in given.args:
        for value in values:
            if isinstance(value, Items) and value.kind == "dict":
                entries += value.entries
            elif isinstance(value, Items):
                entries.append(
                    (None, join(*(calls.elements((inner,), given.node) for inner in value.contents)) or DATA)
                )
            else:
                entries.append((None, DATA))
    return (Items("dict", tuple(entries)),)


def zipped(calls: Calls, given: Given) -> Values | None:
    """Tuples of an element of each."""
    columns = tuple(enumerate(calls.elements(values, given.node) for values in given.args))
    return _going_on(Items("list", ((None, (Items("tuple", columns),)),)), given.args)


def chained(calls: Calls, given: Given) -> Values | None:
    """The elements of all, which never end if those of one do not."""
    found = Items("list", tuple((None, calls.elements(values, given.node)) for values in given.args))
    return _going_on(found, tuple(filter(is_endless, given.args)))


def unchained(calls: Calls, given: Given) -> Values | None:
    """The elements of the elements."""
    inside = calls.elements(given.args[0], given.node) if given.args else ()
    found = Items("list", ((None, calls.elements(inside, given.node)),))
    return _going_on(found, tuple(filter(is_endless, (*given.args, inside))))


def went_on(calls: Calls, given: Given) -> Values | None:
    """What gives something for each element goes on as long as those do."""
    endless = any(map(is_endless, (*given.args, *given.keywords.values())))
    return join(listed_lazily(calls, given), (Instance("endless"),)) if endless else None


def copies(calls: Calls, given: Given) -> Values | None:
    """`tee(x)` gives iterators that go on as long as that one."""
    found = went_on(calls, given)
    return (Items("tuple", ((0, found), (1, found))),) if found is not None else None


def listed_lazily(calls: Calls, given: Given) -> Values:
    """What may go through, one by one."""
    found = [calls.elements(values, given.node) for values in (*given.args, *given.keywords.values())]
    return (Items("list", ((None, join(*found)),)),)


def sliced(calls: Calls, given: Given) -> Values | None:
    """`islice(x, n, None)` goes on as long as `x`; any other ends."""
    ends = given.args[2:3] if len(given.args) > 2 else given.args[1:2]
    for_ever = bool(ends) and ends[0] == (Const(None),)
    return went_on(calls, given) if for_ever and is_endless(given.args[0]) else None


def enumerated(calls: Calls, given: Given) -> Values | None:
    """The elements with their numbers."""
    if not given.args:
        return None
    pair = Items("tuple", ((0, DATA), (1, calls.elements(given.args[0], given.node))))
    return _going_on(Items("list", ((None, (pair,)),)), given.args[:1])


def mapped(calls: Calls, given: Given) -> Values | None:
    """A function is called with the elements."""
    if len(given.args) < 2:
        return None
    elements = tuple(calls.elements(values, given.node) for values in given.args[1:])
    found = [calls.call_value(callee, given.but(args=elements, keywords={})) for callee in given.args[0]]
    return _going_on(Items("list", ((None, join(*found) if found else DATA),)), given.args[1:])


def spread(calls: Calls, given: Given) -> Values | None:
    """Each element holds all the arguments of one call."""
    if len(given.args) < 2:
        return None
    found: list[Values] = []
    for element in calls.elements(given.args[1], given.node):
        known = isinstance(element, Items) and element.kind != "dict"
        args: tuple[Values, ...] = ()
        if isinstance(element, Items):
            args = tuple(values if element.ordered else element.contents for _, values in element.entries)
        each = given.but(args=args if known else (), keywords={}, open_ended=not known)
        found += [calls.call_value(callee, each) for callee in given.args[0]]
    return _going_on(Items("list", ((None, join(*found) if found else DATA),)), given.args[1:2])


def taken_while(calls: Calls, given: Given) -> Values | None:
    """The elements up to the first for which a function says no."""
    if _endless(given.args[1:2]) and stays(calls, given, True):
        calls.record("code", ("endless for",), given.node)
    return filtered(calls, given) if not _endless(given.args[1:2]) else None


def filtered(calls: Calls, given: Given) -> Values | None:
    """A function is called with the elements, which are handed on."""
    if _endless(given.args[1:2]) and stays(calls, given, False):
        calls.record("code", ("endless for",), given.node)
    found = mapped(calls, given) or ()
    if Instance("endless") in found:
        return found
    return listed(calls, given.but(args=given.args[1:2]))


def reduced(calls: Calls, given: Given) -> Values | None:
    """A function is called with pairs of elements."""
    if len(given.args) < 2:
        return None
    drained(calls, given.but(args=given.args[1:2]))
    element = join(calls.elements(given.args[1], given.node), *given.args[2:])
    found = [
        calls.call_value(callee, given.but(args=(element, element), keywords={})) for callee in given.args[0]
    ]
    return join(*found, element)


def best(calls: Calls, given: Given) -> Values | None:
    """One of the elements, by a key."""
    drained(calls, given)
    elements = calls.elements(given.args[0], given.node) if len(given.args) == 1 else join(*given.args)
    for key in given.keywords.get("key", ()):
        calls.call_value(key, given.but(args=(elements,), keywords={}))
    return elements or DATA
