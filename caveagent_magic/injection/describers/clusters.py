"""PySpark and Ray Data: the schema only if the driver already holds it; asking is a call to the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers import arrow
from caveagent_magic.injection.describers.description import Describer, Description, Field, count, named

_NOT_COMPUTED = "not computed; its columns are not known here yet, .schema asks for them"


def spark(obj: object, base: type) -> Description:
    """`pyspark DataFrame, 2 columns`, as it was last asked for its schema."""
    own = static.instance_members(obj)
    held = own.get("_schema") or own.get("_cached_schema") if static.belongs(base, "pyspark") else None
    fields = _struct(held)
    return _lazy("pyspark", obj, base, fields)


def ray(obj: object, base: type) -> Description:
    """`ray Dataset, 2 columns`, as its plan or its cache remembers them."""
    held: Any = _remembered(static.instance_members(obj))
    if static.qualified_name(type(held)) == "pyarrow.lib.Schema" and static.genuine(type(held)):
        return _lazy("ray", obj, base, list(arrow.schema(held, type(held)).fields()))
    names = static.instance_members(held).get("names") if held is not None else None
    return _lazy("ray", obj, base, [Field(name, "") for name in names] if type(names) is list else [])


def _remembered(own: Mapping[str, object]) -> object:
    """The schema that an execution left: of older Ray in the plan, of newer in a cache beside it."""
    plan, cache = _of_ray(own.get("_plan")), _of_ray(own.get("_cache"))
    dag = _of_ray(own.get("_logical_plan")).get("_dag")
    if cache.get("_schema") is not None and cache.get("_operator") is dag:  # else it is of an earlier plan
        return cache["_schema"]
    found = plan.get("_schema")
    return plan.get("_cached_schema") if found is None else found


def _of_ray(obj: object) -> Mapping[str, object]:
    return static.instance_members(obj) if static.belongs(type(obj), "ray") else {}


def _lazy(library: str, obj: object, base: type, fields: list[Field]) -> Description:
    told = "not computed" if fields else _NOT_COMPUTED
    known = f", {count(len(fields), 'column')}" if fields else ""
    return Description(
        f"{library} {named(obj, base)}{known}",
        fields=partial(iter, fields),
        size=len(fields),
        lines=lambda: iter((told,)),
        table=True,
    )


def _struct(held: object) -> list[Field]:
    return list(_spark_fields(held)) if static.belongs(type(held), "pyspark") else []


def _spark_fields(held: object) -> Iterator[Field]:
    parts = static.instance_members(held).get("fields")
    for each in parts if type(parts) is list else ():
        own = static.instance_members(each)
        kind = static.type_name(type(own.get("dataType"))).removesuffix("Type").lower()
        yield Field(own.get("name"), kind)


DESCRIBERS: dict[str, Describer] = {
    **dict.fromkeys(
        (
            "pyspark.sql.dataframe.DataFrame",
            "pyspark.sql.classic.dataframe.DataFrame",
            "pyspark.sql.connect.dataframe.DataFrame",
        ),
        spark,
    ),
    "ray.data.dataset.Dataset": ray,
}
