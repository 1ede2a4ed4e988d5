"""`check` judges cells as IPython would take them, and takes nothing but text and a dictionary."""

from __future__ import annotations

import os
import types
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.macro import Macro

from caveagent_magic.security import check


class Shown:
    """An object whose text is written to a file as well."""

    def __str__(self) -> str:
        Path("shown").touch()
        return "shown"


@pytest.fixture(scope="module")
def names() -> Iterator[dict[str, object]]:
    """The names of a shell that is at work in this process."""
    shell = InteractiveShell.instance()
    shell.user_ns |= {
        "df": pd.DataFrame({"a": [1]}),
        "x": 1,
        "leave": shell.user_ns["exit"],
        "remove": Macro("import os\nos.system('ls')\n"),
        "more": Macro("x + 1\n"),
        "shown": Shown(),
    }
    yield shell.user_ns
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("cell", "decision"),
    [
        ("df.head?", "allow"),
        ("?df", "allow"),
        ("df.head??", "allow"),
        ("%matplotlib inline\ndf.a.sum()", "allow"),
        ("%time df.a.sum()", "allow"),
        ("x", "allow"),
        ("more", "allow"),
        ("exit", "ask"),
        ("  quit;\n", "ask"),
        ("leave", "ask"),
        ("remove", "ask"),
        (",exec x", "ask"),
        ("/exec x", "ask"),
        (";exec x = 1", "ask"),
        ("reset -f", "ask"),
        ("pip install x", "ask"),
        ("rm -rf x", "ask"),
        ("!ls", "ask"),
        ("files = !ls", "ask"),
        ("%config InlineBackend.figure_format = 'retina'", "allow"),
        ("%config InlineBackend.figure_format = df.to_csv('a')", "ask"),
        ("%config InlineBackend.rc = {'text.usetex': True}", "ask"),
        ("%config HistoryManager.enabled = False", "ask"),
        ("config InlineBackend.figure_format = df.to_csv('a')", "ask"),
        ("%who {df.to_csv('a')}", "ask"),
        ("%who {df.to_csv('a')} {", "ask"),
        ("%%capture {df.to_csv('a')}\nx", "ask"),
        ("%%capture taken\nx", "allow"),
        ("%%capture print\nx", "ask"),
        ("%%capture\n%matplotlib inline\nx", "allow"),
        ("%%time\n%history -f a", "ask"),
        ("%history 1-3", "allow"),
        ("%whos", "ask"),
        ("shown?", "ask"),
        ("%psource df.to_csv", "allow"),
        ("shown.*?", "ask"),
        ("%%bash\nls", "ask"),
        ("%%time\nimport os\nos.system('ls')", "ask"),
        ("def f(:", "deny"),
        ("In [1]: f = print\nf(x)", "allow"),
        ("In [1]: more = df.to_csv\nmore('a.csv')", "ask"),
        ('text = """\n>>> x\n"""\n... %sx (id)>x', "ask"),
        ("# a comment\f%who\fdf.to_csv('a.csv')\nx", "ask"),
        ('f = {"\\n  \\n": len, "\\n\\n": df.to_csv}\nf["""\n  \n"""]("a.csv")', "ask"),
        ('f = {"\\n  \\n": df.to_csv, "\\n\\n": len}\nf["""\n  \n"""]("a.csv")', "ask"),
        ("v" + "a" * 60_000 + " = 1\nx", "allow"),
        ('query = """\n  \n  select 1\n"""\nlen(query)', "allow"),
    ],
)
def test_a_cell_is_judged_by_what_ipython_makes_of_it(
    names: dict[str, object], cell: str, decision: str
) -> None:
    assert check(cell, names).decision == decision


def test_nothing_of_the_objects_is_run_to_find_out(names: dict[str, object]) -> None:
    class Quiet:
        def __getattr__(self, name: str) -> None:
            raise AssertionError(f"{name} was asked for")

    assert check("quiet.part.other", {**names, "quiet": Quiet()}).decision == "allow"


@pytest.mark.parametrize("code", [b"x", None, 5, ["x"]])
def test_what_is_no_text_is_refused_with_what_to_do(code: str) -> None:
    with pytest.raises(TypeError, match=r"takes code as a text \(str\).*: decode or read it"):
        check(code)


def test_a_namespace_that_is_no_dictionary_is_refused_with_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"not mappingproxy: pass dict"):
        check("x", types.MappingProxyType({}))


def test_no_method_of_a_text_or_namespace_of_somebodys_class_is_called() -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it was called")

    methods = {
        name: refuse
        for kind in (str, dict)
        for name in vars(kind)
        if name not in ("__new__", "__init__", "__class__", "__doc__", "__getattribute__", "__hash__")
    }
    text = type("Text", (str,), dict(methods))("os.system('ls')")
    names = type("Names", (dict,), dict(methods))()
    dict.__setitem__(names, "os", os)

    assert {finding.capability for finding in check(text, names).findings} == {"process"}


def test_a_function_whose_source_is_said_to_be_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    names: dict[str, object] = {}
    exec(compile("def f():\n    return 1", str(tmp_path / "pipe.py"), "exec"), names)

    assert check("f()", names).decision in ("allow", "ask")


@pytest.mark.parametrize("hidden", ["\f%who\f", "\f"])
def test_what_ipython_would_run_of_a_long_cell_is_not_lost(hidden, names):
    cell = "text = 'a %s' \\\n% x\n" * 300 + f"# a comment{hidden}df.to_csv('a.csv')\n"

    assert check(cell, names).decision != "allow"
    assert check(cell.replace("\f", " "), names).decision == "allow"
