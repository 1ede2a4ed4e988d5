"""Models: scikit-learn's estimators and statsmodels' results, from what they store of themselves."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description, Field, known_as, stored
from caveagent_magic.injection.describers.pandas_cells import is_numpy
from caveagent_magic.injection.escape import label

SHOWN_STEPS = 8
_PLAIN: tuple[type, ...] = (int, float, str, bool)
_NO_DEFAULT = object()


def estimator(obj: object, base: type) -> Description:
    """`LogisticRegression, fitted on 3 features`, with their names and the parameters that were set."""
    own = static.instance_members(obj)
    steps = own.get("steps")
    last = steps[-1][-1] if type(steps) is list and steps and type(steps[-1]) is tuple else obj
    fitted = _fitted(own) or _fitted(static.instance_members(last))
    features = _strings(own.get("feature_names_in_"))
    number = own.get("n_features_in_")
    on = f" on {number:,} features" if type(number) is int else ""
    return Description(
        f"{static.type_name(type(obj))}, {'fitted' + on if fitted else 'not fitted'}",
        fields=lambda: iter([Field(name, "") for name in features]),
        size=len(features),
        lines=partial(_estimator_lines, own, list(_set(own, type(obj)))),
        statistics=partial(_parameter_values, own, list(_set(own, type(obj)))),
    )


def _fitted(own: Mapping[str, object]) -> bool:
    """Whether there is an attribute that only fitting makes, by scikit-learn's convention."""
    return any(type(name) is str and name.endswith("_") and not name.startswith("_") for name in own)


def _estimator_lines(own: Mapping[str, object], parameters: list[str]) -> Iterator[str]:
    steps = own.get("steps")
    if type(steps) is list:
        yield "steps: " + " → ".join(_step(each) for each in steps[:SHOWN_STEPS])
    classes: Any = own.get("classes_")
    if is_numpy(classes) and classes.ndim == 1:
        yield f"{len(classes)} classes"
    if parameters and type(steps) is not list:
        yield f"set: {', '.join(parameters)}"


def _step(step: object) -> str:
    if type(step) is not tuple or not step:
        return "?"
    return f"{label(step[0])} {static.type_name(type(step[-1]))}"


def _set(own: Mapping[str, object], cls: type) -> Iterator[str]:
    """The parameters, as scikit-learn has them those of `__init__`, that are not at their plain defaults."""
    start: Any = static.class_member(cls, "__init__")
    if type(start) is not types.FunctionType:
        return
    code = start.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    by_place = tuple(start.__defaults__ or ())
    defaults = dict(zip(names[code.co_argcount - len(by_place) : code.co_argcount], by_place, strict=True))
    defaults |= dict(start.__kwdefaults__ or {})
    for name in names[1:]:
        if name in own and not _same(own[name], defaults.get(name, _NO_DEFAULT)):
            yield name


def _same(value: object, default: object) -> bool:
    plain = any(type(value) is each for each in _PLAIN)
    return value is default or (plain and type(value) is type(default) and value == default)


def _parameter_values(own: Mapping[str, object], parameters: list[str]) -> Iterator[str]:
    told = [f"{name}={own[name]!r}" for name in parameters if any(type(own[name]) is each for each in _PLAIN)]
    if told:
        yield ", ".join(told)


def results(obj: object, base: type) -> Description:
    """`OLS results`, with the names of the response and the regressors."""
    own = static.instance_members(obj)
    inner = static.instance_members(own["_results"]) if "_results" in own else own
    model = inner.get("model")
    kind = static.type_name(type(model)) if model is not None else static.type_name(type(obj))
    names = _exogenous(model)
    response = _endogenous(model)
    return Description(
        f"statsmodels {kind} results" + (f" for {response}" if response else ""),
        fields=lambda: iter([Field(name, "") for name in names]),
        size=len(names),
        lines=lambda: iter(_observations(model)),
    )


def model(obj: object, base: type) -> Description:
    """`statsmodels OLS, not fitted`."""
    stored(obj, "data")
    names = _exogenous(obj)
    return Description(
        f"statsmodels {known_as(obj, 'statsmodels')}, not fitted",
        fields=lambda: iter([Field(name, "") for name in names]),
        size=len(names),
    )


def _original(model: object, name: str) -> Any:
    """The manager of a frame that the model was made from."""
    data = static.instance_members(model).get("data")
    frame = static.instance_members(data).get(name)
    return static.instance_members(frame).get("_mgr") if static.belongs(type(frame), "pandas") else None


def _exogenous(model: object) -> list[object]:
    manager = _original(model, "orig_exog")
    return list(manager.axes[0]) if manager is not None and len(manager.axes) == 2 else []


def _endogenous(model: object) -> str:
    frame = static.instance_members(static.instance_members(model).get("data")).get("orig_endog")
    name = static.instance_members(frame).get("_name") if static.belongs(type(frame), "pandas") else None
    return "" if name is None else label(name)


def _observations(model: object) -> Iterator[str]:
    number = static.instance_members(model).get("nobs")
    if type(number) in (int, float):
        yield f"{int(number):,} observations"  # type: ignore[call-overload]


def _strings(names: object) -> list[str]:
    """The names in an array, without anything that is not text."""
    if not is_numpy(names) or names.ndim != 1:  # type: ignore[attr-defined]
        return []
    return [static.exact_str(name) for name in names.tolist()]  # type: ignore[attr-defined]


DESCRIBERS: dict[str, Describer] = {
    "sklearn.base.BaseEstimator": estimator,
    **dict.fromkeys(("statsmodels.base.wrapper.ResultsWrapper", "statsmodels.base.model.Results"), results),
    "statsmodels.base.model.Model": model,
}
