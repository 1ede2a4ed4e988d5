"""Whether values carry code of the person or of the step: functions, classes, objects that hold one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

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

Own: TypeAlias = Callable[[type], bool]
Holds: TypeAlias = Callable[[object], Iterable[object]]


def carries(values: Values, own: Own = own_class, holds: Holds = held) -> bool:
    """Whether any of the values carries such code.

    `own` knows the classes that are the person's, `holds` what an object can reach by itself.
    """
    return any(_carries(value, own, holds) for value in values)


def _carries(value: Value, own: Own, holds: Holds) -> bool:
    if isinstance(value, (Function, Class, Made)):
        return True
    if isinstance(value, Items):
        return any(carries(inner, own, holds) for _, inner in value.entries)
    if isinstance(value, Bound):
        first = (carries(inner, own, holds) for inner in value.first)
        return _carries(value.function, own, holds) or any(first)
    if isinstance(value, (Named, Instance)) and value.live is not None:
        obj = value.live.obj
        return _is_own(obj, own) or (
            isinstance(value, Instance) and any(_is_own(each, own) for each in holds(obj))
        )
    return isinstance(value, Instance) and value.carries


def _is_own(obj: object, own: Own) -> bool:
    return own_code(obj) or own(obj if is_a(obj, type) else type(obj))
