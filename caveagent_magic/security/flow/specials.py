"""Builtins that hand values on, fetch attributes or import by name."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from caveagent_magic.security.flow import fold
from caveagent_magic.security.flow.iterating import (
    best,
    chained,
    copies,
    drained,
    enumerated,
    filtered,
    iterated,
    joined,
    listed,
    made_dict,
    mapped,
    reduced,
    repeated,
    sliced,
    spread,
    taken_while,
    unchained,
    went_on,
    zipped,
)
from caveagent_magic.security.flow.magics import magic, timed
from caveagent_magic.security.flow.reader import BY_ITSELF, MEMORY, Given
from caveagent_magic.security.flow.values import (
    DATA,
    PARAMETER,
    Bound,
    Const,
    Function,
    Instance,
    Items,
    Named,
    Text,
    Value,
    Values,
    constants,
    join,
    texts,
)  # fmt: skip
from caveagent_magic.security.flow.workers import POOL, in_threads, several
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects import live
from caveagent_magic.security.objects.still import attribute, is_a

if TYPE_CHECKING:
    from caveagent_magic.security.flow.calls import Calls


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


def _hasattr(calls: Calls, given: Given) -> Values | None:
    _getattr(calls, given)
    return None


def _updated(calls: Calls, given: Given) -> Values | None:
    """`update_wrapper(f, g)` writes the attributes of `f`."""
    if len(given.args) > 1:
        calls.store_attribute(given.args[0], "__wrapped__", given.args[1], given.node)
    return given.args[0] if given.args else None


def _entered(calls: Calls, given: Given) -> Values | None:
    """What `with` binds is what these were given."""
    for values in given.args:
        calls.hand_over(tuple(value for value in values if not isinstance(value, Named)), given.node)
    return given.args[0] if given.args else None


def _closed(calls: Calls, given: Given) -> Values | None:
    """The same, and it is closed afterwards."""
    for value in given.args[0] if given.args else ():
        called = calls.attribute((value,), "close", given.node)
        for callee in called:
            calls.call_value(callee, given.but(args=(), keywords={}))
    return _entered(calls, given)


def _isinstance(calls: Calls, given: Given) -> Values | None:
    """A protocol that can be checked fetches the attributes that it names."""
    kinds = (value for value in given.args[1] if isinstance(value, Named)) if len(given.args) > 1 else ()
    for obj in (kind.live.obj for kind in kinds if kind.live is not None):
        if is_a(obj, type) and attribute(obj, "_is_protocol") is True:
            calls.give("isinstance", given.but(args=given.args[:1]))
    return None


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


def _partial(calls: Calls, given: Given) -> Values | None:
    if not given.args:
        return None
    return tuple(Bound(callee, given.args[1:], tuple(given.keywords.items())) for callee in given.args[0])


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


def _here(calls: Calls, given: Given) -> Values | None:
    return (Instance("pathlib.Path", about=Const(".")),)


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


def _pool(calls: Calls, given: Given) -> Values | None:
    """A pool of joblib; with several workers it goes by a name of its own."""
    calls.record("call", ("joblib.parallel.Parallel",), given.node, args=given.args, keywords=given.keywords)
    number = given.args[0] if given.args else given.keywords.get("n_jobs")
    wanted = calls.workers if number is None else several(number)
    return (Instance(POOL if wanted and not in_threads(given.keywords) else "joblib.threads"),)


def _all_parallel(calls: Calls, given: Given) -> Values | None:
    """From now on a pool has workers, though nothing is said of that where it is made."""
    first = texts(given.args[0]) if given.args else []
    calls.workers |= not in_threads(given.keywords) and "threading" not in first
    return None


def _type(calls: Calls, given: Given) -> Values | None:
    """The class of something, or a new one with what a dictionary holds."""
    for value in given.args[2] if len(given.args) == 3 else ():
        for key, _ in value.entries if isinstance(value, Items) else ():
            if key in BY_ITSELF or key in MEMORY:
                calls.record("code", (f"def {key}",), given.node)
    if len(given.args) == 3:
        bases = join(*(value.contents for value in given.args[1] if isinstance(value, Items)))
        calls.record("call", ("builtins.type",), given.node, args=given.args, keywords=given.keywords)
        calls.derive(bases, given.node)
        for values in given.args:
            calls.hand_over(values, given.node)
        return (Named("builtins.type()"), *bases)
    if len(given.args) != 1:
        return None
    return join(*map(calls.class_of, given.args[0])) if given.args[0] else (Named("builtins.type()"),)


def _shown_source(calls: Calls, given: Given) -> Values | None:
    """How something is written; it is not called."""
    calls.record("call", ("inspect.getsource",), given.node, args=given.args)
    return DATA


def _vars(calls: Calls, given: Given) -> Values | None:
    """The attributes of objects of the person's classes; of anything else the rule speaks."""
    owners = given.args[0] if len(given.args) == 1 else ()
    found = [calls.own_attributes(owner) for owner in owners]
    return join(*found) if found and all(found) else None


def _super(calls: Calls, given: Given) -> Values | None:
    return PARAMETER


def _database(calls: Calls, given: Given) -> Values | None:
    """A connection that remembers its file, or that it has none."""
    calls.record(
        "call", ("sqlite3.connect",), given.node, args=given.args, keywords=given.keywords,
        open_ended=given.open_ended,
    )  # fmt: skip
    path = (given.args or (given.keywords.get("database", ()),))[0]
    return (Instance("sqlite3.Connection", about=path[0] if len(path) == 1 else None),)


def _in_memory_or_file(calls: Calls, given: Given) -> Values | None:
    """A connection of duckdb, which is in memory where no file is named."""
    calls.record(
        "call", ("duckdb.connect",), given.node, args=given.args, keywords=given.keywords,
        open_ended=given.open_ended,
    )  # fmt: skip
    path = (given.args or (given.keywords.get("database", (Const(":memory:"),)),))[0]
    about = path[0] if len(path) == 1 and not given.open_ended else None
    return (Instance("_duckdb.DuckDBPyConnection", about=about),)


def _taken_apart(calls: Calls, given: Given) -> Values | None:
    """What a function was made with comes out of its signature: its defaults and annotations."""
    for value in given.args[0] if given.args else ():
        function = value.function if isinstance(value, Bound) else value
        if isinstance(function, Function):
            arguments = function.node.args
            listed = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            found = [calls.values(arg.annotation, function.scope) for arg in listed]
            for each in (*found, *function.defaults.values()):
                calls.hand_over(each, given.node)
        elif isinstance(function, Named) and function.live is not None and own_code(function.live.obj):
            kept = (
                *(function.live.obj.__defaults__ or ()),
                *(function.live.obj.__kwdefaults__ or {}).values(),
            )
            for inner in kept:
                calls.hand_over(live.values_of(inner), given.node)
    return None


POOLS = ("joblib.", "joblib.parallel.", "sklearn.utils.parallel.")
SPECIALS: Mapping[str, Callable[[Calls, Given], Values | None]] = {
    "contextlib.nullcontext": _entered, "contextlib.closing": _closed,
    "contextlib.ExitStack.enter_context": _entered,
    "builtins.getattr": _getattr, "builtins.setattr": _setattr,
    "builtins.hasattr": _hasattr, "builtins.isinstance": _isinstance, "builtins.__import__": _import,
    "inspect.signature": _taken_apart, "inspect.getfullargspec": _taken_apart,
    "inspect.getattr_static": _getattr,
    "inspect.getsource": _shown_source, "inspect.getsourcelines": _shown_source,
    "importlib.import_module": _import_module,
    "builtins.list": listed, "builtins.tuple": listed, "builtins.set": listed,
    "builtins.sorted": listed, "builtins.reversed": listed, "builtins.frozenset": listed,
    "builtins.iter": iterated, "collections.deque": listed, "builtins.next": joined,
    "itertools.chain": chained, "itertools.chain.from_iterable": unchained, "itertools.islice": sliced,
    "itertools.tee": copies, "itertools.groupby": went_on, "itertools.pairwise": went_on,
    "itertools.dropwhile": went_on, "itertools.filterfalse": went_on, "itertools.zip_longest": went_on,
    "itertools.compress": went_on, "itertools.batched": went_on,
    **{f"{where}tqdm": went_on for where in ("tqdm.", "tqdm.auto.", "tqdm.notebook.", "tqdm.std.")},
    "itertools.accumulate": went_on,
    "builtins.dict": made_dict, "collections.OrderedDict": made_dict,
    "builtins.zip": zipped, "builtins.enumerate": enumerated, "builtins.map": mapped,
    "itertools.starmap": spread, "builtins.filter": filtered, "functools.reduce": reduced,
    "functools.partial": _partial, "builtins.max": best, "builtins.min": best,
    "operator.attrgetter": _attrgetter, "operator.methodcaller": _attrgetter, "pathlib.Path": _path,
    "pathlib.Path.cwd": _here,
    "pathlib.PosixPath": _path, "pathlib.PurePath": _path, "os.path.join": _os_join, "glob.glob": _glob,
    "glob.iglob": _glob, "IPython.InteractiveShell.run_line_magic": magic,
    "IPython.InteractiveShell.run_cell_magic": magic, "IPython.InteractiveShell.magic": magic,
    "functools.update_wrapper": _updated, "itertools.repeat": repeated, "itertools.takewhile": taken_while,
    "builtins.sum": drained, "builtins.all": drained, "builtins.any": drained,
    "statistics.mean": drained, "collections.Counter": drained, "numpy.fromiter": drained,
    "pandas.Series": drained, "pandas.DataFrame": drained, "numpy.array": drained,
    **{f"{where}Parallel": _pool for where in POOLS},
    **{f"{where}parallel_{what}": _all_parallel for where in POOLS for what in ("config", "backend")},
    "sqlite3.connect": _database, "duckdb.connect": _in_memory_or_file, "timeit.timeit": timed,
    "timeit.repeat": timed, "builtins.type": _type, "builtins.vars": _vars, "builtins.super": _super,
}  # fmt: skip
