"""Whether values carry code of the person or of the step: functions, classes, objects that hold one."""

from __future__ import annotations

from collections.abc import Callable

from caveagent_magic.security.flow.values import (
    Bound,
    Class,
    Function,
    Instance,
    Items,
    Made,
    Named,
    Value,
    Values,
)
from caveagent_magic.security.known import own_code
from caveagent_magic.security.objects.held import held
from caveagent_magic.security.objects.members import own_class
from caveagent_magic.security.objects.still import is_a


def carries(values: Values, own: Callable[[type], bool] = own_class) -> bool:
    """Whether any of the values carries such code; `own` knows the classes that are the person's."""
    return any(_carries(value, own) for value in values)


def _carries(value: Value, own: Callable[[type], bool]) -> bool:
    if isinstance(value, (Function, Class, Made)):
        return True
    if isinstance(value, Items):
        return any(carries(inner, own) for _, inner in value.entries)
    if isinstance(value, Bound):
        return _carries(value.function, own) or any(carries(inner, own) for inner in value.first)
    if isinstance(value, (Named, Instance)) and value.live is not None:
        return any(_is_own(obj, own) for obj in (value.live.obj, *_parts(value)))
    return isinstance(value, Instance) and value.carries


def _parts(value: Named | Instance) -> list[object]:
    return list(held(value.live.obj)) if isinstance(value, Instance) and value.live is not None else []


def _is_own(obj: object, own: Callable[[type], bool]) -> bool:
    return own_code(obj) or own(obj if is_a(obj, type) else type(obj))
