"""pyarrow tables, batches, arrays, schemas and datasets; nothing of a dataset is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import (
    Describer,
    Description,
    Field,
    Sample,
    Unreadable,
    count,
    known_as,
)
from caveagent_magic.injection.escape import label

DEPTH = 4
SHOWN_PARTS = 8
SEEN = 500  # rows
PLACES = 10  # where they are taken from


def table(obj: object, base: type) -> Description:
    """`Table 336,776 × 19`, with the type of each column."""
    schema = _own(obj, base, "schema")
    rows, size = _own(obj, base, "num_rows"), len(schema)
    return Description(
        f"{known_as(obj, 'pyarrow')} {rows:,} × {size:,}",
        fields=partial(_fields, schema),
        size=size,
        statistics=lambda: iter((f"memory {_own(obj, base, 'nbytes') / 1e6:,.1f} MB",)),
        samples=partial(_samples, obj, base, schema),
        table=True,
        watch=lambda: lambda: True,
    )


def dataset(obj: object, base: type) -> Description:
    """`FileSystemDataset, 3 files`, with its columns as they were found when it was opened."""
    schema = _own(obj, base, "schema")
    files = _own(obj, base, "files") if static.type_name(base) == "FileSystemDataset" else None
    known = "" if files is None else f", {count(len(files), 'file')}"
    return Description(
        f"{known_as(obj, 'pyarrow')}{known}", fields=partial(_fields, schema), size=len(schema), table=True
    )


def schema(obj: Any, base: type) -> Description:
    """`Schema of 19 columns`."""
    _check(obj)
    size = base.__len__(obj)  # type: ignore[attr-defined]
    return Description(f"Schema of {count(size, 'column')}", fields=partial(_fields, obj), size=size)


def array(obj: Any, base: type) -> Description:
    """`ChunkedArray of 1,000 int64`."""
    kind = type_text(_own(obj, base, "type"))
    missing, size = _own(obj, base, "null_count"), base.__len__(obj)  # type: ignore[attr-defined]
    told = (f"{missing / size:.0%} null",) if missing else ()
    return Description(f"{known_as(obj, 'pyarrow')} of {size:,} {kind}", lines=lambda: iter(told))


def sample(name: object, chunks: Any) -> Sample:
    """A sample of a chunked array of pyarrow's own; its nulls are counted by pyarrow."""
    size = len(chunks)
    share = chunks.null_count / size if size else 0.0
    plain = not _is_foreign(chunks.type)
    return Sample(
        name, partial(_cells, chunks) if plain else tuple, whole=size <= SEEN, nulls=share, counted=True
    )


def type_text(kind: Any, depth: int = DEPTH) -> str:
    """The type as pyarrow words it; an extension type, which may be a user's class, only by its name."""
    if _is_foreign(kind):
        return static.type_name(type(kind))
    parts = kind.num_fields
    if not parts:
        return str(kind).replace("<", "[").replace(">", "]")  # what could open a tag would be escaped
    name = static.type_name(type(kind)).removesuffix("Type").lower()
    if not depth:
        return f"{name}[…]"
    fields = [kind.field(place) for place in range(min(parts, SHOWN_PARTS))]
    named_so = name == "struct"
    inner = [f"{label(each.name)}: " * named_so + type_text(each.type, depth - 1) for each in fields]
    return f"{name}[{', '.join(inner + ['…'] * (parts > SHOWN_PARTS))}]"


def _is_foreign(kind: object) -> bool:
    cls = type(kind)
    return not static.belongs(cls, "pyarrow") or any(
        static.type_name(each) == "BaseExtensionType" for each in static.mro(cls)
    )


def _own(obj: object, base: type, name: str) -> Any:
    _check(obj)
    return static.slot(obj, base, name)


def _check(obj: object) -> None:
    if static.blank(obj):
        raise Unreadable("it was never initialised")


def _fields(schema: Any) -> Iterator[Field]:
    for place in range(len(schema)):
        each = schema.field(place)
        yield Field(each.name, type_text(each.type))


def _samples(obj: Any, base: Any, schema: Any) -> Iterator[Sample]:
    for place, name in enumerate(schema.names):
        column = base.column(obj, place)
        yield sample(name, column)


def _cells(chunks: Any) -> Sequence[object]:
    size = len(chunks)
    if size <= SEEN:
        return chunks.to_pylist()  # type: ignore[no-any-return]
    step, length = size // PLACES, SEEN // PLACES
    return [
        cell for start in range(0, step * PLACES, step) for cell in chunks.slice(start, length).to_pylist()
    ]


DESCRIBERS: dict[str, Describer] = {
    **dict.fromkeys(("pyarrow.lib.Table", "pyarrow.lib.RecordBatch"), table),
    **dict.fromkeys(("pyarrow._dataset.FileSystemDataset", "pyarrow._dataset.Dataset"), dataset),
    **dict.fromkeys(("pyarrow.lib.ChunkedArray", "pyarrow.lib.Array"), array),
    "pyarrow.lib.Schema": schema,
}
