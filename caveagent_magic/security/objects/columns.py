"""Columns of pandas as numpy keeps them, read without running a person's array, index or label."""

from __future__ import annotations

import sys
from typing import Any

from caveagent_magic.security.objects.still import instance_dict, word

_class_module = type.__dict__["__module__"].__get__


def column_of(table: object, name: object) -> Any:
    """The numpy array of a column of a frame; None where it is not kept so."""
    pandas = sys.modules.get("pandas")
    manager: Any = instance_dict(table).get("_mgr")
    if pandas is None or type(table) is not pandas.DataFrame or type(name) is not str:
        return None
    labels = manager.axes[0]
    if type(labels) is not pandas.Index or not _is_known(instance_dict(labels).get("_data")):
        return None
    found = (place for place, label in enumerate(labels) if type(label) is str and label == name)
    place = next(found, None)
    if place is None:
        return None
    values = _plain(manager.blocks[manager.blknos[place]].values)
    return values if values is None or values.ndim == 1 else values[manager.blklocs[place]]


def dates_of(table: object) -> Any:
    """The numpy array of the index of a frame or series, where it holds dates."""
    pandas = sys.modules.get("pandas")
    manager: Any = instance_dict(table).get("_mgr")
    if pandas is None or type(table) not in (pandas.DataFrame, pandas.Series):
        return None
    index = manager.axes[-1]
    return _plain(instance_dict(index).get("_data")) if type(index) is pandas.DatetimeIndex else None


def _plain(values: object) -> Any:
    if type(values) is sys.modules["numpy"].ndarray:
        return values
    return getattr(values, "_ndarray", None) if _is_known(values) else None


def _is_known(values: object) -> bool:
    return word(_class_module(type(values))).startswith(("numpy", "pandas."))
