"""Builtins that hand values on, fetch attributes or import by name."""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from caveagent_magic.security import fold
from caveagent_magic.security.reader import Given
from caveagent_magic.security.values import (
    DATA,
    PARAMETER,
    Bound,
    Const,
    Instance,
    Items,
    Named,
    Text,
    Value,
    Values,
    constants,
    join,
)  # fmt: skip

if TYPE_CHECKING:
    from caveagent_magic.security.calls import Calls


def _getattr(calls: Calls, given: Given) -> Values | None:
    if len(given.args) < 2:
        return None
    names = constants(given.args[1])
    if names is None or not all(isinstance(name, str) for name in names):
        return None
    found = [calls.attribute(given.args[0], folded_name(str(name)), given.node) for name in names]
    return join(*found, *given.args[2:])


def folded_name(name: str) -> str:
    """An attribute's name as the compiler would spell it."""
    return unicodedata.normalize("NFKC", name) if not name.isascii() else name


def _setattr(calls: Calls, given: Given) -> Values | None:
    names = constants(given.args[1]) if len(given.args) == 3 else None
    if names is None:
        return None
    for name in names:
        calls.store_attribute(given.args[0], str(name), given.args[2], given.node)
    return DATA


def _import(calls: Calls, given: Given) -> Values | None:
    names = constants(given.args[0]) if given.args else None
    if names is None or not all(isinstance(name, str) for name in names):
        return None
    whole = len(given.args) > 3 or "fromlist" in given.keywords
    found = [calls.imported(str(name), given.node) for name in names]
    return join(
        *(
            values if whole else calls.imported(str(name).partition(".")[0], given.node)
            for values, name in zip(found, names, strict=True)
        )
    )


def _import_module(calls: Calls, given: Given) -> Values | None:
    names = constants(given.args[0]) if given.args else None
    if names is None or not all(isinstance(name, str) for name in names):
        return None
    return join(*(calls.imported(str(name), given.node) for name in names))


def _listed(calls: Calls, given: Given) -> Values | None:
    if not given.args:
        return (Items("list", ()),)
    if any(isinstance(value, Instance) and value.of == "endless" for value in given.args[0]):
        calls.record("code", ("endless for",), given.node)
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


def _repeated(calls: Calls, given: Given) -> Values | None:
    return (Instance("endless"),) if len(given.args) + len(given.keywords) == 1 else None


def _arranged(calls: Calls, given: Given) -> Values | None:
    """Products and permutations of known size; what would never be through counts as endless."""
    sizes = [_counted(values) for values in given.args]
    times = constants(given.keywords.get("repeat", ()))
    total = 1.0
    for size in sizes:
        total *= size ** (times[0] if times and isinstance(times[0], int) and times[0] < 99 else 1)
    return (Instance("endless"),) if total > MOST_ARRANGED else None


def _permuted(calls: Calls, given: Given) -> Values | None:
    size = int(min(_counted(given.args[0]), 400)) if given.args else 0
    taken = constants(given.args[1]) if len(given.args) > 1 else None
    length = taken[0] if taken and isinstance(taken[0], int) else size
    total = math.perm(size, min(length, size)) if length >= 0 else 0
    return (Instance("endless"),) if total > MOST_ARRANGED else None


def _chosen(calls: Calls, given: Given) -> Values | None:
    size = int(min(_counted(given.args[0]), 400)) if given.args else 0
    taken = constants(given.args[1]) if len(given.args) > 1 else None
    length = taken[0] if taken and isinstance(taken[0], int) else 0
    total = math.comb(size, length) if 0 <= length <= size else 0
    return (Instance("endless"),) if total > MOST_ARRANGED else None


def _counted(values: Values) -> float:
    """How many elements there are, as far as it is written out."""
    for value in values:
        if isinstance(value, Items):
            return len(value.entries)
        if isinstance(value, Const) and isinstance(value.value, str):
            return len(value.value)
        if isinstance(value, Instance) and value.of == "builtins.range" and isinstance(value.about, Const):
            return float(str(value.about.value))
    return 1


def _range(calls: Calls, given: Given) -> Values | None:
    ends = constants(given.args[-1] if len(given.args) < 3 else given.args[1]) if given.args else None
    calls.record("call", ("builtins.range",), given.node, args=given.args)
    if ends and len(ends) == 1 and isinstance(ends[0], int):
        return (Instance("builtins.range", about=Const(max(ends[0], 0))),)
    return DATA


def _drained(calls: Calls, given: Given) -> Values | None:
    if any(isinstance(value, Instance) and value.of == "endless" for value in (given.args or ((),))[0]):
        calls.record("code", ("endless for",), given.node)
    return None


def _iter(calls: Calls, given: Given) -> Values | None:
    if len(given.args) != 2:
        return _listed(calls, given)
    for callee in given.args[0]:
        calls.call_value(callee, given.but(args=()))
    return (Instance("endless"),)


def _joined(calls: Calls, given: Given) -> Values | None:
    if not given.args:
        return None
    return calls.elements(given.args[0], given.node)


def _dict(calls: Calls, given: Given) -> Values | None:
    entries: list[tuple[object | None, Values]] = list(given.keywords.items())
    for values in given.args:
        for value in values:
            if isinstance(value, Items) and value.kind == "dict":
                entries += value.entries
            elif isinstance(value, Items):
                entries.append(
                    (None, join(*(calls.elements((inner,), given.node) for inner in value.contents)) or DATA)
                )
    return (Items("dict", tuple(entries)),)


def _zipped(calls: Calls, given: Given) -> Values | None:
    columns = tuple(enumerate(calls.elements(values, given.node) for values in given.args))
    return (Items("list", ((None, (Items("tuple", columns),)),)),)


def _chained(calls: Calls, given: Given) -> Values | None:
    return (Items("list", tuple((None, calls.elements(values, given.node)) for values in given.args)),)


def _enumerated(calls: Calls, given: Given) -> Values | None:
    if not given.args:
        return None
    pair = Items("tuple", ((0, DATA), (1, calls.elements(given.args[0], given.node))))
    return (Items("list", ((None, (pair,)),)),)


def _mapped(calls: Calls, given: Given) -> Values | None:
    if len(given.args) < 2:
        return None
    elements = tuple(calls.elements(values, given.node) for values in given.args[1:])
    found = [calls.call_value(callee, given.but(args=elements, keywords={})) for callee in given.args[0]]
    return (Items("list", ((None, join(*found) if found else DATA),)),)


def _spread(calls: Calls, given: Given) -> Values | None:
    """Each element holds all the arguments of one call."""
    if len(given.args) < 2:
        return None
    found: list[Values] = []
    for element in calls.elements(given.args[1], given.node):
        known = isinstance(element, Items) and element.kind != "dict"
        args = tuple(values for _, values in element.entries) if isinstance(element, Items) else ()
        each = given.but(args=args if known else (), keywords={}, open_ended=not known)
        found += [calls.call_value(callee, each) for callee in given.args[0]]
    return (Items("list", ((None, join(*found) if found else DATA),)),)


def _filtered(calls: Calls, given: Given) -> Values | None:
    _mapped(calls, given)
    return _listed(calls, given.but(args=given.args[1:2]))


def _reduced(calls: Calls, given: Given) -> Values | None:
    if len(given.args) < 2:
        return None
    element = join(calls.elements(given.args[1], given.node), *given.args[2:])
    found = [
        calls.call_value(callee, given.but(args=(element, element), keywords={})) for callee in given.args[0]
    ]
    return join(*found, element)


def _partial(calls: Calls, given: Given) -> Values | None:
    if not given.args:
        return None
    return tuple(Bound(callee, given.args[1:], tuple(given.keywords.items())) for callee in given.args[0])


def _best(calls: Calls, given: Given) -> Values | None:
    _drained(calls, given)
    elements = calls.elements(given.args[0], given.node) if len(given.args) == 1 else join(*given.args)
    for key in given.keywords.get("key", ()):
        calls.call_value(key, given.but(args=(elements,), keywords={}))
    return elements or DATA


def _attrgetter(calls: Calls, given: Given) -> Values | None:
    for values in given.args:
        for path in constants(values) or ("?",):
            for part in str(path).split("."):
                calls.record("call", (f"?.{part}",), given.node, open_ended=True)
    return (Named("?.attrgetter"),) if all(constants(values) for values in given.args) else None


def _path(calls: Calls, given: Given) -> Values | None:
    found: Value | None = None
    for values in given.args:
        part = values[0] if len(values) == 1 else Text((None,))
        found = (
            fold.path(found, part)
            if found is not None
            else (part.about if isinstance(part, Instance) else part)
        )
    if found is not None and not isinstance(found, (Const, Text)):
        found = Text((None,), numbers=False)
    return (Instance("pathlib.Path", about=found if found is not None else Const(".")),)


def _os_join(calls: Calls, given: Given) -> Values | None:
    made = _path(calls, given)
    about = made[0].about if made and isinstance(made[0], Instance) else None
    return (about,) if about is not None else None


def _glob(calls: Calls, given: Given) -> Values | None:
    calls.record("call", ("glob.glob",), given.node, args=given.args, keywords=given.keywords)
    pattern = given.args[0] if given.args else ()
    text = pattern[0] if len(pattern) == 1 else None
    known = str(text.value) if isinstance(text, Const) else text.prefix if isinstance(text, Text) else ""
    before = known.split("*")[0]
    return (
        Instance(
            "paths",
            about=Text((before, None))
            if before
            else Text(("./", None))
            if known[:1] == "*"
            else Text((None,)),
        ),
    )


def _type(calls: Calls, given: Given) -> Values | None:
    return (
        (Named("builtins.type()", receiver=given.args[0][0] if given.args[0] else None),)
        if len(given.args) == 1
        else None
    )


def _super(calls: Calls, given: Given) -> Values | None:
    return PARAMETER


MOST_ARRANGED = 10**9
TIMING = frozenset({"time", "timeit", "capture"})


def _magic(calls: Calls, given: Given) -> Values | None:
    """A magic goes by its own name; the code that one of the timing magics runs is read as code."""
    names = constants(given.args[0]) if given.args else None
    for name in names or ("run_line_magic",):
        found = str(name).lstrip("%")
        calls.record("call", (f"%{found}",), given.node, args=given.args)
        if found in TIMING:
            _timed(calls, given)
    return DATA


def _timed(calls: Calls, given: Given) -> None:
    for text in [str(text) for values in given.args[1:] for text in constants(values) or ("?(",)]:
        code = re.sub(r"^\s*(?:-\w+\s*\d*\s+)+", "", text)
        try:
            calls.run(ast.parse(code).body, given.scope)
        except SyntaxError:
            calls.unknown("times something that cannot be read", given.node)


SPECIALS: Mapping[str, Callable[[Calls, Given], Values | None]] = {
    "builtins.getattr": _getattr, "builtins.setattr": _setattr, "builtins.__import__": _import,
    "inspect.getattr_static": _getattr, "importlib.import_module": _import_module,
    "builtins.list": _listed, "builtins.tuple": _listed, "builtins.set": _listed,
    "builtins.sorted": _listed, "builtins.reversed": _listed, "builtins.frozenset": _listed,
    "builtins.iter": _iter, "collections.deque": _listed, "builtins.next": _joined,
    "itertools.chain": _chained, "builtins.dict": _dict, "collections.OrderedDict": _dict,
    "builtins.zip": _zipped, "builtins.enumerate": _enumerated, "builtins.map": _mapped,
    "itertools.starmap": _spread, "builtins.filter": _filtered, "functools.reduce": _reduced,
    "functools.partial": _partial, "builtins.max": _best, "builtins.min": _best,
    "operator.attrgetter": _attrgetter, "operator.methodcaller": _attrgetter, "pathlib.Path": _path,
    "pathlib.PosixPath": _path, "pathlib.PurePath": _path, "os.path.join": _os_join, "glob.glob": _glob,
    "glob.iglob": _glob, "IPython.InteractiveShell.run_line_magic": _magic,
    "IPython.InteractiveShell.run_cell_magic": _magic, "IPython.InteractiveShell.magic": _magic,
    "itertools.repeat": _repeated, "itertools.product": _arranged, "itertools.permutations": _permuted,
    "itertools.combinations": _chosen, "itertools.combinations_with_replacement": _chosen,
    "builtins.range": _range, "builtins.sum": _drained, "builtins.all": _drained,
    "statistics.mean": _drained, "collections.Counter": _drained, "numpy.fromiter": _drained,
    "pandas.Series": _drained, "pandas.DataFrame": _drained, "numpy.array": _drained,
    "builtins.type": _type, "builtins.super": _super,
}  # fmt: skip
