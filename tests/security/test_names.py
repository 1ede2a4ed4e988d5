"""Names are resolved through aliases, containers and live objects, without running anything."""

from __future__ import annotations

import ast
import linecache
import types

import pandas as pd
import pytest

from caveagent_magic.security.budget import Budget
from caveagent_magic.security.names import uses_of as read
from caveagent_magic.security.use import Use


def uses_of(tree: ast.Module, namespace: dict[str, object]) -> list[Use]:
    """The uses in code that can be followed to its end."""
    uses, whole = read(tree, namespace, Budget())
    assert whole
    return uses


def called(code: str, namespace: dict[str, object] | None = None) -> set[str]:
    """The names of everything that the code calls or hands over."""
    uses = uses_of(ast.parse(code), namespace or {})
    return {use.names[0] for use in uses if use.kind in ("call", "pass")}


@pytest.mark.parametrize(
    "code",
    [
        "import os as o\nf = o.system\nf('x')",
        "import os\na, (b, *c) = 1, (2, os.system)\nc[0]('x')",
        "import os\nd = {'run': [os.system]}\nd['run'][0]('x')",
        "import os\ndef f(g=os.system):\n    return g('x')\nf()",
        "import os\nf = os.system if len('a') else print\nf('x')",
        "import os\nif (g := os.system):\n    g('x')",
        "import os\n[f('x') for f in (print, os.system)]",
        "getattr(__import__('o' + 's'), ''.join(['sys', 'tem']))('x')",
        "import importlib\nimportlib.import_module('os').system('x')",
        "import functools, os\nfunctools.partial(os.system, 'x')()",
        "class A:\n    import os\n    run = os.system\nA.run('x')",
        "def a():\n    import os\n    def b():\n        return os.system\n    return b\na()()('x')",
        "import os\nmatch os:\n    case object(system=f):\n        f('x')",
        "import os\nfor i in range(2):\n    f = g\n    g = os.system\n    f('x')",
        "import pandas as pd\npd.io.common.os.system('x')",
    ],
)
def test_a_function_is_known_whatever_it_is_called(code: str) -> None:
    assert "posix.system" in called(code, {"g": print})


def test_methods_of_live_frames_have_their_public_names() -> None:
    assert "pandas.DataFrame.to_csv" in called("df.to_csv('x')", {"df": pd.DataFrame()})


def test_methods_of_frames_that_the_code_makes_have_their_public_names() -> None:
    code = "import pandas as pd\npd.read_csv('a').groupby('b').sum().dropna().to_excel('x')"

    assert "pandas.DataFrame.to_excel" in called(code)


def test_a_function_of_an_earlier_cell_is_followed_into_its_source() -> None:
    source = "import os\ndef clean(x):\n    return os.system(x)\n"
    namespace: dict[str, object] = {}
    exec(compile(source, "<ipython-input-77>", "exec"), namespace)
    linecache.cache["<ipython-input-77>"] = (len(source), None, source.splitlines(True), "<ipython-input-77>")

    uses = uses_of(ast.parse("x = 1\nclean('x')"), namespace)

    assert {
        (u.names[0], u.span.line, u.via) for u in uses if u.kind == "call" and "posix.system" in u.names
    } == {("posix.system", 2, "clean")}


class Trap:
    """Anything that is run of it shows."""

    touched: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> None:
        Trap.touched.append(name)

    @property
    def shape(self) -> None:
        Trap.touched.append("shape")

    def __eq__(self, other: object) -> bool:
        Trap.touched.append("==")
        return True

    def __hash__(self) -> int:
        Trap.touched.append("hash")
        return 0

    def __repr__(self) -> str:
        Trap.touched.append("repr")
        return ""

    def __len__(self) -> int:
        Trap.touched.append("len")
        return 0


class TrapModule(types.ModuleType):
    """A module whose attributes run code."""

    def __getattribute__(self, name: str) -> object:
        Trap.touched.append(f"module {name}")
        return super().__getattribute__(name)


def test_nothing_of_a_live_object_is_run() -> None:
    trap, module = Trap(), TrapModule("tricky")
    namespace: dict[str, object] = {"t": trap, "m": module, "l": [trap], "d": {"k": trap}}
    Trap.touched.clear()

    uses_of(
        ast.parse("t.shape; t.foo(t); t + 1; l[0].x; d['k'](); m.a.b; print(t, l, d); f'{t}'; len(t)"),
        namespace,
    )

    assert Trap.touched == []


@pytest.mark.parametrize("code", ["d = {}\nd['a']('x')", "df.loc[0, 'f']('x')", "[print][n](df['f'](1))"])
def test_calling_what_is_only_known_when_it_runs_is_said(code: str) -> None:
    kinds = [use.kind for use in uses_of(ast.parse(code), {"df": pd.DataFrame(), "n": 0})]

    assert "unknown" in kinds
