"""Connections to databases: what is known without asking the database."""

from __future__ import annotations

import sqlite3
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
)

_NOT_ASKED = "its tables are not known without a query"


def sqlite(obj: Any, base: type) -> Description:
    """`sqlite3 Connection, in a transaction`."""
    try:
        open_ = ", in a transaction" if static.slot(obj, base, "in_transaction") else ""
    except sqlite3.ProgrammingError:
        return Description(f"sqlite3 {named(obj, base)}, closed")
    return Description(f"sqlite3 {named(obj, base)}{open_}", lines=lambda: iter((_NOT_ASKED,)))


def cursor(obj: object, base: type) -> Description:
    """`sqlite3 Cursor`, with the columns of its last query."""
    columns = static.slot(obj, base, "description")
    names = [each[0] for each in columns] if type(columns) is tuple else []
    return Description(
        f"sqlite3 {named(obj, base)}",
        fields=lambda: iter([Field(name, "") for name in names]),
        size=len(names),
    )


def duckdb(obj: object, base: type) -> Description:
    """`duckdb DuckDBPyConnection`; even whether it is open would be a query."""
    return Description(f"duckdb {named(obj, base)}", lines=lambda: iter((_NOT_ASKED,)))


def relation(obj: object, base: type) -> Description:
    """`duckdb DuckDBPyRelation, 2 columns`, not run; its columns were bound when it was made."""
    names, types = _bound(obj, base)
    return Description(
        f"duckdb {named(obj, base)}, {count(len(names), 'column')}",
        fields=partial(_columns, names, types),
        size=len(names),
        lines=lambda: iter(("not run",)),
        table=True,
    )


def _bound(obj: object, base: type) -> tuple[list[Any], list[Any]]:
    if "_schema" in static.members(base):
        try:
            names, types = static.slot(obj, base, "_schema")
        except (AttributeError, TypeError, ValueError):
            raise Unreadable("it was never initialised") from None
        return list(names), list(types)
    return _computed(obj, base, "columns"), _computed(obj, base, "types")


def _computed(obj: object, base: type, name: str) -> list[Any]:
    """An attribute of the C++ class of older versions, which raises where there is no relation."""
    getter: Any = static.class_member(base, name)
    if type(getter) is not property or static.module_name(type(getter.fget)) != "builtins":
        raise Unreadable("it is of a version that is not known")
    found: list[Any] = getter.__get__(obj)
    return found


def _columns(names: list[Any], types: list[Any]) -> Iterator[Field]:
    for name, kind in zip(names, types, strict=True):
        own = static.module_name(type(kind)).partition(".")[0] in ("duckdb", "_duckdb")
        yield Field(name, str(kind) if own and static.genuine(type(kind)) else "")


DESCRIBERS: dict[str, Describer] = {
    "sqlite3.Connection": sqlite,
    "sqlite3.Cursor": cursor,
    **dict.fromkeys(("_duckdb.DuckDBPyConnection", "duckdb.duckdb.DuckDBPyConnection"), duckdb),
    **dict.fromkeys(
        ("_duckdb.DuckDBPyRelation", "duckdb.duckdb.DuckDBPyRelation", "duckdb._relation.DuckDBPyRelation"),
        relation,
    ),
}
