"""The person's functions that libraries call by themselves: for warnings, errors, and what is shown."""

from __future__ import annotations

import builtins
import codecs
import copyreg
import sys
import types
from collections.abc import Iterable, Iterator, Set
from typing import Any

from caveagent_magic.security.known import module_dict, own_code
from caveagent_magic.security.objects.members import LookedAt, look_at, own_functions
from caveagent_magic.security.objects.still import Kinds, instance_dict, is_a, mro
from caveagent_magic.security.vocabulary import names

PATCHED = {
    "pandas": names(
        """
        pandas.DataFrame pandas.Series pandas.Index pandas.core.groupby.DataFrameGroupBy
        pandas.core.groupby.SeriesGroupBy pandas.core.indexing._LocIndexer pandas.core.indexing._iLocIndexer
        """
    ),
    "matplotlib": names("matplotlib.axes.Axes matplotlib.figure.Figure"),
    "polars": names("polars.DataFrame polars.LazyFrame polars.Series polars.Expr"),
    "plotly": names("plotly.graph_objs.Figure"),
    "sklearn": names("sklearn.base.BaseEstimator"),
    "seaborn": names("seaborn.FacetGrid"),
    "json": names("json.JSONEncoder json.JSONDecoder"),
}
"""Classes of libraries whose methods other functions of theirs call."""
HANDLERS = names("strict ignore replace xmlcharrefreplace backslashreplace namereplace surrogateescape")
LIBRARIES = Kinds(types.BuiltinFunctionType, str, type(None))


def standing(words: Iterable[str], libraries: Set[str], looked: LookedAt) -> Iterator[object]:
    """What may run though the code names none of it.

    `words` may name a handler of errors; `libraries` are those that the code has to do with; `looked` holds
    what was found of classes before in this check.
    """
    yield from (sys.stdout, sys.stderr)
    yield from _values(instance_dict(_inside("plotly.io._renderers").get("renderers")).get("_renderers"))
    for found in (look_at(kind, looked) for kind in _patchable(libraries)):
        if found.own:
            yield from (function for member in found.members for function in own_functions(member))
    for word_ in {*HANDLERS, *words}:
        try:
            yield codecs.lookup_error(word_)
        except (LookupError, UnicodeError, ValueError):
            continue
    warnings = _inside("warnings")
    yield from (warnings.get(name) for name in ("showwarning", "formatwarning", "_showwarnmsg", "filters"))
    yield from list(copyreg.dispatch_table.values())
    numpy = _inside("numpy")
    if numpy:
        yield _asked(numpy, "geterrcall")
        printing = _asked(numpy, "get_printoptions")
        yield from _values(printing.get("formatter") if type(printing) is dict else None)
    yield from _of_pandas()
    yield from _values(_inside("matplotlib.units").get("registry"))
    yield from _of_display()


def importing() -> Iterator[object]:
    """What an import goes through."""
    yield builtins.__import__
    yield from (*sys.meta_path, *sys.path_hooks)


def _patchable(libraries: Set[str]) -> Iterable[type]:
    """The classes of the libraries, and those that they are derived from, once each."""
    found: dict[int, type] = {}
    for name in (name for library in libraries for name in PATCHED.get(library, ())):
        module, _, last = name.rpartition(".")
        kind = _inside(module).get(last)
        if is_a(kind, type):
            found |= {id(each): each for each in mro(kind)[:-1]}
    return found.values()


def _of_pandas() -> Iterator[object]:
    """Formats of numbers that are functions, and the like."""
    waiting = [_inside("pandas._config.config").get("_global_config")]
    while waiting:
        for each in _values(waiting.pop()):
            if type(each) is dict:
                waiting.append(each)
            elif type(each) not in LIBRARIES:
                yield each


def _of_display() -> Iterator[object]:
    """What shows objects of a class in IPython, one function for each."""
    shell = _asked(_inside("IPython.core.getipython"), "get_ipython")
    formatter = _traits(_traits(shell).get("display_formatter"))
    for each in (formatter.get("ipython_display_formatter"), *_values(formatter.get("formatters"))):
        inside = _traits(each)
        for kind in ("type_printers", "deferred_printers", "singleton_printers"):
            yield from _values(inside.get(kind))


def _asked(module: dict[str, Any], name: str) -> Any:
    """What a function of a library says of its settings, unless it is the person's by now."""
    function = module.get(name)
    return function() if function is not None and not own_code(function) else None


def _traits(obj: object) -> dict[str, object]:
    inside = instance_dict(obj).get("_trait_values")
    return inside if type(inside) is dict else {}


def _values(table: object) -> list[object]:
    return list(dict.values(table)) if is_a(table, dict) else []


def _inside(name: str) -> dict[str, object]:
    module = sys.modules.get(name)
    return module_dict(module) if is_a(module, types.ModuleType) else {}
