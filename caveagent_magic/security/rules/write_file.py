"""Rules about writing and deleting files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Const, Instance, Items, Text, Value, Values, texts
from caveagent_magic.security.objects.live import MAPPED
from caveagent_magic.security.paths import MEMORY, in_memory, is_url, mode_of, paths_of
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, fits, shown
from caveagent_magic.security.rules.read_file import MODES, READERS, receiver_paths
from caveagent_magic.security.sql import calls_more, selects, stays_inside
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names
from caveagent_magic.security.writers import (
    BOTH,
    ELSEWHERE,
    NEEDS_LOOK,
    ON_PATHS,
    OPTIONAL,
    RELATIONS,
    SECOND,
    WRITERS,
)

IN_PLACE = names("fill sort put partition byteswap itemset resize setfield setflags")
CHANGES_FIRST = names("copyto put place putmask fill_diagonal shuffle")
SOUNDS_LIKE_WRITING = pattern(
    r"(?:to|save|write|export|dump|store|persist|sink|serialize)_\w+|export|persist"
)
NAMES_FILES = pattern(r"\w+_\w*(?:file|disk|folder|dir)s?")
LOOKS_LIKE_FILE = pattern(r"[^\s'\"<>{}]*(?:[/\\*]|\.[A-Za-z]\w{0,7}$)[^\s'\"<>{}]*")
PLACE = pattern(
    r"memory|(?:\w+_)?(?:log|out|output|save|cache|export|dump|checkpoint|download|artifact|tensorboard)s?_?"
    r"(?:dir|file|path|name|filename|folder|root|to|directory|location|home)"
)
"""Keywords that say where something is to be written."""


PLACES = names(
    """
    temp_directory extension_directory home_directory secret_directory allow_unsigned_extensions
    custom_extension_repository autoinstall_extension_repository log_query_path
    """
)
"""Settings of a database that say where it writes, or from where it loads code."""


class WritesFile(Rule):
    """Writes, makes, moves or changes files.

    Undo gives back variables, not files: what was overwritten is gone.
    """

    code = "CAVE111"
    capability = "write_file"
    message = "writes {target} with {name}"
    calls = WRITERS | {
        "builtins.open",
        "pathlib.Path.open",
        "?.open",
        *MODES,
        "posix.open",
        "os.open",
        "numpy.memmap",
        "numpy.lib.format.*",
    }

    beyond = frozenset({"call"})

    examples = (
        Flagged("import pandas as pd\npd.DataFrame().to_csv('out.csv')", name="to_csv"),
        Flagged("open('notes.txt', 'w')", name="open"),
        Flagged("import matplotlib.pyplot as plt\nplt.savefig('a.png')", name="matplotlib.pyplot.savefig"),
        Flagged("get_ipython().run_cell_magic('writefile', 'a.py', 'x = 1')", name="%writefile"),
        Flagged("df.agg('to_pickle', path='a')"),
        Passes("import pandas as pd\npd.DataFrame({'a': [1]}).to_csv()"),
        Passes("import io\nbuffer = io.StringIO()\ndf.to_csv(buffer)"),
        Passes("open('notes.txt')"),
        Passes("import sqlite3\nsqlite3.connect(':memory:')"),
        Passes("import duckdb\nduckdb.sql('create view v as select 1 as a')"),
        Passes("import duckdb\nduckdb.sql('select 1 as a').filter('a > 0').project('a + 1 as b').df()"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """One for each possible path that is written."""
        last = name.rpartition(".")[2]
        if name == MAPPED:
            yield Hit(MAPPED)
            return
        if name.startswith("duckdb.") and _runs_sql(use) and (_only_selects(use) or _stays_inside(use)):
            return
        if name.startswith("duckdb.") and name in READERS:  # that rule looks at the paths
            return
        if name.startswith("duckdb.") and last in RELATIONS and all(map(selects, _expressions(use))):
            return
        if name in ("dbm.open", "shelve.open") and mode_of(replace(use, keywords=_flags(use)), 1) == "r":
            return
        if name == "duckdb.connect" and PLACES.intersection(texts(use.keywords.get("config", ()))):
            yield Hit(shown(name))
            return
        if (
            name.endswith(".open")
            and name not in ("dbm.open", "shelve.open")
            and name != "os.open"
            and name != "posix.open"
        ) or name in MODES:
            mode = mode_of(use, MODES.get(name, 0))
            if not any(letter in mode for letter in "wax+") and not (
                mode == "?" and use.kind == "call" and name == "builtins.open"
            ):
                return
        elif (
            (name in ("posix.open", "os.open") and not _opens_to_write(use))
            or (
                name == "numpy.memmap"
                and mode_of(use, 2) in ("c", "r")
                and len(use.args) + len(use.keywords) > 2
            )
            or (name in NEEDS_LOOK and NEEDS_LOOK[name] not in use.keywords)
        ):
            return
        yield from self._targets(use, name, last)

    def _targets(self, use: Use, name: str, last: str) -> Iterator[Hit]:
        if name.startswith("%"):
            yield Hit(name, next(iter(" ".join(use.words[1:2]).split()[-1:]), None))
            return
        if (last in ON_PATHS and name.startswith(("?.", "pathlib."))) or name.endswith("Path.open"):
            paths: list[str | None] | None = receiver_paths(use)
            if last in ("rename", "replace") and name.startswith("?.") and not _is_path(use):
                return  # a frame's or a string's
            if last in ("rename", "replace"):
                paths = [*receiver_paths(use), *(paths_of(use) or [None])]
        elif name == "builtins.print":
            paths = [] if in_memory(use.keywords["file"]) else [None]
        elif name.startswith("io."):
            paths = [] if _opened_here(use) else [None]
        elif (last in ELSEWHERE or fits(name, ELSEWHERE)) and last not in ("extractall", "connect"):
            paths = [] if last == "to_sql" and in_memory(use.argument(1, "con") or ()) else [None]
        elif name in BOTH:
            paths = [*(paths_of(replace(use, keywords={})) or [None]), *(paths_of(use, 1) or [None])]
        elif name == "sqlalchemy.create_engine":
            files = (word.partition(":///")[2] for word in use.words if word.startswith("sqlite"))
            paths = [file for file in files if file and file != ":memory:" and not os.path.exists(file)]
        else:
            paths = paths_of(use, 1 if name in SECOND else 0)
            if paths == [] and not _nowhere(use):
                paths = [None]
        if paths is None and (last in OPTIONAL or name in ("duckdb.connect",)):
            return
        if last in OPTIONAL and use.kind == "call" and not paths and not use.open_ended:
            return
        if (paths is not None and not paths) or (paths is None and _given_buffer(use)):
            return
        for path in paths if paths is not None else [None]:
            if path != ":memory:" and not (path is not None and is_url(path)):
                yield Hit(shown(name), path)

    def named(self, use: Use) -> str | None:
        """A method may be named in a string that a frame then looks up; a mapped array is a file."""
        last = use.name.rpartition(".")[2]
        if use.kind == "store" and use.names[0].startswith(MAPPED):
            return MAPPED
        changed = (
            *(use.receiver if last in IN_PLACE else ()),
            *(use.args[0] if use.args and last in CHANGES_FIRST else ()),
            *use.keywords.get("out", ()),
        )
        if use.kind == "call" and any(isinstance(v, Instance) and v.of == MAPPED for v in changed):
            return MAPPED
        found = super().named(use)
        if found is None and use.kind == "call" and SOUNDS_LIKE_WRITING.fullmatch(last):
            method = next((name for name in use.names if name.startswith("?.")), None)
            file = NAMES_FILES.fullmatch(last) or any(map(LOOKS_LIKE_FILE.fullmatch, use.words))
            return method if file else None
        if (
            found is None
            and use.kind == "call"
            and use.name.rpartition(".")[2] in ("agg", "apply", "aggregate", "transform", "pipe", "map")
        ):
            return next((f"?.{word}" for word in use.words if f"?.{word}" in WRITERS), None)
        return found


class WritesAsAsked(Rule):
    """Gives a library a place for its results, its cache or its log: it will write there."""

    code = "CAVE113"
    capability = "write_file"
    message = "lets {name} write to {target}"
    kinds = frozenset({"call", "store"})

    examples = (
        Flagged("from sklearn.pipeline import make_pipeline\nmake_pipeline(memory='cache')"),
        Flagged("model.fit(x, y, log_dir='logs')", name="fit"),
        Flagged("import plotly.express as px\npx.bar(df).show('iframe')", name="show"),
        Passes("from sklearn.pipeline import make_pipeline\nmake_pipeline(memory=None)"),
        Passes("df.info(memory_usage='deep')"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the keyword, where another rule does not know the function."""
        if any(each in WRITERS for each in use.names):
            return
        if name.endswith(".show") and any(word.startswith("iframe") for word in use.words):
            yield Hit(shown(name))
        if use.kind == "store":
            if (
                name.endswith(".memory")
                and not name.startswith("?.")
                and texts(use.args[0] if use.args else ())
            ):
                yield Hit(shown(name))
            return
        for key in filter(PLACE.fullmatch, use.keywords):
            given = [v for v in use.keywords[key] if isinstance(v, (Const, Text, Instance))]
            for path in paths_of(replace(use, args=(tuple(given),), keywords={})) or ():
                yield Hit(shown(name), path)
        for values in use.args:
            if any(
                key == "memory" for value in values if isinstance(value, Items) for key, _ in value.entries
            ):
                yield Hit(shown(name))


class RunsSql(Rule):
    """Runs a database command that may write, attach files or load code."""

    code = "CAVE112"
    capability = "write_file"
    message = "runs a database command that is not plain reading with {name}"
    calls = names(
        """
        ?.execute ?.executemany ?.exec_driver_sql pandas.read_sql pandas.read_sql_query
        pandas.read_sql_table sqlite3.Connection.execute sqlite3.Connection.executemany
        sqlite3.Cursor.execute polars.read_database polars.sql ?.sql ?.query sqlite3.Connection.*
        sqlite3.Blob.write ?.blobopen ?.raw_sql ?.run_sql ?.run_query
        """
    )
    stores = frozenset({"sqlite3.Blob[]"})

    examples = (
        Flagged("connection.execute('drop table a')", name="execute"),
        Flagged(
            "import pandas as pd\npd.read_sql(\"attach 'x.db' as x\", connection)", name="pandas.read_sql"
        ),
        Flagged("import sqlite3\nsqlite3.connect(':memory:').execute(\"attach 'a.db' as a\")"),
        Passes("import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute('create table t (a int)')"),
        Flagged("import duckdb\nduckdb.sql('from t').query('v', \"copy v to 'x.csv'\")"),
        Passes("import duckdb\nduckdb.sql('from t').query('v', 'select a from v')"),
        Passes("connection.execute('pragma table_info(t)')"),
        Passes("import pandas as pd\npd.read_sql('select a, b from sales where a > 1', connection)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Selecting from tables is left alone."""
        in_kernel = bool(use.receiver) and all(_is_kept_in_memory(value) for value in use.receiver)
        if name.endswith((".blobopen", ".commit()")) or name.startswith("sqlite3.Blob"):
            if not in_kernel and use.keywords.get("readonly") != (Const(True),):
                yield Hit(shown(name).removesuffix("()"))
            return
        if name == "sqlite3.Connection.*" or use.name.endswith((".close", ".cursor", ".commit", ".rollback")):
            return
        if name == "?.query":  # of a table of duckdb, with the name of a view first; others take one text
            second = texts(use.args[1]) if use.kind == "call" and len(use.args) > 1 else []
            if not all(map(selects, second)):
                yield Hit(shown(name))
            return
        if any(map(_is_live_connection, (*use.receiver, *(use.argument(1, "con", "connection") or ())))):
            known = _commands(use)
            if known is None or any(map(calls_more, known)):
                yield Hit(shown(name))
                return
        if not (_only_selects(use) or (in_kernel and _stays_inside(use))) or _makes_database(use):
            yield Hit(shown(name))


def _is_live_connection(value: Value) -> bool:
    """Whether it is a connection of SQLite's from before the step, which may hold functions of Python."""
    return isinstance(value, Instance) and value.live is not None and value.of.startswith("sqlite3.")


def _is_kept_in_memory(value: Value) -> bool:
    """Whether it is a connection that this code opened to a database in memory."""
    return isinstance(value, Instance) and value.live is None and value.about == Const(":memory:")


def _stays_inside(use: Use) -> bool:
    known = _commands(use)
    return known is not None and all(map(stays_inside, known))


def _expressions(use: Use) -> list[str]:
    """What is given to a table of duckdb, as commands that would select it."""
    return [f"select {word}" for word in use.words] if not use.open_ended else ["?"]


def _makes_database(use: Use) -> bool:
    """Whether the connection is the address of a file, which SQLite makes where there is none."""
    given = use.argument(1, "con", "connection", "connection_uri") or ()
    return use.name.startswith(("pandas.", "polars.")) and any(
        isinstance(value, (Const, Text))
        and str(getattr(value, "prefix", None) or getattr(value, "value", "")).startswith("sqlite:///")
        and value != Const("sqlite:///:memory:")
        for value in given
    )


def _flags(use: Use) -> dict[str, Values]:
    return {"mode": use.keywords["flag"]} if "flag" in use.keywords else {}


def _runs_sql(use: Use) -> bool:
    """Whether duckdb is given a command, by whichever of its names."""
    return any(
        name.rpartition(".")[2].removeprefix("module_") in ("sql", "query", "execute") for name in use.names
    )


def _only_selects(use: Use) -> bool:
    """Whether every command that may be run is known and only selects from tables."""
    known = _commands(use)
    return known is not None and all(map(selects, known))


def _commands(use: Use) -> list[str] | None:
    """The commands that may be run, if they are known."""
    given = use.argument(0, "sql", "query", "table_name")
    known = [
        value.value for value in given or () if isinstance(value, Const) and isinstance(value.value, str)
    ]
    return known if given is not None and len(known) == len(given) else None


def _nowhere(use: Use) -> bool:
    """Whether what is given is a buffer in memory, or nothing."""
    given = [value for values in (*use.args[:2], *use.keywords.values()) for value in values]
    nothing = all(isinstance(value, Const) and value.value in (None, False) for value in given[:1])
    return nothing or any(isinstance(value, Instance) and value.of in MEMORY for value in given)


def _given_buffer(use: Use) -> bool:
    return bool(use.args) and in_memory(use.args[0])


def _is_path(use: Use) -> bool:
    return any(isinstance(value, Instance) and value.of.startswith("pathlib.") for value in use.receiver)


def _opened_here(use: Use) -> bool:
    """Whether this very code opened the file: then the opening says which one it is."""
    return bool(use.receiver) and all(
        isinstance(value, Instance) and value.live is None for value in use.receiver
    )


def _opens_to_write(use: Use) -> bool:
    flags = use.argument(1, "flags")
    return flags is None or not all(isinstance(value, Const) and value.value == 0 for value in flags)
