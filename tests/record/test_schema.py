"""Which names code reads of the namespace that it finds."""

import pytest

from caveagent_magic.record.schema import read_and_bound


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("total = sum(numbers)\ntotal", {"sum", "numbers"}),
        ("total += 1", {"total"}),
        ("[x for x in numbers]", {"numbers"}),
        ("f({x for x in [y for y in a[[x for x in b]]]})", {"f", "a", "b"}),
        ("[x for x in numbers] + [x]", {"numbers", "x"}),
        ("{k: v for k, v in {n: n for n in names}.items() if k in keep}", {"names", "keep"}),
        ("f = lambda x: x + y", {"y"}),
        ("def f(a):\n    b = a\n    return b + c", {"c"}),
        ("sales['margin'] = 1", {"sales"}),
        ("import pandas as pd\npd.DataFrame()", set()),
        ("if a:\n    b = 1\nb", {"a", "b"}),
        ("a, (b, *c) = d\na, b, c", {"d"}),
        ("del a", set()),
        ("no python at all", set()),
    ],
)
def test_names_are_read_that_the_code_has_not_bound_before(code, reads):
    assert read_and_bound(code)[0] == reads
