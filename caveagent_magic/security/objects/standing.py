"""The person's functions that libraries call by themselves: for warnings, errors, and what is shown."""

from __future__ import annotations

import codecs
import copyreg
import sys
import types
from collections.abc import Iterable, Iterator
from typing import Any

from caveagent_magic.security.known import module_dict, own_code
from caveagent_magic.security.objects.still import Kinds, instance_dict, is_a
from caveagent_magic.security.vocabulary import names

HANDLERS = names("strict ignore replace xmlcharrefreplace backslashreplace namereplace surrogateescape")
LIBRARIES = Kinds(types.BuiltinFunctionType, str, type(None))


def standing(words: Iterable[str]) -> Iterator[object]:
    """What may run though the code names none of it; `words` are those that may name a handler of errors."""
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
    formatter = _trait(shell, "display_formatter")
    formatters = _trait(formatter, "formatters")
    for each in (_trait(formatter, "ipython_display_formatter"), *_values(formatters)):
        for kind in ("type_printers", "deferred_printers", "singleton_printers"):
            yield from _values(_trait(each, kind))


def _asked(module: dict[str, Any], name: str) -> Any:
    """What a function of a library says of its settings, unless it is the person's by now."""
    function = module.get(name)
    return function() if function is not None and not own_code(function) else None


def _trait(obj: object, name: str) -> object:
    inside = instance_dict(obj).get("_trait_values")
    return inside.get(name) if type(inside) is dict else None


def _values(table: object) -> list[object]:
    return list(dict.values(table)) if is_a(table, dict) else []


def _inside(name: str) -> dict[str, object]:
    module = sys.modules.get(name)
    return module_dict(module) if is_a(module, types.ModuleType) else {}
