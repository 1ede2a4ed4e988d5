"""torch tensors and modules; of tensors only torch's own, because others answer with their own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description, Unreadable, named, stored
from caveagent_magic.injection.escape import label

SHOWN_PARTS = 12
MODULES = 10_000  # of which parameters are counted


def tensor(obj: Any, base: type) -> Description:
    """`torch Tensor 32 × 784 float32 on cpu`."""
    if not static.belongs(type(obj), "torch"):
        raise Unreadable("a tensor of a class of its own answers with its own code")
    shape, dtype = static.slot(obj, base, "shape"), static.slot(obj, base, "dtype")
    device = static.slot(obj, base, "device")
    size = " × ".join(f"{length:,}" for length in tuple.__iter__(shape)) or "0-dimensional"
    grad = ", requires grad" if static.slot(obj, base, "requires_grad") else ""
    return Description(
        f"torch {named(obj, base)} {size} {str(dtype).removeprefix('torch.')} on {device}{grad}"
    )


def module(obj: object, base: type) -> Description:
    """`torch Sequential, 7,850 parameters, training`, with the modules in it."""
    parts: Any = stored(obj, "_modules", dict)
    mode = "training" if static.instance_members(obj).get("training") is True else "evaluating"
    number = _parameters(obj)
    known = "" if number is None else f", {number:,} parameters"
    return Description(f"torch {named(obj, base)}{known}, {mode}", lines=partial(_lines, parts))


def _lines(parts: Mapping[str, object]) -> Iterator[str]:
    told = [
        f"{label(name)} {static.type_name(type(each))}" for name, each in list(parts.items())[:SHOWN_PARTS]
    ]
    if told:
        more = [f"… {len(parts) - SHOWN_PARTS} more"] if len(parts) > SHOWN_PARTS else []
        yield f"modules: {', '.join(told + more)}"


def _parameters(obj: object) -> int | None:
    """How many numbers are in all parameters; None when one is not torch's own, or in too many parts."""
    waiting, total, seen = [obj], 0, set[int]()
    while waiting:
        own = static.instance_members(waiting.pop())
        held, inner = own.get("_parameters"), own.get("_modules")
        if type(held) is not dict or type(inner) is not dict or len(seen) > MODULES:
            return None
        for each in held.values():
            if each is None or id(each) in seen:
                continue
            if not static.belongs(type(each), "torch"):
                return None
            seen.add(id(each))
            total += _size(each)
        fresh = [each for each in inner.values() if each is not None and id(each) not in seen]
        seen.update(map(id, fresh))
        waiting += fresh
    return total


def _size(each: object) -> int:
    total = 1
    for length in tuple.__iter__(static.slot(each, type(each), "shape")):
        total *= length
    return total


DESCRIBERS: dict[str, Describer] = {
    **dict.fromkeys(("torch.Tensor", "torch._tensor.Tensor"), tensor),
    "torch.nn.modules.module.Module": module,
}
