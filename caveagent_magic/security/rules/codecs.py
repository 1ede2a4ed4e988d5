"""Rules about encodings, which Python looks for among modules."""

from __future__ import annotations

import encodings
import functools
import re
from collections.abc import Iterator
from encodings.aliases import aliases
from importlib.machinery import PathFinder
from pathlib import Path

from caveagent_magic.security.flow.values import texts
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

METHODS = names("decode encode")
LOOKING = names(
    """
    codecs.lookup codecs.getencoder codecs.getdecoder codecs.getreader codecs.getwriter codecs.encode
    codecs.decode builtins.str builtins.bytes builtins.bytearray
    """
)
SECOND = names("codecs.encode codecs.decode builtins.str builtins.bytes builtins.bytearray")
"""What is given the text first."""


class LooksForEncoding(Rule):
    """Names an encoding that Python has not: it looks for a module of that name, and runs it."""

    code = "CAVE407"
    capability = "dynamic_code"
    message = "has {name} look for a module named {target}"
    kinds = frozenset({"call"})

    examples = (
        Flagged("text = b'abc'.decode('helper_tools')", name="decode"),
        Flagged("import pandas as pd\npd.read_csv('a.csv', encoding='my_codec')", name="pandas.read_csv"),
        Passes("text = b'abc'.decode('utf-8')"),
        Passes("import pandas as pd\npd.read_csv('a.csv', encoding='ISO-8859-1')"),
        Flagged("str(b'abc', 'helper_tools')", name="str"),
        Passes("label.encode('cp1252', errors='replace')"),
        Passes("tokenizer.encode('hello world')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the encodings that come with Python."""
        last = use.names[0].rpartition(".")[2]
        given = texts(use.keywords.get("encoding", ()))
        if use.names[0] in LOOKING or (last in METHODS and len(use.args) < 3):
            place = 1 if use.names[0] in SECOND else 0
            given += texts(use.args[place]) if len(use.args) > place else []
        of_text = last not in METHODS or use.names[0] in LOOKING or use.names[0].startswith("builtins.")
        for encoding in given:
            known = not re.fullmatch(r"[\w. -]+", encoding) or _plain(encoding) in _known()
            if not known and (of_text or _is_there(encoding)):
                yield Hit(shown(use.names[0]), encoding)


def _is_there(encoding: str) -> bool:
    """Whether looking for it would find a module; what is no text may well encode words."""
    try:
        return PathFinder.find_spec(f"encodings.{_plain(encoding)}", encodings.__path__) is not None
    except (ImportError, ValueError, OSError):
        return True


def _plain(encoding: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "_", encoding.lower()).strip("_")


@functools.cache
def _known() -> frozenset[str]:
    modules = (path.stem for path in Path(encodings.__file__).parent.glob("*.py"))
    known = {*modules, *aliases, *aliases.values(), "utf8", "latin1", "locale", "unicode", "bytes", "ascii"}
    return frozenset(map(_plain, known))
