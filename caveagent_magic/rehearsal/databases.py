"""Connections to databases on other machines or in other processes; in a copy of the kernel they are dead."""

from __future__ import annotations

import re

from caveagent_magic.pattern import pattern
from caveagent_magic.rehearsal.foreign import instance_dictionary, package_of

_DRIVERS = frozenset(
    {"psycopg", "psycopg2", "psycopg_pool", "pymysql", "MySQLdb", "mysql", "oracledb", "pyodbc", "pymssql"}
    | {"snowflake", "clickhouse_connect", "pymongo", "redis", "cassandra", "neo4j", "trino"}
)
_TALKS = pattern(r"connection|cursor|client|session|engine|pool|cluster|driver|redis", re.IGNORECASE)
_IN_THIS_PROCESS = frozenset({"sqlite", "duckdb"})
_LEADS_ON = ("engine", "bind", "_dbapi_connection")  # from a connection or a session to its engine


def is_elsewhere(thing: object) -> bool:
    """Whether it talks to a database that is not in this process; it is looked at, not asked."""
    kind = type(thing)
    if package_of(kind) == "sqlalchemy":
        return _dialect(thing) not in (_IN_THIS_PROCESS | {""})
    return package_of(kind) in _DRIVERS and _TALKS.search(kind.__name__) is not None


def _dialect(thing: object) -> str:
    """The name of the dialect that an engine, connection or session of SQLAlchemy speaks; empty: none."""
    for _ in range(3):
        held = instance_dictionary(thing, type(thing)) or {}
        if "dialect" in held:
            return str(getattr(type(held["dialect"]), "name", ""))
        thing = next((held[name] for name in _LEADS_ON if held.get(name) is not None), None)
    return ""
