"""The reference, made from the rules, and `%cave explain`."""

from __future__ import annotations

import pytest

from caveagent_magic.errors import UsageError
from caveagent_magic.events import CAPABILITIES
from caveagent_magic.security import reference
from caveagent_magic.security.rule import Flagged, all_rules


def test_it_holds_every_rule_with_reason_message_and_examples() -> None:
    written = reference.reference()

    for rule in all_rules():
        assert f"## {rule.code} · {rule.capability}" in written
        assert (rule.__doc__ or "").split("\n")[0] in written
        assert f"Says: *{reference.says(rule)}*" in written
        assert all(f"```python\n{example.source}\n```" in written for example in rule.examples)


def test_every_rule_gives_a_reason_and_a_message_of_its_own() -> None:
    reasons = [rule.__doc__ for rule in all_rules()]

    assert all(reasons)
    assert len(set(reasons)) == len(reasons)
    assert all(reference.says(rule) for rule in all_rules())


def test_one_rule_is_explained_whatever_the_case_of_its_code() -> None:
    text = reference.explain("cave301")

    assert text.startswith("## CAVE301 · process\n\n")
    assert text in reference.reference()


def test_what_the_judge_finds_without_a_rule_is_explained_too() -> None:
    assert "could not be looked at to its end" in reference.explain("CAVE003")


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_a_capability_lists_its_rules(capability: str) -> None:
    rows = reference.explain(capability).splitlines()

    assert [row[:7] for row in rows] == [rule.code for rule in all_rules() if rule.capability == capability]


def test_an_unknown_code_is_told_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"No rule is called CAVE000; there are .*, and read_file"):
        reference.explain("CAVE000")


def test_a_difference_is_seen(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(reference, "FILE", tmp_path / "RULES.md")

    assert reference.main(["--check"]) == 1
    assert capsys.readouterr().err == "RULES.md is not what the rules say: run `make rules`.\n"
    assert reference.main(["--write"]) == 0
    assert reference.main(["--check"]) == 0


def test_examples_of_both_kinds_are_told_apart() -> None:
    rule = next(rule for rule in all_rules() if rule.code == "CAVE301")
    text = reference.explain("CAVE301")

    assert text.count("Found in:") == sum(isinstance(example, Flagged) for example in rule.examples)
