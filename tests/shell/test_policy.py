"""`%cave policy`: what applies, from where, and what is said about it here."""

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from caveagent_magic.errors import PolicyError, UsageError
from caveagent_magic.security.policies.clauses import Clause
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.shell.policy import shown


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """The driver of a real IPython shell in an empty folder, on a machine without policies."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("CAVEAGENT_POLICY", raising=False)
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "caveagent_magic")
    made = shell.magics_manager.registry["CaveMagics"].driver
    made.administrator = tmp_path / "administrator.toml"
    yield made
    shell.run_line_magic("unload_ext", "caveagent_magic")
    InteractiveShell.clear_instance()


@pytest.fixture
def cave(driver, capsys):
    """Type `%cave …` and read what it prints."""

    def typed(line):
        driver.runtime.shell.run_line_magic("cave", line)
        return capsys.readouterr().out.rstrip("\n")

    return typed


def rows(table, capability):
    """The lines about a capability, blanks folded."""
    lines, found = table.splitlines(), []
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{capability} "))
    for line in lines[at:]:
        if found and (not line or not line.startswith(" ")):
            break
        found.append(" ".join(line.split()))
    return found


def test_the_policy_is_shown_by_capability_scope_and_layer(cave):
    table = cave("policy")

    assert rows(table, "read_file") == [
        "read_file allow . the shipped default",
        "ask everything else the shipped default",
    ]
    assert rows(table, "network") == ["network ask everything the shipped default"]
    assert "no step may write the policies" in table


def test_what_is_said_here_is_shown_and_can_be_taken_back(cave, driver):
    answers = [cave("policy write_file out/ allow"), cave("policy network deny")]
    table = cave("policy")
    forgotten = cave("policy forget 1")

    assert answers == [
        "In this notebook, write_file out/ is allowed from now on.",
        "In this notebook, network is denied from now on.",
    ]
    assert rows(table, "write_file") == [
        "write_file 1 allow out/ said in this notebook",
        "ask everything else the shipped default",
    ]
    assert rows(table, "network") == ["network 2 deny everything said in this notebook"]
    assert forgotten == "Forgotten: write_file out/ allow."
    assert driver.said.clauses == (Clause("network", "deny"),)


def test_a_reset_forgets_all_that_was_said_here(cave, driver):
    cave("policy network allow")
    cave("policy reset")

    assert driver.said.clauses == ()
    assert driver.policy().decide("network", "e.org") == "ask"


def test_what_a_stricter_layer_says_is_named_at_once_and_in_the_table(cave, driver):
    driver.administrator.write_text('[capabilities.network]\ndeny = ["*.evil.test"]\notherwise = "ask"')

    answers = [cave("policy network a.evil.test allow"), cave("policy network e.org allow")]

    said = f"{driver.administrator} (administrator)"
    assert answers == [
        f"In this notebook, network a.evil.test is allowed from now on. But it stays denied: {said} says so.",
        f"In this notebook, network e.org is allowed from now on. But it stays asked about: {said} says so.",
    ]
    assert rows(cave("policy"), "network") == [
        f"network 1 deny a.evil.test {said}",
        f"2 ask e.org {said}",
        f"deny *.evil.test {said}",
        f"ask everything else {said}",
    ]


def test_a_scope_with_a_blank_is_written_in_quotes(cave, driver):
    cave('policy write_file "my results/" allow')

    assert driver.policy().decide("write_file", "my results/a.csv") == "allow"


def test_a_policy_file_applies_from_when_it_is_used(cave, driver, tmp_path):
    (tmp_path / "mine.toml").write_text('[capabilities]\nnetwork = "deny"\n')

    assert cave("policy use mine.toml") == "The policy of this notebook is mine.toml from now on."

    assert driver.policy().decide("network") == "deny"


def test_a_file_that_is_no_policy_is_not_used(cave, driver, tmp_path):
    (tmp_path / "bad.toml").write_text("[capabilities]\nnetwork = 3\n")

    for file in ("bad.toml", "missing.toml"):
        with pytest.raises(PolicyError, match=file):
            cave(f"policy use {file}")

    assert driver.policy_file() == ""


def test_what_was_said_is_saved_into_a_policy_file_that_applies_from_then_on(cave, driver, tmp_path):
    cave("policy write_file out/ allow")
    answer = cave("policy save policy.toml")
    cave("policy reset")

    assert answer == f"1 rule is saved in {tmp_path / 'policy.toml'}, which applies to this notebook."
    assert driver.policy().ruling("write_file", "out/a.csv").layer.source == str(tmp_path / "policy.toml")
    assert driver.policy().decide("write_file", "out/a.csv") == "allow"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("policy fly allow", "'fly' is no capability; there are read_file"),
        ("policy network perhaps", "'perhaps' is no judgement: write allow, ask or deny"),
        ("policy network https://e.org allow", "The scope 'https://e.org' is no host"),
        ("policy forget 1", "There is no rule '1'; there is nothing that was said in this notebook."),
        ("policy save", "There is no policy file for this notebook yet: %cave policy save policy.toml."),
        ("policy save a.toml", "Nothing was said in this notebook that could be saved."),
        ("policy network a b allow", "Write %cave policy"),
        ("policy network", "Write %cave policy"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_to_write(cave, line, says):
    with pytest.raises(UsageError) as caught:
        cave(line)

    assert says in str(caught.value)


def test_the_doctor_names_what_the_policy_is_made_of(cave, driver, tmp_path):
    user = tmp_path / "config" / "caveagent_magic" / "policy.toml"
    user.parent.mkdir(parents=True)
    user.write_text("")
    driver.administrator.write_text("capabilities = 1")
    broken = cave("doctor")
    driver.administrator.unlink()
    cave("policy network deny")

    assert f"policy      {driver.administrator}: capabilities must be a table." in broken
    assert f"policy      the shipped default, {user} (user), 1 said in this notebook" in cave("doctor")


def test_a_shipped_scope_that_something_replaces_is_not_shown(tmp_path):
    path = Path(tmp_path / "policy.toml")
    path.write_text('[capabilities]\nread_file = "deny"')

    assert rows(shown(Policy.load(path)), "read_file") == [f"read_file deny everything {path} (notebook)"]
