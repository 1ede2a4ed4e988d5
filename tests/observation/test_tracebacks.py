"""Tracebacks as IPython and Python really write them."""

import traceback
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from caveagent_magic.events import Output
from caveagent_magic.observation.outputs import text_of


class Failing:
    """Runs cells and gives back what an exception would have shown."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell, self.outputs = shell, list[Output]()
        shell._showtraceback = self._showtraceback

    def run(self, code: str) -> str:
        self.shell.run_cell(code, store_history=False)
        return text_of(self.outputs[-1], 3).text

    def _showtraceback(self, kind: type, value: BaseException, lines: list[str]) -> None:
        self.outputs.append(
            {"output_type": "error", "ename": kind.__name__, "evalue": str(value), "traceback": lines}
        )


@pytest.fixture
def cell() -> Iterator[Failing]:
    yield Failing(InteractiveShell.instance())
    InteractiveShell.clear_instance()


def test_an_error_deep_in_a_library_is_its_message_and_the_lines_of_the_cell(cell: Failing) -> None:
    code = "import pandas as pd\ndef total(df):\n    return df['x'].sum()\n\ntotal(pd.DataFrame({'a': [1]}))"

    lines = cell.run(code).splitlines()

    assert lines[:3] == [
        "KeyError: 'x'",
        "  at line 5: total(pd.DataFrame({'a': [1]}))",
        "  at line 3: return df['x'].sum()",
    ]
    assert lines[3].startswith("  … ")
    assert lines[3].endswith(" calls in libraries: `_cave.out[3]`")
    assert lines[4:] == ["No such key or column: look at `.columns`, `.index.names` or `.keys()`."]


def test_a_plain_error_is_two_lines(cell: Failing) -> None:
    assert cell.run("x = 1\nx / 0") == "ZeroDivisionError: division by zero\n  at line 2: x / 0"


def test_a_syntax_error_shows_its_place(cell: Failing) -> None:
    assert cell.run("a b").endswith("a b\n      ^\nSyntaxError: invalid syntax")


def test_endless_recursion_shows_a_few_calls(cell: Failing) -> None:
    text = cell.run("def f(n):\n    return f(n + 1)\nf(0)")

    assert text.startswith("RecursionError: maximum recursion depth exceeded")
    assert len(text.splitlines()) < 10


def test_pythons_own_traceback_is_understood() -> None:
    try:
        exec(compile("\n\nint('x')", "<step 1>", "exec"))
    except ValueError as error:
        lines = traceback.format_exc().splitlines()
        output = {"output_type": "error", "ename": "ValueError", "evalue": str(error), "traceback": lines}

    assert text_of(output, 1).text.splitlines()[:2] == [
        "ValueError: invalid literal for int() with base 10: 'x'", "  at line 3",
    ]  # fmt: skip
