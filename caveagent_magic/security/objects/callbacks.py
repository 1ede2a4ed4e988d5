"""Code that runs because of a live object though none of it is called: a figure's callbacks, finalizers."""

from __future__ import annotations

import logging
import sys
import types
import weakref
from collections.abc import Iterator

from caveagent_magic.security.flow.values import Values, texts
from caveagent_magic.security.known import module_dict, own_code, top
from caveagent_magic.security.objects.held import held
from caveagent_magic.security.objects.still import instance_dict, is_a, word

LINKS = (
    "_parent_figure", "figure", "canvas", "_axes", "axes", "xaxis", "yaxis", "zaxis", "major", "minor",
    "_norm", "_formatter", "formatter", "_locator", "_scale", "_transform", "_trf", "norm",
)  # fmt: skip
"""Attributes that lead from a part of a plot to what holds the callbacks of all of it."""
PARTS = ("_localaxes", "subfigs")
FARTHEST = 6  # links from the object
_class_module = type.__dict__["__module__"].__get__
_callback = weakref.ReferenceType.__dict__["__callback__"].__get__


def registered(obj: object) -> Iterator[object]:
    """What an object of matplotlib, its figure or its canvas calls when they change or are drawn."""
    near, seen = [obj], set()
    for _ in range(FARTHEST):
        linked: list[object] = []
        for each in near:
            if id(each) not in seen and top(word(_class_module(type(each)))) == "matplotlib":
                seen.add(id(each))
                yield from _callbacks_of(each)
                inside = instance_dict(each)
                yield from filter(own_code, inside.values())
                linked += [inside[name] for name in LINKS if name in inside]
                linked += [each for name in PARTS for each in _listed(inside.get(name))]
        near = linked


def _listed(parts: object) -> list[object]:
    return list(parts) if type(parts) is list else []


def of_open_figures() -> Iterator[object]:
    """The figures that pyplot keeps, and the axes in them."""
    pyplot = sys.modules.get("matplotlib._pylab_helpers")
    keeper = module_dict(pyplot).get("Gcf") if is_a(pyplot, types.ModuleType) else None
    managers = vars(keeper).get("figs") if is_a(keeper, type) else None
    for manager in list(dict.values(managers)) if is_a(managers, dict) else ():
        figure = instance_dict(instance_dict(manager).get("canvas")).get("figure")
        axes = instance_dict(figure).get("_localaxes")
        yield from (figure, *(axes if type(axes) is list else ()))


def loggers(names: Values) -> Iterator[object]:
    """The root logger, to which all records go, and those of the names."""
    made = logging.Logger.manager.loggerDict
    for logger in (logging.root, *(made[each] for each in texts(names) if each in made)):
        yield logger
        yield from _listed(instance_dict(logger).get("handlers"))


def _callbacks_of(obj: object) -> Iterator[object]:
    matplotlib = sys.modules.get("matplotlib.cbook")
    inside = module_dict(matplotlib) if is_a(matplotlib, types.ModuleType) else {}
    for registry in list(instance_dict(obj).values()):
        if type(registry) is not inside.get("CallbackRegistry"):
            continue
        for by_number in list(instance_dict(registry).get("callbacks", {}).values()):
            for reference in list(by_number.values()):
                if type(reference) is weakref.WeakMethod:
                    yield reference()
                elif type(reference) is inside.get("_StrongRef"):
                    yield instance_dict(reference).get("_obj")


def departing(obj: object) -> Iterator[object]:
    """What is called when the object, or one that only it holds, goes away."""
    for each in (obj, *held(obj)):
        for reference in weakref.getweakrefs(each):
            callback = _callback(reference)
            if type(callback) is weakref.finalize:
                info = module_dict(weakref)["finalize"]._registry.get(callback)
                yield getattr(info, "func", None)
            elif callback is not None:
                yield callback
