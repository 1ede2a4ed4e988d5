"""astroid as a second opinion: closed to third-party source, bounded, and only ever adding."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from caveagent_magic.events import Finding, Verdict
from caveagent_magic.security.budget import Budget
from caveagent_magic.security.flow import infer
from caveagent_magic.security.judge import judge
from caveagent_magic.security.policies.policy import Policy

POLICY = Policy.load()
FRAME = pd.DataFrame({"a": [1]})


@pytest.fixture(scope="module")
def warm() -> None:
    infer.warm_up().join()


def codes(source: str, **names: object) -> set[str]:
    return {finding.code for finding in judge(source, names, POLICY).findings}


@pytest.mark.parametrize(
    "source",
    [
        "class P:\n    def __getitem__(self, n): return getattr(os, n)\nP()['remove']('x')",
        "class P:\n    def __enter__(self): return os\n    def __exit__(self, *a): pass\n"
        "with P() as o:\n    o.remove('x')",
        "class P:\n    def __init__(self): self.m = os\n    @property\n    def r(self): return self.m\n"
        "P().r.remove('x')",
        "class E:\n    def __class_getitem__(cls, i): return os\nE[0].remove('x')",
        "@contextlib.contextmanager\ndef c():\n    yield os\nwith c() as o:\n    o.remove('x')",
        "type('T', (), dict(m=lambda s: os))().m().remove('x')",
    ],
)
def test_it_names_what_our_own_data_flow_could_not(warm: None, source: str) -> None:
    assert "CAVE121" in codes(f"import os, contextlib\n{source}")


def test_it_says_where_and_what(warm: None) -> None:
    verdict = judge(
        "import os\nclass P:\n    def __getitem__(s, n): return os\nP()[1].remove('x')", {}, POLICY
    )

    assert (
        Finding("CAVE121", "delete_file", "deletes x with posix.remove", 4, 0, 4, 18, "x") in verdict.findings
    )


def test_it_finds_what_a_function_of_the_person_loses(warm: None, tmp_path: object) -> None:
    import linecache

    source = "def clean(paths):\n    import os\n    class H:\n        def __getitem__(s, n): return os\n"
    source += "    H()[0].remove(paths)\n"
    linecache.cache["<ipython-input-77>"] = (len(source), None, source.splitlines(True), "<ipython-input-77>")
    names: dict[str, object] = {"__name__": "__main__"}
    exec(compile(source, "<ipython-input-77>", "exec"), names)

    assert "CAVE121" in codes("clean('x')", **names)


def test_it_only_adds(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [
        "import os\nd = {}\nd['f'](os.remove)",
        "import os\nclass P:\n    def __getitem__(s, n): return os\nP()[1].remove('x')",
        "def f(g): return g\nf(eval)('1')",
    ]
    with_it = [codes(source) for source in sources]
    monkeypatch.setattr(infer, "ready", lambda: False)
    without = [codes(source) for source in sources]

    assert all(less - {"CAVE991"} <= more for less, more in zip(without, with_it, strict=True))


def test_before_the_warm_up_what_is_unknown_is_asked_about_and_astroid_is_not_imported() -> None:
    source = (
        "import sys\nfrom caveagent_magic.security import check\n"
        "verdict = check('import os\\nclass P:\\n    def __getitem__(s, n): return os\\nP()[1].remove(1)')\n"
        "print(verdict.decision, 'astroid' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)

    assert done.stdout == "ask False\n", done.stderr


def test_no_third_party_source_is_ever_parsed(warm: None) -> None:
    before = infer.parsed_modules()
    for source in (
        "import os, pandas as pd, numpy as np, seaborn as sns, requests\npd.read_csv('a.csv').pipe(os)[0]()",
        "import os\nfrom sklearn.linear_model import LinearRegression as L\nL().fit(1).coef_.tolist()[0](os)",
        "import os\ndf.columns = ['a']\ndf.columns[0].remove(1)",
        "import os, xml.dom.minidom as m, email.mime.text as t\nm.parseString('a').firstChild.remove(t)",
    ):
        judge(source, {"df": FRAME}, POLICY)

    assert infer.parsed_modules() == before
    assert before.third_party == ()
    assert {"os", "functools", "pathlib"} <= set(before.standard)


def test_astroid_is_left_as_it_was_found(warm: None) -> None:
    from astroid import nodes
    from astroid.manager import AstroidManager

    judge("import os\nclass P:\n    def __getitem__(s, n): return os\nP()[1].remove('x')", {}, POLICY)

    assert "pandas" not in AstroidManager.brain["module_denylist"]
    assert nodes.NodeNG.infer.__module__ == "astroid.nodes.node_ng"


@pytest.mark.parametrize(
    "source",
    [
        "f'{1:>999999999}'.x.remove(1)",
        "('a' * 10 ** 10)[0].x.remove(1)",
        "'{:>999999999}'.format(1).x.remove(1)",
        "x = 9\n" + "x = x ** x\n" * 9 + "y[x].remove(1)",
        "x = 'a'\n" + "x += x\n" * 60 + "y[x].remove(1)",
        "x = []\n" + "x = [x, *x]\n" * 60 + "df[0](x)",
        "+".join(["y"] * 900) + "\ndf[0](y)",
        "".join(f"def f{i}(x): return f{i - 1}(x) or f{i - 1}([x])\n" for i in range(1, 60))
        + "df[0](f59(1))",
    ],
)
def test_code_made_to_be_inferred_for_ever_ends(warm: None, source: str) -> None:
    assert judge(f"import os\n{source}", {"df": FRAME}, POLICY).decision in ("allow", "ask")


def test_an_exhausted_second_opinion_asks(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer, "MOST_INFERRED", 3)
    source = "import os\nclass P:\n    def __getitem__(s, n): return s\nP()[1][2].round()"
    verdict = judge(source, {"df": FRAME}, POLICY)

    assert [finding.code for finding in verdict.findings] == ["CAVE003"]
    assert judge(source.replace("import os", ""), {"df": FRAME}, POLICY) == Verdict("allow")


def test_a_cell_that_names_only_what_computes_is_not_looked_at_twice(
    warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(infer.Opinion, "of", lambda self, expressions, root: asked.append(root))
    source = "class P:\n    def __getitem__(s, n): return s\nprint(P()[1].round())"
    judge(source, {}, POLICY)

    assert asked == []


def test_what_begins_in_live_objects_or_in_a_library_is_not_looked_at_twice(
    warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(infer.Opinion, "of", lambda self, expressions, root: asked.append(root))
    source = "import os, numpy as np\nx, *y = df.groupby('a'), np.ones(3)\nfor each in y + [x]:\n"
    judge(f"{source}    each.round().plot()\n    z = each.max()\n    z.sum()", {"df": FRAME}, POLICY)

    assert asked == []


def test_stored_attributes_of_an_unknown_object_are_named(warm: None) -> None:
    source = "import pathlib\nclass P:\n    def __getitem__(s, n): return pathlib\nP()[1].Path = 1"

    assert {"CAVE991"} < codes(source) or any(code.startswith("CAVE7") for code in codes(source))


def test_the_budget_says_what_is_left() -> None:
    budget = Budget(clock=iter([0.0, 0.25, 9.0]).__next__)

    assert budget.left > 0.0
    assert budget.left == 0.0
