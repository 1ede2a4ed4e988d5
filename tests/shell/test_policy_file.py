"""Saving into a policy file: what is there stays."""

import pytest

from caveagent_magic.errors import PolicyError
from caveagent_magic.security.policies.clauses import Clause, read
from caveagent_magic.shell.policy_file import append

SAID = (
    Clause("write_file", "allow", "out/"),
    Clause("network", "allow", "e.org"),
    Clause("process", "deny"),
)


def test_a_new_file_holds_what_was_said(tmp_path):
    path = tmp_path / "policy.toml"

    append(path, SAID)

    assert set(read(path, "notebook").clauses) == set(SAID)


def test_comments_and_what_is_said_of_others_stay(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("""# ours
unattended = true

[capabilities]
network = "deny"  # never

[capabilities.write_file]
ask = ["data/", "out/"]  # careful
""")

    append(path, SAID)
    append(path, SAID)

    text = path.read_text()
    assert all(comment in text for comment in ("# ours", "# careful"))
    assert read(path, "notebook").unattended is True
    assert set(read(path, "notebook").clauses) == {
        Clause("network", "deny"),
        Clause("network", "allow", "e.org"),
        Clause("write_file", "ask", "data/"),
        Clause("write_file", "allow", "out/"),
        Clause("process", "deny"),
    }


def test_a_file_that_is_not_valid_is_named_and_left_alone(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text("[capabilities]\nfly = 1")

    with pytest.raises(PolicyError, match="fly is unknown"):
        append(path, SAID)

    assert path.read_text() == "[capabilities]\nfly = 1"


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(PolicyError, match="cannot be written: No such file or directory"):
        append(tmp_path / "nowhere" / "policy.toml", SAID)
