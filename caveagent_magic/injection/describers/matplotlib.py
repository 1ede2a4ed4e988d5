"""matplotlib figures and axes: titles, labels and how much is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from caveagent_magic.injection import static
from caveagent_magic.injection.describers.description import Describer, Description, count, stored
from caveagent_magic.injection.escape import label

SHOWN_AXES = 6
SHOWN_LABELS = 8


def figure(obj: object, base: type) -> Description:
    """`Figure of 2 axes, title 'Delays'`, with a line for each."""
    axes = _axes(stored(obj, "_axstack"))
    title = _text(static.instance_members(obj).get("_suptitle"))
    return Description(
        f"{static.type_name(base)} of {len(axes)} axes{f', title {title}' if title else ''}",
        lines=partial(_lines, axes),
    )


def axes(obj: object, base: type) -> Description:
    """`Axes, title 'Delays', x 'day', y 'minutes', 2 lines`."""
    stored(obj, "_children", list)
    return Description(f"{static.type_name(type(obj))}{_told(obj)}", lines=partial(_labels, obj))


def _axes(stack: object) -> list[object]:
    held = static.instance_members(stack).get("_axes")
    return list(held) if type(held) is dict else []


def _lines(found: list[object]) -> Iterator[str]:
    for each in found[:SHOWN_AXES]:
        yield f"{static.type_name(type(each))}{_told(each)}"
    if len(found) > SHOWN_AXES:
        yield f"… {len(found) - SHOWN_AXES} more axes"


def _told(axis: object) -> str:
    own = static.instance_members(axis)
    words = [f", {word} {text}" for word, text in _titles(own) if text]
    drawn: dict[str, int] = {}
    children = own.get("_children")
    for child in children if type(children) is list else ():
        name = static.type_name(type(child)).removesuffix("2D").lower()
        drawn[name] = drawn.get(name, 0) + 1
    return "".join(words) + "".join(f", {count(number, name)}" for name, number in drawn.items())


def _titles(own: Any) -> Iterator[tuple[str, str]]:
    yield "title", _text(own.get("title"))
    for word in ("x", "y"):
        axis = static.instance_members(own.get(f"{word}axis"))
        yield word, _text(axis.get("label"))


def _text(artist: object) -> str:
    text = static.exact_str(static.instance_members(artist).get("_text"))
    return label(text) if text else ""


def _labels(axis: object) -> Iterator[str]:
    children = static.instance_members(axis).get("_children")
    found = [
        static.exact_str(static.instance_members(child).get("_label"))
        for child in (children if type(children) is list else ())
    ]
    given = [label(text) for text in found if text and not text.startswith("_")]
    if given:
        more = [f"… {len(given) - SHOWN_LABELS} more"] if len(given) > SHOWN_LABELS else []
        yield f"labels: {', '.join(given[:SHOWN_LABELS] + more)}"


DESCRIBERS: dict[str, Describer] = {
    "matplotlib.figure.Figure": figure,
    "matplotlib.axes._base._AxesBase": axes,
}
