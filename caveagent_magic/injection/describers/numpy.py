"""numpy arrays and scalars."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.containers import kinds
from caveagent_magic.injection.describers.description import Describer, Description, Field, named

OBJECTS_SEEN = 10


def array(obj: object, base: type) -> Description:
    """`ndarray 1,000 × 3 float64`; a structured array with its fields."""
    slots = static.members(base)
    shape, dtype = slots["shape"].__get__(obj), slots["dtype"].__get__(obj)  # type: ignore[attr-defined]
    names = dtype.names or ()
    return Description(
        f"{named(obj, base)} {_size(shape)} {dtype_text(dtype)}",
        fields=partial(_fields, dtype, names),
        size=len(names),
    )


def number(obj: object, base: type) -> Description:
    """`numpy.float64`, without its value."""
    return Description(f"numpy.{static.type_name(type(obj))}")


def dtype_text(dtype: Any) -> str:
    """The name of a dtype of numpy's own, structured ones without their fields."""
    return "structured" if dtype.names else str(dtype)


def object_text(values: Any) -> str:
    """`object[str | int]`, from a few elements of a one-dimensional array of objects."""
    found = kinds((value for value in values[:OBJECTS_SEEN] if value is not None), nested=False)
    return f"object[{found}]" if found else "object"


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"of {shape[0]:,}"
    return " × ".join(f"{length:,}" for length in shape) or "0-dimensional"


def _fields(dtype: Any, names: tuple[str, ...]) -> Iterator[Field]:
    for name in names:
        yield Field(name, dtype_text(dtype[name]))


DESCRIBERS: dict[str, Describer] = {"numpy.ndarray": array, "numpy.generic": number}
