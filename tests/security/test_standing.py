"""What the person has told libraries to call by themselves counts though the code does not name it."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.units
import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from caveagent_magic.security import check

FRAME = pd.DataFrame({"a": [1.5]})


def writes(*given: Any, **named: Any) -> str:
    """Something of the person's that does more than computing."""
    return str(Path("noted").touch())


def computes(*given: Any, **named: Any) -> str:
    """Something of the person's that only computes."""
    return "noted"


class Converts(matplotlib.units.ConversionInterface):
    """Makes numbers of objects that are plotted."""

    @staticmethod
    def convert(value: Any, unit: Any, axis: Any) -> Any:
        Path("noted").touch()
        return [1.0]


class Size:
    """An object that is plotted."""


def decision(code: str) -> str:
    return check(code, {"df": FRAME, "np": np, "pd": pd}).decision


@pytest.fixture
def quiet() -> Iterator[None]:
    """Numpy as it was before."""
    handler, errors = np.geterrcall(), np.geterr()
    yield
    np.seterrcall(handler)
    np.seterr(**errors)


def test_what_shows_warnings_may_run_wherever_there_may_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import warnings\nwarnings.warn('few rows')"
    monkeypatch.setattr(warnings, "showwarning", computes)
    quiet = decision(code)
    monkeypatch.setattr(warnings, "showwarning", writes)

    assert (quiet, decision(code), decision("df.a / 0")) == ("allow", "ask", "ask")


def test_what_numpy_calls_for_errors_in_numbers_may_run(quiet: None) -> None:
    np.seterrcall(computes)
    before = decision("np.log(df.a - 2)")
    np.seterr(all="call")
    np.seterrcall(writes)

    assert (before, decision("np.log(df.a - 2)")) == ("allow", "ask")


def test_formats_of_numbers_that_are_functions_run_where_something_is_shown() -> None:
    with pd.option_context("display.float_format", computes):
        quiet = decision("df")
    with pd.option_context("display.float_format", writes):
        shown = decision("df")
    with np.printoptions(formatter={"float": writes}):
        printed = decision("print(df.a.to_numpy())")

    assert (quiet, shown, printed, decision("df")) == ("allow", "ask", "ask", "allow")


def test_a_method_of_a_library_that_the_person_has_replaced_runs_wherever_the_library_calls_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pd.Series, "__add__", writes)

    assert decision("df.groupby('a').a.sum() + 1") == "ask"


def test_streams_and_finders_of_the_person_run_with_what_is_printed_and_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Copies(io.StringIO):
        def write(self, text: str) -> int:
            return len(writes(text))

        def find_spec(self, *given: object) -> None:
            writes()

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Copies())
        printed = decision("print(1)")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "meta_path", [Copies(), *sys.meta_path])
        imported = decision("import json")

    assert (printed, imported, decision("import json\nprint(1)")) == ("ask", "ask", "allow")


def test_converters_of_units_run_where_something_is_plotted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matplotlib.units.registry, Size, Converts())

    assert decision("df.plot()") == "ask"


def test_what_shows_a_class_in_the_shell_runs_where_something_is_shown() -> None:
    shell = InteractiveShell.instance()
    formatter = shell.display_formatter.formatters["text/plain"]
    formatter.for_type(pd.DataFrame, writes)
    asked = decision("df")
    formatter.pop(pd.DataFrame)
    InteractiveShell.clear_instance()

    assert (asked, decision("df")) == ("ask", "allow")
