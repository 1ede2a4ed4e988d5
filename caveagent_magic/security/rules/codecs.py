"""Rules about encodings, which Python looks for among modules."""

from __future__ import annotations

import encodings
import functools
import re
from collections.abc import Iterator
from encodings.aliases import aliases
from pathlib import Path

from caveagent_magic.security.flow.values import texts
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

METHODS = names("decode encode")
LOOKING = names(
    """
    codecs.lookup codecs.getencoder codecs.getdecoder codecs.getreader codecs.getwriter codecs.encode
    codecs.decode
    """
)


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
        Passes("label.encode('cp1252', errors='replace')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the encodings that come with Python."""
        last = use.names[0].rpartition(".")[2]
        given = texts(use.keywords.get("encoding", ()))
        if use.names[0] in LOOKING or (last in METHODS and len(use.args) < 3):
            place = 1 if use.names[0] in ("codecs.encode", "codecs.decode") else 0
            given += texts(use.args[place]) if len(use.args) > place else []
        for encoding in given:
            if re.fullmatch(r"[\w. -]+", encoding) and _plain(encoding) not in _known():
                yield Hit(shown(use.names[0]), encoding)


def _plain(encoding: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "_", encoding.lower()).strip("_")


@functools.cache
def _known() -> frozenset[str]:
    modules = (path.stem for path in Path(encodings.__file__).parent.glob("*.py"))
    known = {*modules, *aliases, *aliases.values(), "utf8", "latin1", "locale", "unicode", "bytes", "ascii"}
    return frozenset(map(_plain, known))
