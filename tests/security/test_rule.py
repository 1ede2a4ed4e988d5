"""Every rule's own examples."""

from __future__ import annotations

import re

import pytest

from caveagent_magic.events import CAPABILITIES
from caveagent_magic.security.judge import judge
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.security.rule import Flagged, Passes, all_rules

CASES = [
    pytest.param(rule.code, example, id=f"{rule.code}-{number}")
    for rule in all_rules()
    for number, example in enumerate(rule.examples)
]


@pytest.mark.parametrize(("code", "example"), CASES)
def test_a_rule_finds_what_its_examples_say(code: str, example: Flagged | Passes) -> None:
    verdict = judge(example.source, {}, Policy.load())
    messages = [finding.message for finding in verdict.findings if finding.code == code]

    if isinstance(example, Passes):
        assert messages == []
    else:
        assert messages, verdict
        assert example.name in messages[0]
        assert all(reads_like(message, code) for message in messages)


def test_every_capability_has_a_rule_with_both_kinds_of_example() -> None:
    without = [
        rule.code for rule in all_rules() if {Flagged, Passes} - {type(each) for each in rule.examples}
    ]
    covered = {rule.capability for rule in all_rules()}

    assert without == []
    assert covered == set(CAPABILITIES)


def test_codes_are_unique() -> None:
    codes = [rule.code for rule in all_rules()]

    assert sorted(set(codes)) == codes


def reads_like(message: str, code: str) -> bool:
    """Whether the message is the rule's own, with names filled in."""
    rule = next(rule for rule in all_rules() if rule.code == code)
    pieces = [piece.strip() for piece in re.split(r"\{\w+\}", rule.message)]
    return re.match(".*".join(map(re.escape, pieces)), message, re.DOTALL) is not None
