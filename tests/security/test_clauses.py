"""Policy files: what they may say, and that a mistake is named with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from caveagent_magic.errors import PolicyError
from caveagent_magic.security.policies.clauses import Clause, Layer, read


def test_a_file_is_read_into_clauses(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("""
unattended = true
[capabilities]
process = "deny"
[capabilities.write_file]
allow = ["out/", "*.tmp"]
deny = ["out/final"]
otherwise = "ask"
""")

    assert read(path, "user") == Layer(
        "user",
        str(path),
        (
            Clause("process", "deny"),
            Clause("write_file", "allow", "out/"),
            Clause("write_file", "allow", "*.tmp"),
            Clause("write_file", "deny", "out/final"),
            Clause("write_file", "ask"),
        ),
        unattended=True,
    )


@pytest.mark.parametrize(
    ("target", "judgement"),
    [
        ("out/a.csv", "allow"),
        ("out/final/a.csv", "deny"),
        ("elsewhere/a.csv", None),
        (None, "ask"),  # it may be the one that is denied
        ("out/…", "ask"),
        ("elsewhere/…", None),
    ],
)
def test_the_strictest_scope_that_fits_decides(tmp_path: Path, target: str | None, judgement: str) -> None:
    clauses = (Clause("write_file", "allow", "out/"), Clause("write_file", "deny", "out/final"))

    assert Layer("user", "", clauses).says("write_file", target, tmp_path) == judgement


def test_the_scope_counts_before_what_is_said_otherwise(tmp_path: Path) -> None:
    layer = Layer("user", "", (Clause("network", "deny"), Clause("network", "allow", "example.org")))

    assert layer.says("network", "example.org", tmp_path) == "allow"
    assert layer.says("network", "example.com", tmp_path) == "deny"
    assert layer.says("process", "example.org", tmp_path) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[capabilities]\nfly = 'ask'", "capabilities.fly is unknown; there are read_file"),
        ("[capabilities]\nprocess = 'maybe'", "capabilities.process is 'maybe'; it must be allow, ask or"),
        ("[capabilities]\nprocess = ['allow']", "capabilities.process is ['allow']; it must be allow, ask"),
        ("[capabilities]\nnetwork = {allow = 'a'}", "capabilities.network.allow must be a list of strings"),
        ("[capabilities]\nnetwork = {allow = [1]}", "capabilities.network.allow must be a list of strings"),
        ("[capabilities]\nnetwork = {ports = [1]}", "capabilities.network.ports is unknown; there are allow"),
        ("[capabilities]\nnetwork = {otherwise = 1}", "capabilities.network.otherwise is 1; it must be"),
        ("[capabilities]\nwrite_file = {deny = ['']}", "capabilities.write_file.deny: is empty"),
        ("[capabilities]\nnetwork = {deny = ['http://a']}", "network.deny: 'http://a' is no host; write"),
        ("[capabilities]\nprocess = {deny = ['a b']}", "process.deny: 'a b' is no qualified name; write"),
        ("capabilities = 1", "capabilities must be a table"),
        ("unattended = 1", "unattended must be true or false, not 1"),
        ("always = true", "the key 'always' is unknown"),
        ("= 1", "is not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)

    with pytest.raises(PolicyError) as caught:
        read(path, "user")

    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"nowhere\.toml cannot be read: No such file"):
        read(tmp_path / "nowhere.toml", "user")
