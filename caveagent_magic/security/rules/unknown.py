"""Rules about what could not be known."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Const, Instance, Text, texts
from caveagent_magic.security.known import COMPUTING, harmless, of_the_person, top
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, claimed, shown
from caveagent_magic.security.use import Use

HANDED_ON = ("__main__", "paths", "sqlite3.Connection")
"""What may be handed on: where it leads is found by what is followed, or by rules about queries."""


class NotKnown(Rule):
    """Calls something, or hands something on, of which it could not be found out what it does."""

    code = "CAVE991"
    capability = "unknown"
    message = "could not be known: {name} {detail}"
    kinds = frozenset({"unknown", "call", "pass"})

    examples = (
        Flagged("import some_private_package as s\ns.work()", name="some_private_package.work"),
        Flagged("import os\nprint([os][0], os)", name="os"),
        Flagged("d = df.to_dict()\nd['f']('x')"),
        Passes("df.groupby('a').mean()"),
        Passes("from sklearn.linear_model import LinearRegression\nLinearRegression().fit(x, y)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Names of computing libraries, and those that a rule decides about, are left alone."""
        if use.kind == "unknown":
            yield Hit("")
            return
        names = [each for each in use.names if not each.startswith("?.")] or list(use.names)
        if name.startswith(("%", "__main__.", "operator.")) or any(claimed(each) for each in use.names):
            return
        if (
            not harmless(names[0])
            and not _is_public(names)
            and not (use.kind == "pass" and names[0].startswith(HANDED_ON))
        ):
            yield Hit(shown(names[0]))


def _is_public(names: list[str]) -> bool:
    """Whether a class of a computing package was reached by a public name, wherever the package keeps it."""
    library = top(names[0])
    private = names[0].rpartition(".")[2].lstrip("_")[:1].isupper()
    return (
        library in COMPUTING
        and private
        and any(top(name) == library and harmless(name) for name in names[1:])
    )


PLACES = pattern(
    r"(?!profile)(?:\w*_)?\w*(?:file|path)(?:name|handle|path|_or_\w+)?s?|fname|data_home|(?:\w+_)?(?:dir|folder|directory)"
    r"|as_json|destination"
)
COMMANDS = pattern(r"cmd|command|stmt|code_str|extra_args|plugins?|plugin_path|script")


PLAIN_TEXT = (
    "builtins.",
    "os.path.",
    "pathlib.",
    "re.",
    "logging.",
    "warnings.",
    "urllib.parse.",
    "textwrap.",
)
OUTSIDE = pattern(r"(?:/|~/|(?:\.\./)+)[\w.-][^\s'\"<>|*?]*")


@functools.lru_cache(maxsize=4096)
def is_place(parameter: str) -> bool:
    """Whether a parameter of that name takes a path."""
    return PLACES.fullmatch(parameter) is not None


@functools.lru_cache(maxsize=4096)
def is_command(parameter: str) -> bool:
    """Whether a parameter of that name takes a command."""
    return COMMANDS.fullmatch(parameter) is not None


def _leads_out(text: str) -> bool:
    """Whether a text looks like a path outside the working directory, to somewhere that is there."""
    if len(text) > 400 or not OUTSIDE.fullmatch(text):
        return False
    folder = os.path.dirname(os.path.expanduser(text.rstrip("/")))
    return folder != "/" and os.path.isdir(folder)


class HandsPlace(Rule):
    """Gives a library a path or a command: what its function does with that is not known."""

    code = "CAVE993"
    capability = "unknown"
    message = "could not be known: what {name} does with a path or command that it is given"
    kinds = frozenset({"call"})
    beyond = kinds

    examples = (
        Flagged("import pandas as pd\npd.show_versions(as_json='versions')", name="pandas.show_versions"),
        Passes("import pandas as pd\npd.read_csv('a.csv')"),
        Flagged("import dask.bag as d\nd.from_sequence([1]).process('/usr/x')", name="process"),
        Passes("df.plot(x='a', y='b', title='path')"),
        Passes("import os\nprint(os.path.exists('a.csv'), os.path.getsize('b.csv'))"),
        Passes("df['url'].str.startswith('/shop')"),
    )

    def check(self, use: Use) -> Iterator[Hit]:
        """By the names of the parameters or the look of a text, where no rule decides about the function."""
        if use.kind != "call" or any(claimed(each) for each in use.names):
            return
        plain = use.names[0].startswith(PLAIN_TEXT)
        if not plain and any(map(_leads_out, use.words)):
            yield Hit(shown(use.names[0]))
            return
        if use.names[0].startswith("os.path."):  # says whether and what it is
            return
        for key, values in (*use.given.items(), *use.keywords.items()):
            told = any(
                isinstance(value, Text) or (isinstance(value, Const) and value.kind is str)
                for value in values
            )
            place = any(isinstance(value, Instance) and value.of.startswith("pathlib.") for value in values)
            if (is_place(key) and (told or place)) or (is_command(key) and (told or texts(values))):
                yield Hit(shown(use.names[0]))
                return


class ImportsUnknown(Rule):
    """Imports a module that is not known here: importing it runs it."""

    code = "CAVE992"
    capability = "unknown"
    message = "imports {name}, which is not known and would run"
    kinds = frozenset({"import"})

    examples = (
        Flagged("from .my_scripts import clean", name=".my_scripts"),
        Passes("import numpy, os, collections.abc"),
        Passes("from sklearn.ensemble import RandomForestClassifier"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Whatever is loaded already runs nothing."""
        first = top(name)
        known = (
            first in COMPUTING
            or first in sys.stdlib_module_names
            or use.names[-1] in sys.modules
            or claimed(f"{name}.x")
        )
        if (
            not known
            and of_the_person(first)
            and first
            not in (
                "requests",
                "IPython",
                "ipywidgets",
                "yaml",
                "bs4",
                "lxml",
                "h5py",
                "psutil",
                "matplotlib_inline",
            )
        ):
            yield Hit(name)
