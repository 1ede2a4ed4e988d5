from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from caveagent_magic.rehearsal.fork import Emit, Limits, Trial, rehearse

PATIENT: dict[str, Any] = {"seconds": 100.0}  # on a busy machine importing a library takes long


def describe(thing: object) -> str:
    if isinstance(thing, (list, dict, set)):
        return f"{type(thing).__name__} of {len(thing)}"
    return f"{type(thing).__name__} {thing}" if isinstance(thing, (int, str)) else type(thing).__name__


@pytest.fixture
def try_out() -> Callable[..., Trial]:
    """Rehearse source in a namespace."""

    def run(source: str, namespace: dict[str, Any] | None = None, **limits: Any) -> Trial:
        names = {} if namespace is None else namespace

        def execute(emit: Emit) -> None:
            names["_emit"] = emit
            exec(source, names)

        return rehearse(execute, names, Limits(**PATIENT | limits), describe)

    return run


@pytest.fixture
def try_call() -> Callable[..., Trial]:
    """Rehearse a function that is given `emit`."""

    def run(function: Callable[[Emit], object], **limits: Any) -> Trial:
        return rehearse(lambda emit: [function(emit), None][1], {}, Limits(**PATIENT | limits), describe)

    return run


@pytest.fixture
def said() -> Callable[[Trial], str]:
    """All text of a trial."""
    return lambda trial: "".join(output.get("text", "") for output in trial.outputs)
