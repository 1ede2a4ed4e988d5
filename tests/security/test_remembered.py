"""What "always allow this in this notebook" would save."""

from __future__ import annotations

from pathlib import Path

import pytest

from caveagent_magic.security.judge import judge
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.security.policies.remembered import offered, words


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory that is not the home, and a home."""
    (tmp_path / "home" / "work").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home" / "work")


def rules(code: str, policy: Policy | None = None) -> list[str]:
    policy = policy or Policy.load()
    return [words(clause) for clause in offered(judge(code, {}, policy), policy)]


@pytest.mark.parametrize(
    ("code", "saved"),
    [
        ("df.to_csv('out/a.csv')", ["write_file in out/"]),
        ("import os\nos.makedirs('out/deep')\ndf.to_csv('out/deep/a.csv')", ["write_file in out/deep/"]),
        ("df.to_csv('a.csv')", ["write_file a.csv"]),  # its folder is the working directory itself
        ("df.to_csv('../a/b.csv')", ["write_file ../a/b.csv"]),
        ("df.to_csv('~/a/b.csv')", ["write_file ~/a/b.csv"]),
        ("open('.git/hooks/pre-commit', 'w')", ["write_file .git/hooks/pre-commit"]),
        ("for r in regions:\n    df.to_csv(f'out/{r}.csv')", ["write_file in out/"]),
        ("import os\nos.remove('out/a.csv')", ["delete_file out/a.csv"]),
        ("import shutil\nshutil.copy('a.csv', 'out/b.csv')", ["write_file in out/"]),
        ("import pandas as pd\npd.read_csv('/data/sales/a.csv')", ["read_file in /data/sales/"]),
        ("import pandas as pd\npd.read_csv('/data/a.csv')", ["read_file /data/a.csv"]),
        ("import pandas as pd\npd.read_csv('../a.csv')", ["read_file ../a.csv"]),
        ("import pandas as pd\npd.read_csv('https://API.example.org/a')", ["network api.example.org"]),
        ("import requests\nrequests.get('https://u:p@e.org:80/x')", ["network e.org:80"]),
        ("import my_package\nmy_package.work()", ["unknown my_package.work"]),
    ],
)
def test_the_narrowest_useful_scope_is_offered(code: str, saved: list[str]) -> None:
    assert rules(code) == saved


@pytest.mark.parametrize(
    "code",
    [
        "total = 1 + 1",
        "df.to_csv(path)",
        "df.to_csv('*.csv')",
        "df.to_sql('sales', connection)",
        "import requests\nrequests.get(address, headers={'Referer': 'https://api.example.org'})",
        "import requests\nrequests.get('https://evil.test#@api.example.org/')",
        "import subprocess\nsubprocess.run(['git', 'status'])",
        "exec(text)",
        "import ctypes\nctypes.CDLL(None)",
        "import pandas as pd\npd.read_pickle('a.pkl')",
        "import os\nos.environ['TOKEN']",
        "get_ipython().kernel",
        "print = 1\nimport builtins\nbuiltins.len = f",
        "def (:",
    ],
)
def test_what_a_name_does_not_describe_is_never_remembered(code: str) -> None:
    assert rules(code) == []


def test_what_an_administrator_asks_about_is_not_offered(tmp_path: Path) -> None:
    path = tmp_path / "administrator.toml"
    path.write_text('[capabilities]\nwrite_file = "ask"')
    policy = Policy.load(administrator=path)

    assert rules("import requests\nrequests.get('https://e.org')\ndf.to_csv('out/a.csv')", policy) == [
        "network e.org"
    ]


def test_what_was_saved_is_allowed_afterwards_and_nothing_beside_it() -> None:
    policy = Policy.load()
    policy.session.say(offered(judge("df.to_csv('out/a.csv')", {}, policy), policy))

    decisions = {
        path: judge(f"df.to_csv({path!r})", {}, policy).decision
        for path in ("out/b.csv", "out/deep/c.csv", "b.csv", "out/../b.csv", "/etc/b.csv")
    }

    assert decisions == {
        "out/b.csv": "allow",
        "out/deep/c.csv": "allow",
        "b.csv": "ask",
        "out/../b.csv": "ask",
        "/etc/b.csv": "ask",
    }
    assert rules("df.to_csv('out/b.csv')", policy) == []
