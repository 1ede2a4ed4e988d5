"""What a matplotlib figure shows, in words: titles, axes, series and their ranges, read without drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MOST_AXES, MOST_SERIES = 6, 8
TEXT = 60


def describe_figure(obj: object) -> str:
    """`"Delay by month"; x month 1 to 12; y delay 3 to 20; lines: UA, DL`; empty for what is no figure."""
    cls = type(obj)
    if f"{cls.__module__}.{cls.__qualname__}" != "matplotlib.figure.Figure":
        return ""
    figure: Any = obj
    axes = [each for each in figure.axes if each.get_visible()]
    more = f"\n… {len(axes) - MOST_AXES} more axes" if len(axes) > MOST_AXES else ""
    return "\n".join(map(_axes, axes[:MOST_AXES])) + more


def _axes(axes: Any) -> str:
    title = axes.get_title()
    parts = [
        f'"{_short(title)}"' if title else "",
        _axis("x", axes.get_xlabel(), axes.get_xlim()),
        _axis("y", axes.get_ylabel(), axes.get_ylim()),
        _series("lines", axes.lines),
        _series("bars", axes.containers),
        _series("points or areas", axes.collections),
        f"{len(axes.images)} images" if axes.images else "",
    ]
    return "; ".join(filter(None, parts))


def _axis(name: str, label: str, limits: tuple[float, float]) -> str:
    return f"{name} {_short(label)}".rstrip() + f" {limits[0]:.4g} to {limits[1]:.4g}"


def _series(kind: str, artists: Any) -> str:
    if not artists:
        return ""
    labels = [str(artist.get_label()) for artist in artists]
    named = [_short(label) for label in labels if label and not label.startswith("_")]
    more = f" and {len(named) - MOST_SERIES} more" if len(named) > MOST_SERIES else ""
    return f"{kind}: {', '.join(named[:MOST_SERIES])}{more}" if named else f"{len(labels)} {kind}"


def _short(text: str) -> str:
    text = " ".join(str(text).split())
    return text if len(text) <= TEXT else f"{text[:TEXT]}…"


class Described(dict[str, Any]):
    """A MIME bundle, and what the model is to read of it beside the text that front ends get."""

    words = ""


def describing(format_object: Callable[..., Any]) -> Callable[..., Any]:
    """The display formatter's `format`, with the words for a figure beside its bundle."""

    def formatted(obj: object, *args: Any, **options: Any) -> Any:
        data, metadata = format_object(obj, *args, **options)
        described = Described(data)
        try:
            described.words = describe_figure(obj)
        except Exception:  # a figure may hold artists of the person's own, whose methods raise
            described.words = ""
        return (described, metadata) if described.words else (data, metadata)

    return formatted


def as_read(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The bundle as the model reads it."""
    return {**data, "text/plain": data.words} if isinstance(data, Described) else data
