"""Rules about changing what others rely on."""

from __future__ import annotations

from collections.abc import Iterator

from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names


class Rebinds(Rule):
    """Puts other code behind a builtin, a module's function or a class's method.

    The person's later cells then run it too, and nothing watches those.
    """

    code = "CAVE511"
    capability = "shadowing"
    message = "changes what {name} means for everyone"
    kinds = frozenset({"store"})

    examples = (
        Flagged("import pandas as pd\npd.DataFrame.to_csv = print", name="pandas.DataFrame.to_csv"),
        Flagged("def print(*args):\n    pass", name="print"),
        Flagged("import builtins\nbuiltins.len = lambda x: 0"),
        Flagged("from math import sqrt as len", name="len"),
        Passes("from math import pow"),
        Passes("df.columns = ['a', 'b']"),
        Passes("list = [1, 2]"),
        Passes("import pandas as pd\npd.options.display.max_rows = 10"),
        Passes("import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 100"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Objects' own attributes and items are the person's variables, which can be undone."""
        if use.detail == "of an object" or (name.endswith("[]") and name != "builtins.__dict__[]"):
            return
        yield Hit(shown(name))


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
        functools.singledispatch.register json.JSONEncoder.default ?.set_hook
        """
    )

    examples = (
        Flagged("import numpy as np\nnp.seterrcall(print)", name="numpy.seterrcall"),
        Flagged("import pandas as pd\npd.set_option('plotting.backend', 'evil')", name="pandas.set_option"),
        Passes("import pandas as pd\npd.set_option('display.max_rows', 10)"),
    )

    def named(self, use: Use) -> str | None:
        """An option can name a module, too."""
        if (
            use.kind == "call"
            and use.name.endswith(("set_option", "option_context"))
            and any("backend" in word for word in use.words)
        ):
            return use.names[0]
        return super().named(use)
