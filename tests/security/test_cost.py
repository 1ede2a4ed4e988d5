"""The one estimate of sizes and rounds: what would use too much, and what an analysis may do."""

from __future__ import annotations

import ast

import numpy as np
import pandas as pd
import pytest

from caveagent_magic.security.exhaustion.cost import costs


def found(code: str, **namespace: object) -> list[str]:
    """What is said of the code."""
    return [what for _, what in costs(ast.parse(code), namespace)]


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import numpy as np\nx = np.arange(10**6)\nnp.outer(x, x)", "numpy.outer"),
        ("import numpy as n\na = n.arange(200000)\na[:, None] - a", "sub"),
        ("from numpy import zeros as z\nside = 2 ** 17\nz((side, side))", "numpy.zeros"),
        ("import numpy as np\nX = np.ones((10**6, 2))\nX @ X.T", "matmult"),
        ("import numpy as np\nnp.mgrid[0:10**5, 0:10**5]", "numpy.mgrid"),
        ("import pandas as pd\npd.date_range('1700-01-01', '2200-01-01', freq='1ms')", "pandas.date_range"),
        ("[i * j for i in range(10**5) for j in range(10**5)]", "so many rounds"),
        ("for i in range(10**5):\n    for j in range(10**5):\n        pass", "so many rounds"),
        ("def f():\n    for i in range(10**6): pass\nfor j in range(10**6):\n    f()", "so many rounds"),
        ("i = 0\nwhile i < 10**13:\n    i += 1", "so many rounds"),
        ("x = 3\nfor _ in range(60):\n    x = x * x", "mult"),
        ("s = 'ab'\nfor i in range(100):\n    s += s", "add"),
        ("rows = []\nfor i in range(10**6):\n    rows.append('x' * 10**6)", "the growth of rows"),
        ("a = [1]\nwhile len(a) > 0:\n    a.extend(a)", "the growth of a"),
        ("b'0' * (1 << 40)", "mult"),
        ("w = 10**11\nf'{1:>{w}}'", "a format's width"),
        ("'%*d' % (10**10, 1)", "mod"),
        ("'{:0{w}}'.format(1, w=10**10)", "format"),
        ("'%0999999999d' % 1", "mod"),
        ("b'%.999999999f' % 1", "mod"),
        ("'%(a)0999999999d' % {'a': 1}", "mod"),
        ("'{:>' + '9' * 9 + '}'\nformat(1, '>' + '9' * 9)", "format"),
        ("str.ljust('x', 10**9)", "str.ljust"),
        ("import operator\noperator.mul('x', 10**10)", "operator.mul"),
        ("'x'.__mul__(10**10)", "__mul__"),
        ("(1).to_bytes(10**10, 'big')", "to_bytes"),
        ("import itertools\nlist(itertools.permutations(range(15)))", "list"),
        ("import math\nmath.comb(10**8, 5 * 10**7)", "math.comb"),
        ("import time\nfor _ in range(10**6): time.sleep(10)", "waiting"),
    ],
)
def test_what_would_use_too_much_is_found(code: str, what: str) -> None:
    assert what in found(code)


@pytest.mark.parametrize(
    "code",
    [
        "for i in range(1000):\n    for j in range(1000):\n        print(i * j)",
        "for name in names:\n    rows.append(len(name))",
        "[[0] * 10**6] * 10**6",  # the same list, a million times
        "import itertools\nfor pair in itertools.combinations(columns, 2):\n    print(pair)",
        "for i in range(10**6):\n    for j in range(10**6):\n        break",
        "import time\nfor page in range(20):\n    time.sleep(1)",
        "x = 1\nfor i in range(100):\n    x = x * 2 % 7919",
        "def f(n):\n    return n * 2\nf(10)",
        "a = [1]\nwhile len(a) < 100:\n    a = a + a",
        "1 << -1",
        "'%s_2024_%5.2f' % ('a', 1)",
        "format(1, ',.2f') + str.ljust('x', 20)",
    ],
)
def test_an_analysis_stays_quiet(code: str) -> None:
    assert found(code) == []


def test_the_rows_of_live_frames_and_arrays_count() -> None:
    frame, values = pd.DataFrame({"a": range(200_000)}), np.zeros(200_000)

    assert found("df.merge(df, how='cross')", df=frame) == ["merge"]
    assert found("df.merge(df, on='a')", df=frame) == []
    assert found("v[:, None] - v", v=values) == ["sub"]


def test_an_object_of_a_class_of_the_persons_is_not_touched() -> None:
    class Frame(pd.DataFrame):
        @property
        def shape(self) -> tuple[int, int]:
            raise AssertionError("it was looked at")

    assert found("df.merge(df, how='cross')", df=Frame) == []
    assert found("df * 2", df=Frame({"a": [1]})) == []


def test_the_larger_of_two_branches_counts() -> None:
    code = "import numpy as np\nif q:\n    n = 10**10\nelse:\n    n = 5\nnp.zeros(n)"

    assert found(code) == ["numpy.zeros"]


def test_code_without_an_end_is_looked_at_only_so_far() -> None:
    nested = "\n".join(f"{'    ' * depth}for i{depth} in range(9):" for depth in range(15))

    assert found(f"{nested}\n{'    ' * 15}pass") == ["so many rounds"]
