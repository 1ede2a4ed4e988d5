"""What a piece of code reads, binds and may alter."""

import types

import pandas as pd
import pytest

from caveagent_magic.export.uses import uses_of

NAMESPACE = {
    "df": pd.DataFrame({"x": [1]}),
    "pd": pd,
    "plain": [1],
    "clean": lambda frame: frame,
    "own": types.SimpleNamespace(),
}


@pytest.mark.parametrize(
    ("code", "writes"),
    [
        ("df.head()", set()),
        ("df.groupby('x').mean()", set()),
        ("print(df)", set()),
        ("pd.concat([df, df])", set()),
        ("y = df.x.mean()", {"y"}),
        ("df['y'] = 1", {"df"}),
        ("df.loc[0, 'x'] = 1", {"df"}),
        ("df.columns = ['y']", {"df"}),
        ("del df['x']", {"df"}),
        ("df.drop(columns='x', inplace=True)", {"df"}),
        ("df.sort_values('x', inplace=False)", set()),
        ("plain.append(2)", {"plain"}),
        ("last = plain.pop()", {"last", "plain"}),
        ("own.refresh()", {"own"}),
        ("clean(df)", {"df"}),
        ("pd.set_option('display.width', 80)", {"pd"}),
        ("for name in plain:\n    df[name] = 0", {"name", "df"}),
        ("def f():\n    global total\n    inner = total = 1", {"f", "total"}),
        ("def mark(frame):\n    frame['y'] = 1\nz = mark(df)", {"mark", "z", "df"}),
        (
            "from json import *",
            {"JSONDecodeError", "JSONDecoder", "JSONEncoder", "dump", "dumps", "load", "loads"},
        ),
        ("x = = 1", set()),
    ],
)
def test_code_may_alter_what_it_binds_and_what_it_asks_to_alter_itself(code, writes):
    assert uses_of(code, NAMESPACE).writes == writes


def test_a_function_tells_which_names_it_reads_when_it_is_called():
    uses = uses_of("def grow(x):\n    return x * RATE", NAMESPACE)

    assert uses.functions == {"grow": {"RATE"}}
