"""Long reprs of containers on one line with fewer items: `[{'b': [0, 1, … 18 more]}, … 4 more]`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

PARSED_CHARS = 200_000
ITEMS = (50, 20, 10, 5, 3, 1)  # of each container, tried one after the other
DEEPEST = 6
LEAF_CHARS = 80
_BRACKETS = {ast.List: "[]", ast.Tuple: "()", ast.Set: "{}", ast.Dict: "{}"}


def compact(text: str, fits: Callable[[str], bool]) -> str | None:
    """The repr with as many items of each container as fit; None: it is none, or nothing fits."""
    if text[:1] not in ("[", "{", "(") or len(text) > PARSED_CHARS:
        return None
    try:
        node = ast.parse(text, mode="eval").body
        return next(filter(fits, (_text(node, items, DEEPEST) for items in ITEMS)), None)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a repr may be anything
        return None


def _text(node: ast.expr, items: int, depth: int) -> str:
    brackets = _BRACKETS.get(type(node))
    if brackets is None:
        return _leaf(node)
    parts: Sequence[ast.expr] = node.values if isinstance(node, ast.Dict) else node.elts  # type: ignore[attr-defined]
    shown = min(items, len(parts)) if depth else 0
    inside = [_text(part, items, depth - 1) for part in parts[:shown]]
    if isinstance(node, ast.Dict):
        keys = ("**" if key is None else f"{_text(key, items, depth - 1)}: " for key in node.keys)
        inside = [key + value for key, value in zip(keys, inside, strict=False)]
    if len(parts) > shown:
        inside.append(f"… {len(parts) - shown:,} more")
    single = "," if isinstance(node, ast.Tuple) and len(parts) == 1 else ""
    return brackets[0] + ", ".join(inside) + single + brackets[1]


def _leaf(node: ast.expr) -> str:
    text = repr(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)
    more = len(text) - LEAF_CHARS
    return f"{text[:LEAF_CHARS]}… (+{more:,} characters)" if more > 0 else text
