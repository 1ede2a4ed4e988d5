"""SQLAlchemy: dialect and database, and the tables that it already knows of; no secrets, no query."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import (
    Describer,
    Description,
    Field,
    Unreadable,
    count,
    named,
    stored,
)
from caveagent_magic.injection.escape import label

SHOWN_TABLES = 20
SHOWN_COLUMNS = 12


def engine(obj: object, base: type) -> Description:
    """`sqlalchemy Engine, postgresql database shop`."""
    return Description(f"sqlalchemy {named(obj, base)}{_database(obj)}")


def connection(obj: object, base: type) -> Description:
    """As its engine, and whether it is open or in a transaction."""
    bound = stored(obj, "engine")
    own = static.instance_members(obj)
    state = "closed" if own.get("_dbapi_connection") is None else "open"
    begun = ", in a transaction" if own.get("_transaction") is not None else ""
    return Description(f"sqlalchemy {named(obj, base)}{_database(bound)}, {state}{begun}")


def session(obj: object, base: type) -> Description:
    """As the engine it is bound to, with the number of objects that are not yet written."""
    own = static.instance_members(obj)
    new, deleted = own.get("_new"), own.get("_deleted")
    if type(new) is not dict or type(deleted) is not dict:
        raise Unreadable("it was never initialised")
    told = [f"{len(each):,} {word}" for each, word in ((new, "new"), (deleted, "deleted")) if each]
    return Description(f"sqlalchemy {named(obj, base)}{_database(own.get('bind'))}", lines=lambda: iter(told))


def metadata(obj: object, base: type) -> Description:
    """`sqlalchemy MetaData, 3 tables`, each with its columns."""
    tables = _tables(stored(obj, "tables"))
    return Description(
        f"sqlalchemy {named(obj, base)}, {count(len(tables), 'table')}", lines=partial(_all, tables)
    )


def table(obj: object, base: type) -> Description:
    """`sqlalchemy Table orders`, with its columns."""
    name, columns = stored(obj, "name"), _columns(obj)
    return Description(
        f"sqlalchemy {named(obj, base)} {label(name)}", fields=lambda: iter(columns), size=len(columns)
    )


def inspector(obj: object, base: type) -> Description:
    """`sqlalchemy Inspector`, with the tables and columns that it has already asked for."""
    cache: Any = stored(obj, "info_cache", dict)
    return Description(
        f"sqlalchemy {named(obj, base)}{_database(stored(obj, 'engine'))}", lines=partial(_asked, cache)
    )


def _database(bound: object) -> str:
    """`, sqlite`, `, postgresql database shop`: of the URL only this one part is read."""
    own = static.instance_members(bound)
    dialect, url = own.get("dialect"), own.get("url")
    parts: Any = static.class_member(type(url), "_fields")
    if not static.belongs(type(url), "sqlalchemy") or type(parts) is not tuple:
        return ""
    values = dict(zip(parts, tuple.__iter__(url), strict=False))  # type: ignore[arg-type, var-annotated]
    name = static.exact_str(static.class_member(type(dialect), "name"))
    database = static.exact_str(values.get("database"))
    is_path = name in ("sqlite", "duckdb")  # which may name a person
    return f", {name}" + (f" database {label(database)}" if database and not is_path else "")


def _tables(found: object) -> dict[str, object]:
    if not static.inherits(type(found), dict):
        return {}
    return {static.exact_str(name): each for name, each in dict.items(found)}  # type: ignore[arg-type, var-annotated]


def _all(tables: dict[str, object]) -> Iterator[str]:
    for name, each in list(tables.items())[:SHOWN_TABLES]:
        yield _table_line(name, _columns(each))
    if len(tables) > SHOWN_TABLES:
        yield f"… {len(tables) - SHOWN_TABLES:,} more tables"


def _table_line(name: str, columns: list[Field]) -> str:
    told = [f"{label(each.label)} {each.type}".rstrip() for each in columns[:SHOWN_COLUMNS]]
    more = [f"… {len(columns) - SHOWN_COLUMNS} more"] if len(columns) > SHOWN_COLUMNS else []
    return f"{label(name)}: {', '.join(told + more)}"


def _columns(each: object) -> list[Field]:
    """The columns of a table, from the list inside its collection."""
    held = static.instance_members(each).get("_columns")
    if not static.belongs(type(held), "sqlalchemy"):
        return []
    rows: Any = static.slot(held, type(held), "_collection")
    columns = [static.instance_members(row[1]) for row in rows] if type(rows) is list else []
    return [Field(own.get("name"), _type(own.get("type"))) for own in columns]


def _type(kind: object) -> str:
    """The name of the type's class: a type may be the user's own."""
    return static.type_name(type(kind)) if kind is not None else ""


def _asked(cache: dict[Any, Any]) -> Iterator[str]:
    for key, found in list(dict.items(cache))[:SHOWN_TABLES]:
        if type(key) is not tuple or type(found) is not list or not key:
            continue
        if key[0] == "get_table_names":
            yield f"tables: {', '.join(map(label, found[:SHOWN_TABLES]))}"
        elif key[0] == "get_columns" and type(key[1]) is tuple:
            yield _table_line(static.exact_str(key[1][0]), list(_reflected(found)))


def _reflected(columns: list[Any]) -> Iterator[Field]:
    for each in columns:
        if static.inherits(type(each), dict):
            yield Field(dict.get(each, "name"), _type(dict.get(each, "type")))


DESCRIBERS: dict[str, Describer] = {
    "sqlalchemy.engine.base.Engine": engine,
    "sqlalchemy.engine.base.Connection": connection,
    "sqlalchemy.orm.session.Session": session,
    "sqlalchemy.sql.schema.MetaData": metadata,
    "sqlalchemy.sql.schema.Table": table,
    "sqlalchemy.engine.reflection.Inspector": inspector,
}
