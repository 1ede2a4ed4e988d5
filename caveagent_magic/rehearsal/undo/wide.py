"""State of the whole interpreter that steps commonly touch; libraries that are not loaded have none."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from caveagent_magic.rehearsal.undo.kept import Kept, Kind


def roots() -> Iterator[tuple[str, object]]:
    """Objects of libraries that hold such state, by what a person calls it."""
    yield "Python's random numbers", _in_module("random", "_inst")
    yield "numpy's random numbers", _in_module("numpy.random.mtrand", "_rand")
    yield "torch's random numbers", _in_module("torch", "default_generator")
    yield "pandas' options", _in_module("pandas._config.config", "_global_config")
    yield "matplotlib's rcParams", _in_module("matplotlib", "rcParams")
    yield "sys.path", sys.path


def _in_module(module: str, name: str) -> object:
    """What a module holds by now: asking it by attribute may make it import more."""
    return vars(sys.modules[module]).get(name) if module in sys.modules else None


def settings() -> list[Kept]:
    """Such state that only functions give and take."""
    return [Kept(None, kind, kind.read(None), name) for name, kind in _kinds()]


def _kinds() -> Iterator[tuple[str, Kind]]:
    yield "the working folder", _kind(_folder, os.chdir)
    yield "environment variables", _kind(lambda: dict(os.environ), _set_environment)
    yield "warning filters", _kind(lambda: (warnings.filters, tuple(warnings.filters)), _set_filters)
    yield "sys.path", _kind(lambda: id(sys.path), _same_path(sys.path))
    yield "the recursion limit", _kind(sys.getrecursionlimit, sys.setrecursionlimit)
    if numpy := sys.modules.get("numpy"):
        printing = _kind(numpy.get_printoptions, lambda state: numpy.set_printoptions(**state))
        yield "numpy's print options", printing
        yield "numpy's error handling", _kind(numpy.geterr, lambda state: numpy.seterr(**state))
    if decimal := sys.modules.get("decimal"):
        yield (
            "decimal's context",
            _kind(lambda: _precision(decimal), lambda state: _set_decimal(decimal, state)),
        )
    if locale := sys.modules.get("locale"):
        get, put = locale.setlocale, locale.LC_ALL
        yield "the locale", _kind(lambda: get(put), lambda state: get(put, state))


def _kind(read: Callable[[], Any], write: Callable[[Any], object]) -> Kind:
    def restore(_: Any, state: Any) -> None:
        write(state)

    return Kind(lambda _: read(), restore, lambda first, second: bool(first == second))


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was deleted under us
        return ""


def _set_environment(state: dict[str, str]) -> None:
    for name in os.environ.keys() - state.keys():
        del os.environ[name]
    for name, value in state.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _set_filters(state: tuple[Any, tuple[Any, ...]]) -> None:
    warnings.filters, content = state
    state[0][:] = content
    warnings._filters_mutated()  # type: ignore[attr-defined]


def _same_path(path: list[str]) -> Callable[[int], None]:
    def restore(_: int) -> None:
        sys.path = path

    return restore


def _precision(decimal: Any) -> tuple[Any, ...]:
    context = decimal.getcontext()
    traps = tuple(sorted((signal.__name__, on) for signal, on in context.traps.items()))
    return context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp, traps


def _set_decimal(decimal: Any, state: tuple[Any, ...]) -> None:
    context = decimal.getcontext()
    for name, value in zip(
        ("prec", "rounding", "Emin", "Emax", "capitals", "clamp"), state[:-1], strict=True
    ):
        setattr(context, name, value)
    for signal in context.traps:
        context.traps[signal] = dict(state[-1])[signal.__name__]
