"""Every rule's own examples, and the reference made from them."""

from __future__ import annotations

import pytest

from caveagent_magic.errors import UsageError
from caveagent_magic.events import CAPABILITIES
from caveagent_magic.security.judge import judge
from caveagent_magic.security.policy import Policy
from caveagent_magic.security.rule import Flagged, Passes, all_rules, explain, reference

CASES = [
    pytest.param(rule.code, example, id=f"{rule.code}-{number}")
    for rule in all_rules()
    for number, example in enumerate(rule.examples)
]
EVERYTHING_ASKS = Policy({})


@pytest.mark.parametrize(("code", "example"), CASES)
def test_a_rule_finds_what_its_examples_say(code: str, example: Flagged | Passes) -> None:
    verdict = judge(example.source, {}, Policy.load())
    messages = [finding.message for finding in verdict.findings if finding.code == code]

    if isinstance(example, Passes):
        assert messages == []
    else:
        assert messages, verdict
        assert example.name in messages[0]


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


def test_the_reference_holds_every_rule_with_its_reason() -> None:
    written = reference()

    assert all(f"## {rule.code} · {rule.capability}" in written for rule in all_rules())
    assert explain("cave301") in written


def test_an_unknown_code_is_told_what_there_is() -> None:
    with pytest.raises(UsageError, match="No rule is called CAVE000; there are CAVE101"):
        explain("CAVE000")
