"""Loops that go on by themselves: whether the numbers that they count reach a way out."""

from __future__ import annotations

import pytest

from caveagent_magic.security import check


@pytest.mark.parametrize(
    "code",
    [
        "import itertools\nfor i in itertools.count():\n    if i < 0:\n        break",
        "import itertools\nfor i in itertools.count(1, 2):\n    if i % 2 == 0:\n        break",
        "i = 0\nwhile True:\n    i += 1\n    if i < 0:\n        break",
        "for i in range(10**12):\n    if i < 0:\n        break",
        "while True:\n    try:\n        n = int(3.5)\n    except ValueError:\n        break",
        "import itertools\n-1 in itertools.count()",
        "import itertools\nnext(i for i in itertools.count() if i < 0)",
    ],
)
def test_a_way_out_that_is_never_reached_is_none(code: str) -> None:
    assert {finding.capability for finding in check(code).findings} == {"exhaustion"}


@pytest.mark.parametrize(
    "code",
    [
        "import itertools\nfor i in itertools.count():\n    if i * i > 50_000:\n        break",
        "import itertools\nfor i in itertools.count(7, 3):\n    if i == 10_000:\n        break",
        "i = 0\nwhile True:\n    i += 1\n    if i >= 20 or i % 7 == 5:\n        break",
        "for i in range(10**12):\n    if i > 5000:\n        break",
        "while True:\n    try:\n        row = next(rows)\n    except StopIteration:\n        break",
        "import itertools\n5 in itertools.count()",
        "done = False\ndef work():\n    global done\n    done = True\n"
        "while True:\n    work()\n    if done:\n        break",
    ],
)
def test_a_loop_that_is_left_is_no_question(code: str) -> None:
    assert check(code, {"rows": iter([1])}).decision == "allow"
