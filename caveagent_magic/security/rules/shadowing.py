"""Rules about changing what others rely on."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence, Set

from caveagent_magic.security.flow.values import Const, Named, Value, texts
from caveagent_magic.security.known import computes, module_dict, top
from caveagent_magic.security.objects.still import is_a
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

DIALECTS = frozenset({"excel", "excel-tab", "unix"})
"""Those that are there from the start."""
NUMBERS = (int, float, bool)
ALTERING = names("update setdefault pop popitem clear __setitem__ __delitem__ __ior__")


class Rebinds(Rule):
    """Puts other code behind a builtin, a module's function or a class's method.

    The person's later cells then run it too, and nothing watches those.
    """

    code = "CAVE511"
    capability = "shadowing"
    message = "changes what {name} means for everyone"
    kinds = frozenset({"store", "call"})

    examples = (
        Flagged("import numpy as np\nnp.__dict__.update(mean=len)", name="numpy.__dict__"),
        Passes("class A:\n    def __init__(self, **given):\n        self.__dict__.update(given)\nA(x=1)"),
        Flagged("import pandas as pd\npd.DataFrame.to_csv = print", name="pandas.DataFrame.to_csv"),
        Flagged("def print(*args):\n    pass", name="print"),
        Flagged("import builtins\nbuiltins.len = lambda x: 0"),
        Flagged("from math import sqrt as len", name="len"),
        Flagged("import mimetypes\nmimetypes.types_map.update({'.csv': 'x'})"),
        Flagged("import calendar\ncalendar.day_name._days = []"),
        Flagged("match [print]:\n    case [len]:\n        pass", name="len"),
        Passes("from math import pow"),
        Passes("df.columns = ['a', 'b']"),
        Passes("list = [1, 2]"),
        Flagged("import pandas as pd\npd.concat = 3", name="pandas.concat"),
        Flagged("import numpy as np\nnp.pi = 3"),
        Flagged("import subprocess\nsubprocess._USE_VFORK = False"),
        Passes("import pandas.util.testing as tm\ntm.N = 3"),
        Passes("import pandas as pd\npd.options.display.max_rows = 10"),
        Passes("import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 100"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Objects' own attributes and items are the person's variables, which can be undone."""
        if use.kind == "call":
            if any(map(_is_namespace, use.receiver)) and name.rpartition(".")[2] in ALTERING:
                yield Hit(shown(name))
            return
        if use.detail == "of a library":
            yield Hit(shown(name))
            return
        if use.kind == "store" and _sets_number(use, name):
            return
        if use.detail == "of an object" or (name.endswith("[]") and name != "builtins.__dict__[]"):
            return
        yield Hit(shown(name))


def _sets_number(use: Use, name: str) -> bool:
    """Whether a module of a computing package is given another whole number: a setting, no constant."""
    where, _, attribute = name.rpartition(".")
    values = use.args[0] if use.args else ()
    plain = bool(values) and all(isinstance(value, Const) and value.kind in NUMBERS for value in values)
    if not plain or attribute[:1] == "_" or not computes(where) or top(where) in sys.stdlib_module_names:
        return False
    module = sys.modules.get(where)
    inside = module_dict(module) if is_a(module, types.ModuleType) else {}
    return type(inside[attribute]) in (int, bool) if attribute in inside else attribute.isupper()


def _is_namespace(value: Value) -> bool:
    """Whether it is the dictionary of a module or of somebody else's class."""
    owner = value.receiver if isinstance(value, Named) and value.name.endswith(".__dict__") else None
    return isinstance(owner, Named)


class Registers(Rule):
    """Registers code with a library, which will run it later and for everyone."""

    code = "CAVE512"
    capability = "shadowing"
    message = "registers code with a library with {name}"
    calls = names(
        """
        pandas.api.extensions.register_dataframe_accessor pandas.api.extensions.register_series_accessor
        pandas.api.extensions.register_index_accessor pandas.register_dataframe_accessor
        numpy.set_string_function numpy.seterrcall abc.ABCMeta.register copyreg.pickle codecs.register
        functools.singledispatch.register json.JSONEncoder.default ?.set_hook csv.register_dialect
        csv.unregister_dialect matplotlib.scale.register_scale polars.api.*
        matplotlib.projections.register_projection xarray.register_dataset_accessor
        xarray.register_dataarray_accessor
        """
    )

    beyond = frozenset({"call", "pass", "store"})

    examples = (
        Flagged("import numpy as np\nnp.seterrcall(print)", name="numpy.seterrcall"),
        Flagged("import pandas as pd\npd.set_option('plotting.backend', 'evil')", name="pandas.set_option"),
        Flagged("df.plot(backend='evil')"),
        Flagged("import pandas as pd\npd.options.plotting.backend = 'evil'"),
        Passes("import pandas as pd\npd.set_option('display.max_rows', 10)"),
        Passes("import pandas as pd\npd.options.plotting.backend = 'plotly'"),
    )

    def named(self, use: Use) -> str | None:
        """A back end is a module that the library will import."""
        if use.kind == "call" and use.name.endswith(("set_option", "option_context")):
            return use.names[0] if _names_module(use.words, {"plotting.backend"}) else None
        if use.kind == "call" and "backend" in use.keywords and _draws(f".{use.name}"):
            return use.names[0] if _names_module(texts(use.keywords["backend"])) else None
        if use.names[0].endswith("register_dialect"):
            told = set(texts(use.argument(0, "name") or ()))
            return use.names[0] if not told or told & DIALECTS else None
        if use.kind == "store":
            plots = use.name.endswith("plotting.backend")
            return use.names[0] if plots and _names_module(use.words) else None
        return super().named(use)


def _draws(name: str) -> bool:
    """Whether it is one of a frame's ways to draw."""
    return ".plot" in name or name.endswith((".hist", ".boxplot", ".hist_frame", ".hist_series"))


def _names_module(words: Sequence[str], options: Set[str] = frozenset()) -> bool:
    """Whether the words may name a module other than those that only compute; options go before them."""
    if options and not any("backend" in word for word in words):
        return False
    return not all(computes(word) for word in words if word not in options) or len(words) <= len(options)
