"""scipy's sparse matrices and arrays."""

from __future__ import annotations

from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import (
    Describer,
    Description,
    Unreadable,
    known_as,
    stored,
)
from caveagent_magic.injection.describers.numpy import dtype_text
from caveagent_magic.injection.describers.pandas_cells import is_numpy

COUNTED = ("csr", "csc", "coo", "bsr")  # whose `data` holds just what is stored


def sparse(obj: object, base: type) -> Description:
    """`csr_matrix 1,000 × 1,000 float64, 3,000 stored`."""
    shape: Any = stored(obj, "_shape", tuple)
    if not all(type(length) is int for length in shape):
        raise Unreadable("its shape is not stored as scipy stores it")
    own = static.instance_members(obj)
    data: Any = own.get("data") if is_numpy(own.get("data")) else None
    dtype: Any = own.get("dtype") if data is None or data.dtype.kind == "O" else data.dtype
    kind = f" {dtype_text(dtype)}" if static.belongs(type(dtype), "numpy") else ""
    name = known_as(obj, "scipy")
    counted = data is not None and data.dtype.kind != "O" and _counted(obj)
    held = f", {data.size:,} stored" if counted else ""
    return Description(f"{name} {' × '.join(f'{length:,}' for length in shape)}{kind}{held}")


def _counted(obj: object) -> bool:
    return any(
        static.belongs(each, "scipy") and static.type_name(each).startswith(COUNTED)
        for each in static.mro(type(obj))
    )


DESCRIBERS: dict[str, Describer] = {"scipy.sparse._base._spbase": sparse}
