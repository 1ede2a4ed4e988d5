"""Policies: layered, validated, the stricter wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from caveagent_magic.errors import PolicyError
from caveagent_magic.security.policy import SHIPPED, Policy


def written(folder: Path, text: str, name: str = "policy.toml") -> Path:
    """A policy file."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_the_default_allows_computing_and_reading_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = Policy.load()

    assert not policy.unattended
    assert policy.decide("read_file", "a/b.csv") == "allow"
    assert policy.decide("read_file", "../b.csv") == "ask"
    assert policy.decide("read_file", None) == "ask"
    assert policy.decide("write_file", "a.csv") == "ask"
    assert policy.decide("network", "example.org") == "ask"


def test_a_link_out_of_the_folder_leads_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("/etc")

    assert Policy.load().decide("read_file", "link/passwd") == "ask"


def test_the_demo_is_the_default_without_anybody_to_ask() -> None:
    policy = Policy.load(SHIPPED / "demo.toml")

    assert policy.unattended
    assert policy.decide("process") == Policy.load().decide("process") == "ask"


def test_a_file_replaces_the_default_and_the_stricter_of_two_files_wins(tmp_path: Path) -> None:
    admin = written(tmp_path, '[capabilities]\nnetwork = "deny"\n', "admin.toml")
    user = written(tmp_path, '[capabilities]\nnetwork = "allow"\nwrite_file = "allow"\n', "user.toml")
    policy = Policy.load(admin, user)

    assert policy.decide("network", "example.org") == "deny"
    assert policy.decide("write_file", "out.csv") == "allow"
    assert policy.decide("process") == "ask"
    assert policy.source("network") == str(admin)
    assert policy.source("process") == str(SHIPPED / "default.toml")


def test_one_file_that_wants_somebody_to_answer_is_enough(tmp_path: Path) -> None:
    admin = written(tmp_path, "unattended = false", "admin.toml")
    user = written(tmp_path, "unattended = true", "user.toml")

    assert not Policy.load(admin, user).unattended
    assert not Policy.load(user, admin).unattended
    assert Policy.load(user).unattended


def test_hosts_and_folders_are_scopes(tmp_path: Path) -> None:
    text = """
[capabilities]
read_file = {inside = "ask", folders = ["secret"], otherwise = "allow"}
network = {inside = "allow", hosts = ["*.example.org"], otherwise = "deny"}
"""
    policy = Policy.load(written(tmp_path, text))

    assert policy.decide("read_file", "secret/a.csv") == "ask"
    assert policy.decide("read_file", "open/a.csv") == "allow"
    assert policy.decide("network", "data.example.org") == "allow"
    assert policy.decide("network", None) == "deny"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[capabilities]\nfly = 'ask'", "capabilities.fly is unknown; there are read_file"),
        (
            "[capabilities]\nprocess = 'maybe'",
            "capabilities.process is 'maybe'; it must be allow, ask or deny",
        ),
        ("[capabilities]\nprocess = {inside = 'allow'}", "capabilities.process must be allow, ask or deny"),
        ("[capabilities]\nnetwork = {hosts = 'a'}", "capabilities.network has scopes that are no list"),
        ("[capabilities]\nnetwork = {ports = [1]}", "capabilities.network has ports"),
        ("unattended = 1", "unattended must be true or false, not 1"),
        ("always = true", "the key 'always' is unknown"),
        ("= 1", "is not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)

    with pytest.raises(PolicyError) as caught:
        Policy.load(path)

    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"nowhere\.toml cannot be read: No such file"):
        Policy.load(tmp_path / "nowhere.toml")
