"""Where expressions begin: in the code, or outside of it."""

from __future__ import annotations

import ast

import pytest

from caveagent_magic.security.flow.origins import Origins


def inside(source: str) -> bool:
    """Whether the last expression begins in the code."""
    tree = ast.parse(source)
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    return Origins(tree).inside(last.value)


@pytest.mark.parametrize(
    "source",
    [
        "x = [1, {'a': lambda: 1}]\nx",
        "x = df\nx = {1: max}\nx.get('a')(1)",
        "import os as o\no.remove",
        "from os import remove as r\nr('x')",
        "def f(g):\n    pass\nf",
        "def f(g):\n    pass\ng",
        "class A:\n    pass\nA().x",
        "lambda x: x",
        "for x in [max]:\n    y = x\ny",
        "with open('a') as f:\n    pass\nf.read()",
        "try:\n    pass\nexcept ValueError as e:\n    pass\ne.args",
        "match df:\n    case {'a': x, **rest}:\n        pass\nrest",
        "match df:\n    case [x, *y]:\n        pass\ny",
        "if (x := (1, max)):\n    pass\nx[0]",
        "[y for y in [eval]]\ny",
        "a = b\nb = a\nb = {max}\na",
        "open('a')",
    ],
)
def test_what_the_code_itself_makes_begins_inside(source: str) -> None:
    assert inside(source)


@pytest.mark.parametrize(
    "source",
    [
        "df.head()",
        "import pandas as pd\npd.DataFrame().x",
        "from . import x\nx",
        "x = df.head()\ny, z = x.a, 1\nfor w in y:\n    v = w\nv",
        "a = b\nb = a\na",
        "x = df + 1\nx.a",
    ],
)
def test_what_comes_from_live_objects_or_libraries_begins_outside(source: str) -> None:
    assert not inside(source)
