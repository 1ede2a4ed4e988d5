"""Which names code reads of the namespace that it finds."""

import ast
import inspect
import textwrap

import pytest

from caveagent_magic.record.schema import read_and_bound, symbols_of


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


def bodies_in(module):
    """Every block of statements in its source, as code of its own."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list) and block and len(block) < 40:
                yield "\n".join(map(ast.unparse, block))


def told_by_the_table(code):
    """What `symtable` says that the first statement refers to in the namespace; None: it refuses it."""
    try:
        todo, found = [symbols_of(code)], set()
    except SyntaxError:
        return None
    while todo:
        table = todo.pop()
        top = table.get_type() == "module"
        found |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
        todo += table.get_children()
    return found


def statements_in(modules):
    for module in modules:
        for body in bodies_in(module):
            yield from (ast.unparse(each) for each in ast.parse(body).body if type(each) is not ast.AugAssign)


def test_a_statement_reads_what_the_table_of_symbols_says_of_it():
    codes = set(statements_in([textwrap, inspect]))

    differing = [code for code in codes if read_and_bound(code)[0] != (told_by_the_table(code) or set())]

    assert (len(codes) > 1000, differing) == (True, [])
