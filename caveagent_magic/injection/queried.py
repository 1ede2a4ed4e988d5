"""What a database says of its tables when it is asked; only for connections that the person named for it.

It reads names of tables and columns and counts rows, in the person's own process, on the main thread, within
a short time, and changes nothing: no write, no commit, no rollback of a transaction that is open.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.injection import static
from caveagent_magic.injection.escape import bounded, label

SECONDS = 0.5  # for one database
EACH = 0.05  # seconds between two tries to end a question
AGAIN = 10.0  # seconds after which it is asked anew
SHOWN_TABLES, SHOWN_COLUMNS = 20, 20
SQLITE_TABLES = (
    "SELECT name, type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' FROM sqlite_master "
    "WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
)
SQLITE_COLUMNS = "SELECT name, type FROM pragma_table_info(?)"
DUCKDB_TABLES = "SELECT table_name, estimated_size FROM duckdb_tables() WHERE NOT internal ORDER BY 1"
DUCKDB_COLUMNS = (
    "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal "
    "ORDER BY table_name, column_index"
)


@slotted
class Table:
    """One table or view."""

    name: str
    columns: list[tuple[str, str]]  # with their types
    rows: str = ""  # empty: not counted


class NotAsked(Exception):
    """Why the database was not asked, in words."""


@frozen
class _Answer:
    alive: weakref.ref[Any] | None  # None: objects of this class cannot be watched, so it is asked each time
    at: float
    tables: tuple[Table, ...]
    note: str


_ANSWERS: dict[int, _Answer] = {}  # by the object's identity
Ask = Callable[[Any, float], Iterator[Table]]
"""Gives each table as soon as its columns are known, and counts the rows of all after that."""


def queried(
    obj: object,
    hidden: Collection[str],
    *,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[str, ...]:
    """One line for each table; asked anew where the last answer is old."""
    answer = _ANSWERS.get(id(obj))
    watched = answer is not None and answer.alive is not None and answer.alive() is obj
    fresh = answer is not None and watched and clock() - answer.at < AGAIN
    if threading.current_thread() is threading.main_thread() and not fresh:
        answer = _ANSWERS[id(obj)] = _asked(obj, seconds, clock)
    if answer is None or not (watched or answer.alive is None or answer.alive() is obj):
        return ("its tables are asked for when the next cell runs",)
    shown = [_line(table, hidden) for table in answer.tables[:SHOWN_TABLES]]
    more = len(answer.tables) - SHOWN_TABLES
    note = [answer.note] if answer.note else []
    return (*shown, *([f"… {more} more tables"] if more > 0 else []), *note)


def can_be_asked(obj: object) -> bool:
    """Whether there is a way to ask this object for its tables."""
    return _way(obj) is not None


def _asked(obj: Any, seconds: float, clock: Callable[[], float]) -> _Answer:
    tables, note, ask = list[Table](), "", _way(obj)
    try:
        for table in ask(obj, time.monotonic() + seconds) if ask else ():
            tables.append(table)
    except NotAsked as why:
        note = str(why)
    except Exception as error:  # any driver's: it may be closed, out of reach or interrupted
        note = f"asking for its tables raised {bounded(static.type_name(type(error)))}"
    alive, key = None, id(obj)
    with suppress(TypeError):
        alive = weakref.ref(obj, lambda gone: _forget(key, gone))
    return _Answer(alive, clock(), tuple(tables), note)


def _forget(key: int, gone: weakref.ref[Any]) -> None:
    """The place may be that of a new object by now."""
    if key in _ANSWERS and _ANSWERS[key].alive is gone:
        del _ANSWERS[key]


def _way(obj: object) -> Ask | None:
    names = map(static.library_name, static.mro(type(obj)))
    return next((WAYS[name] for name in names if name in WAYS), None)


def _line(table: Table, hidden: Collection[str]) -> str:
    kept = [(label(name), kind) for name, kind in table.columns if label(name) not in hidden]
    told = [f"{name} {bounded(kind)}".rstrip() for name, kind in kept[:SHOWN_COLUMNS]]
    more, gone = len(kept) - SHOWN_COLUMNS, len(table.columns) - len(kept)
    told += [f"… {more} more"] if more > 0 else []
    told += [f"{gone} hidden"] if gone else []
    return f"{label(table.name)}{table.rows}: {', '.join(told)}"


def _rows(number: Any, about: str = "") -> str:
    return f" {about}{number:,} rows" if type(number) is int else ""


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise NotAsked("… there was no time for more tables")


@contextmanager
def _ended(stop: Callable[[], object], until: float) -> Iterator[None]:
    """What runs after that time is ended; what begins later, too."""
    done = threading.Event()

    def end() -> None:
        wait = max(0.0, until - time.monotonic())
        while not done.wait(wait):
            stop()
            wait = EACH

    threading.Thread(target=end, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _sqlite(connection: Any, until: float) -> Iterator[Table]:
    """By a cursor of its own; rows of views are not counted, which could run functions of the person's."""
    cursor = sqlite3.Cursor(connection)
    cursor.row_factory = None
    stop: Any = static.class_member(sqlite3.Connection, "interrupt")
    with _ended(lambda: stop(connection), until):
        found: list[Table] = []
        for name, countable in cursor.execute(SQLITE_TABLES).fetchall():
            _in_time(until)
            columns = cursor.execute(SQLITE_COLUMNS, (name,)).fetchall()
            typed = [(static.exact_str(column), static.exact_str(kind)) for column, kind in columns]
            yield (table := Table(static.exact_str(name), typed))
            found += [table] * countable
        for table in found:
            quoted = table.name.replace('"', '""')
            table.rows = _rows(cursor.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])


def _duckdb(connection: Any, until: float) -> Iterator[Table]:
    """From the catalogue, over a second connection, so that a result that waits to be fetched stays."""
    other = connection.cursor()
    try:
        with _ended(other.interrupt, until):
            found: dict[str, Table] = {}
            for name, column, kind in other.execute(DUCKDB_COLUMNS).fetchall():
                found.setdefault(name, Table(name, [])).columns.append((column, kind))
            for name, rows in other.execute(DUCKDB_TABLES).fetchall():
                found[name].rows = _rows(rows, "about ")
        yield from found.values()
    finally:
        other.close()


def _engine(engine: Any, until: float) -> Iterator[Table]:
    """Over a connection of its own, given back without a commit; rows are counted where that can be ended."""
    sqlalchemy: Any = sys.modules["sqlalchemy"]
    if static.type_name(type(engine.pool)) in ("StaticPool", "AssertionPool", "SingletonThreadPool"):
        raise NotAsked("not asked: all of this engine shares one connection, whose transaction may be open")
    with engine.connect() as connection, ExitStack() as stack:
        raw, counts = connection.connection.driver_connection, engine.dialect.name == "postgresql"
        if counts:
            connection.execute(sqlalchemy.text("SET TRANSACTION READ ONLY"))
            connection.execute(sqlalchemy.text(f"SET LOCAL statement_timeout = {int(SECONDS * 1000)}"))
        elif counts := isinstance(raw, sqlite3.Connection):
            stack.enter_context(_ended(raw.interrupt, until))
        inspector, quoted = sqlalchemy.inspect(connection), engine.dialect.identifier_preparer.quote
        found: list[Table] = []
        for name in inspector.get_table_names():
            _in_time(until)
            columns = inspector.get_columns(name)
            typed = [(each["name"], static.type_name(type(each["type"]))) for each in columns]
            yield (table := Table(name, typed))
            found.append(table)
        for table in found if counts else ():
            count = connection.execute(sqlalchemy.text(f"SELECT count(*) FROM {quoted(table.name)}"))
            table.rows = _rows(count.scalar())


def _of_engine(obj: Any, until: float) -> Iterator[Table]:
    """A connection's or session's engine: the transaction of the person's is not touched."""
    own = static.instance_members(obj)
    yield from _engine(own.get("engine") or own["bind"], until)


WAYS: Mapping[str, Ask] = {
    "sqlite3.Connection": _sqlite,
    "_duckdb.DuckDBPyConnection": _duckdb,
    "duckdb.duckdb.DuckDBPyConnection": _duckdb,
    "sqlalchemy.engine.base.Engine": _engine,
    "sqlalchemy.engine.base.Connection": _of_engine,
    "sqlalchemy.orm.session.Session": _of_engine,
}
