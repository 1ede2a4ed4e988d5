"""The judge: capability, place and decision; doubt never allows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caveagent_magic.events import Finding, Verdict
from caveagent_magic.security import check
from caveagent_magic.security.budget import Budget
from caveagent_magic.security.judge import AWAIT, TOO_MUCH, judge
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.security.rule import Hit, all_rules
from caveagent_magic.security.use import Use

POLICY = Policy.load()


def test_a_finding_says_what_where_and_how_it_knows() -> None:
    verdict = judge("x = 'ä'; import os\nx, y = 'ö', os.system('ls')", {}, POLICY)

    message = "starts another program with posix.system"
    assert verdict == Verdict("ask", (Finding("CAVE301", "process", message, 2, 12, 2, 27, "posix.system"),))


@pytest.mark.parametrize(
    "code", ["", "\n\n", "# nothing", "df.groupby('a').mean()", "x = [i ** 2 for i in range(9)]"]
)
def test_computing_is_allowed_without_findings(code: str) -> None:
    assert judge(code, {"df": pd.DataFrame()}, POLICY) == Verdict("allow")


@pytest.mark.parametrize(
    "code",
    [
        "def (:",
        "x = '\x00'",
        "a = 1 # \u202e hidden",
        "pass\u200bword = 1",
        "x = '\ud800'",
        "(" * 1000 + ")" * 1000,
        "-" * 100_000 + "1",
        "x" + ".a" * 20_000,
        "'a'" + " + 'a'" * 30_000,
        "x = 1\n" * 50_000,
    ],
)
def test_code_that_cannot_be_read_or_is_too_much_is_never_allowed_unless_harmless(code: str) -> None:
    verdict = judge(code, {}, POLICY)

    assert verdict.decision != "allow" or code.startswith("x = 1")


def test_a_look_that_is_kept_from_computing_ends_by_the_time_that_is_waited() -> None:
    budget = Budget(clock=lambda: 0.0)
    budget.began -= 10

    verdict = judge("x = 1\n" * 20, {}, POLICY, budget)

    assert (verdict.decision, verdict.findings[0].message) == ("ask", TOO_MUCH)


def test_five_thousand_lines_are_looked_at() -> None:
    code = "x = 1\n" * 5000 + "import os\nos.system('ls')"

    assert [finding.line for finding in judge(code, {}, POLICY).findings] == [5002]


def test_a_top_level_await_is_denied_with_what_to_do() -> None:
    for code in (
        "await f()",
        "async for x in y: pass",
        "[x async for x in y]",
        "if 1:\n    async with a: pass",
    ):
        verdict = judge(code, {}, POLICY)

        assert verdict.decision == "deny"
        assert AWAIT in {finding.message for finding in verdict.findings}


def test_an_await_inside_a_function_is_no_top_level_await() -> None:
    assert judge("async def f():\n    await g()", {}, POLICY).decision == "allow"


def test_a_rule_that_crashes_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: object, use: Use) -> Iterator[Hit]:
        raise ZeroDivisionError

    monkeypatch.setattr(type(all_rules()[-1]), "check", crash)
    verdict = judge("len([1])", {}, POLICY)

    assert verdict.decision == "ask"
    assert "failed with ZeroDivisionError" in verdict.findings[0].message


def test_paths_outside_the_working_directory_are_asked_about() -> None:
    decisions = [
        judge(f"import pandas as pd\npd.read_csv({path})", {}, POLICY).decision
        for path in (
            "'a.csv'",
            "'data/a.csv'",
            "f'data/{n}.csv'",
            "'../a.csv'",
            "'/etc/passwd'",
            "f'{n}/a.csv'",
            "'http://a.b/c'",
        )
    ]

    assert decisions == ["allow", "allow", "allow", "ask", "ask", "ask", "ask"]


def test_a_finding_that_asks_is_never_hidden_behind_one_that_is_allowed(tmp_path: Path) -> None:
    allowing = tmp_path / "policy.toml"
    allowing.write_text(
        '[capabilities]\nintrospection = "allow"\n[capabilities.unknown]\nallow = ["a_private_one"]'
    )
    code = "import a_private_one, another_private_one as b\nb.__dict__['f'](a_private_one.f)"
    policy = Policy.load(allowing)

    verdict = judge(code, {}, policy)

    asked = [each for each in verdict.findings if policy.decide(each.capability, each.target) == "ask"]
    assert verdict.decision == "ask"
    assert asked


def test_a_query_over_a_live_engine_is_judged_by_the_class_of_the_engine(tmp_path: Path) -> None:
    allowing = tmp_path / "policy.toml"
    allowing.write_text('[capabilities.unknown]\nallow = ["sqlalchemy.engine.base.Engine"]')
    driver = SimpleNamespace(paramstyle="pyformat", VERSION=(1, 1, 0))
    names = {"pd": pd, "engine": sqlalchemy.create_engine("mysql+pymysql://host/sales", module=driver)}
    code = 'pd.read_sql("select 1", engine)'

    assert judge(code, names, POLICY).decision == "ask"
    verdict = judge(code, names, Policy.load(allowing))
    assert verdict.decision == "allow", verdict


def test_an_engine_over_sqlite_is_a_connection_to_a_file_or_to_memory() -> None:
    names = {"pd": pd, "engine": sqlalchemy.create_engine("sqlite://")}
    listened = sqlalchemy.create_engine("sqlite://")
    sqlalchemy.event.listen(listened, "connect", lambda *_: Path("a").write_text("b"))

    assert judge('pd.read_sql("select 1", engine)', names, POLICY).decision == "allow"
    assert judge('pd.read_sql("drop table sales", engine)', names, POLICY).decision == "ask"
    assert judge('pd.read_sql("select 1", engine)', {**names, "engine": listened}, POLICY).decision == "ask"


def test_check_needs_neither_astroid_nor_user_libraries() -> None:
    code = (
        "import sys; from caveagent_magic.security import check, guard; check('df.head()')\n"
        "print({'astroid', 'pandas', 'numpy', 'IPython'} & set(sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


PIECES = st.sampled_from(
    [
        "os",
        ".",
        "system",
        "(",
        "'x'",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        "=",
        ":=",
        "lambda",
        "x",
        "*",
        "**",
        "df",
        "getattr",
        "'sys'",
        "+",
        "'tem'",
        "import",
        "as",
        "if",
        "else",
        "for",
        "in",
        "def",
        "f",
        "return",
        "class",
        "A",
        "@",
        "await",
        "yield",
        "with",
        "match",
        "case",
        "except",
        "try",
        "\n",
        "\t",
        "global",
        "del",
        "f'{",
        "}'",
        "...",
        "1",
        "_",
        "__class__",
        "\\",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map(" ".join)))
def test_any_text_gets_a_verdict(code: str) -> None:
    assert check(code, {"df": 1}).decision in ("allow", "ask", "deny")


EXPRESSIONS = st.recursive(
    st.sampled_from(["os.system", "df", "'x'", "1", "os", "getattr", "[]", "f"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]})({p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"[{p[0]}, {p[1]}]"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[0]})"),
        inner.map(lambda e: f"(lambda a=({e}): a)()"),
        inner.map(lambda e: f"{{'k': {e}}}['k']"),
        inner.map(lambda e: f"({e},)[0]"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS)
def test_a_call_of_a_program_starter_is_found_however_it_is_wrapped(expression: str) -> None:
    verdict = check(f"import os\nf = {expression}\n[os.system, {expression}][0]('x')")

    assert verdict.decision == "ask"
    assert "process" in {finding.capability for finding in verdict.findings}


@pytest.mark.parametrize(
    ("code", "decision"),
    [
        ("import numpy as pd", "ask"),
        ("from math import sqrt as pd", "ask"),
        ("from math import sqrt as len", "ask"),
        ("def len(x): return 0", "ask"),
        ("for pd in [1, 2]: pass", "ask"),
        ("import pandas as pd", "allow"),
        ("from math import pow", "allow"),
        ("df = df.copy()", "allow"),
        ("list = [1, 2]", "allow"),
    ],
)
def test_a_module_or_builtin_that_is_relied_on_is_not_rebound_unasked(code: str, decision: str) -> None:
    assert judge(code, {"pd": pd, "df": pd.DataFrame()}, POLICY).decision == decision
