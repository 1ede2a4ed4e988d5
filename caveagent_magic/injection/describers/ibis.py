"""Ibis tables, columns and backends: the schema that an expression was built with; nothing is executed."""

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
)


def table(obj: object, base: type) -> Description:
    """`ibis Table, 2 columns`, not executed."""
    schema = _operation(obj, base).schema
    if not static.belongs(type(schema), "ibis"):
        raise Unreadable("its schema is not ibis' own")
    return Description(
        f"ibis {named(obj, base)}, {count(len(schema.names), 'column')}",
        fields=partial(_fields, schema),
        size=len(schema.names),
        lines=lambda: iter(("not executed",)),
        table=True,
    )


def value(obj: object, base: type) -> Description:
    """`ibis Column int64`."""
    return Description(f"ibis {static.type_name(type(obj))} {_text(_operation(obj, base).dtype)}")


def backend(obj: object, base: type) -> Description:
    """`ibis duckdb backend`."""
    return Description(f"ibis {static.exact_str(static.class_member(type(obj), 'name'))} backend")


def _operation(obj: object, base: type) -> Any:
    """What the expression is made of; of an operation of a user's own nothing is asked."""
    try:
        operation = static.slot(obj, base, "_arg")
    except AttributeError:
        raise Unreadable("it was never initialised") from None
    if not static.belongs(type(operation), "ibis"):
        raise Unreadable("its operation is not ibis' own")
    return operation


def _fields(schema: Any) -> Iterator[Field]:
    for name, kind in zip(schema.names, schema.types, strict=True):
        yield Field(name, _text(kind))


def _text(kind: object) -> str:
    own = static.belongs(type(kind), "ibis")
    return str(kind).replace("<", "[").replace(">", "]") if own else static.type_name(type(kind))


DESCRIBERS: dict[str, Describer] = {
    "ibis.expr.types.relations.Table": table,
    "ibis.expr.types.generic.Value": value,
    "ibis.backends.BaseBackend": backend,
}
