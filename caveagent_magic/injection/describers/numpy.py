"""numpy arrays and scalars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.containers import kinds
from caveagent_magic.injection.describers.description import Describer, Description, Field, named

OBJECTS_SEEN = 10
MASK_SEEN = 10_000


def array(obj: object, base: type) -> Description:
    """`ndarray 1,000 × 3 float64`; a structured array with its fields."""
    # Subclasses have properties of these names.
    plain = next(each for each in static.mro(base) if static.qualified_name(each) == "numpy.ndarray")
    shape, dtype = static.slot(obj, plain, "shape"), static.slot(obj, plain, "dtype")
    names = dtype.names or ()
    return Description(
        f"{named(obj, base)} {_size(shape)} {dtype_text(dtype)}",
        fields=partial(_fields, dtype, names),
        size=len(names),
    )


def masked(obj: object, base: type) -> Description:
    """As an array, with the share of what is masked."""
    mask: Any = static.instance_members(obj).get("_mask")
    described = array(obj, base)
    if static.qualified_name(type(mask)) != "numpy.ndarray" or mask.dtype.kind != "b" or not mask.size:
        return described
    cells = mask.reshape(-1) if mask.flags.c_contiguous else mask
    seen = cells[:: max(1, cells.size // MASK_SEEN) | 1] if cells.ndim == 1 else cells[:MASK_SEEN]
    share, about = float(seen.mean()), "" if seen.size == mask.size else "~"
    told = (f"{about}{share:.0%} masked",) if share else ()
    return replace(described, lines=lambda: iter(told))


def memmap(obj: object, base: type) -> Description:
    """As an array, with the mode of its file."""
    mode = static.exact_str(static.instance_members(obj).get("mode"))
    return replace(array(obj, base), lines=lambda: iter((f"file mode {mode}",) if mode else ()))


def ufunc(obj: object, base: type) -> Description:
    """`numpy.ufunc, 2 in, 1 out`."""
    inputs, outputs = static.slot(obj, base, "nin"), static.slot(obj, base, "nout")
    return Description(f"numpy.ufunc, {inputs} in, {outputs} out")


def number(obj: object, base: type) -> Description:
    """`numpy.float64`, without its value."""
    return Description(f"numpy.{static.type_name(type(obj))}")


def dtype_text(dtype: Any) -> str:
    """The name of a dtype of numpy's own, structured ones without their fields."""
    return "structured" if dtype.names else str(dtype).lstrip("<>=|")


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


DESCRIBERS: dict[str, Describer] = {
    "numpy.ndarray": array,
    "numpy.generic": number,
    "numpy.ufunc": ufunc,
    "numpy.memmap": memmap,
    **dict.fromkeys(("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"), masked),
}
