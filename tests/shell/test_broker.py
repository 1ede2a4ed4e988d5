"""Answers reach the step that they are about, and no other."""

import threading

import pytest

from caveagent_magic.events import Judged, RehearsalSkipped, Verdict
from caveagent_magic.shell.broker import Broker

AT = {"turn": "t", "step": 1}
ALL = ("run", "edit", "skip", "stop")


def waiting(broker, code="x = 1", actions=ALL, rules=()):
    broker.begin(list)
    return broker.open(Judged(Verdict("ask"), **AT), code, RehearsalSkipped("", **AT), actions, rules)


def answer(pending, **changed):
    return {
        "verb": "decide",
        "nonce": pending.nonce,
        "code_hash": pending.code_hash,
        "action": "run",
        **changed,
    }


@pytest.fixture
def broker():
    return Broker(lambda: False, lambda question: pytest.fail("stdin must not be asked"))


def test_nobody_is_there_until_a_front_end_says_hello(broker):
    before = broker.attended()
    broker.request({"verb": "hello", "client": "lab"})

    assert (before, broker.attended()) == (False, True)


def test_an_answer_from_another_thread_ends_the_wait(broker):
    pending = waiting(broker)

    threading.Timer(0.05, broker.request, [answer(pending, note="fine")]).start()
    decision = pending.wait()

    assert (decision.action, decision.note, decision.by) == ("run", "fine", "user")


def test_the_first_answer_counts_and_the_second_is_stale(broker):
    pending = waiting(broker)

    first = broker.request(answer(pending, action="skip"))
    second = broker.request(answer(pending, action="run"))

    assert (first["status"], second["status"], pending.wait().action) == ("ok", "stale", "skip")


@pytest.mark.parametrize("wrong", [{"nonce": "x"}, {"code_hash": "x"}, {"nonce": None}, {"code_hash": None}])
def test_a_wrong_nonce_or_hash_is_stale(broker, wrong):
    pending = waiting(broker)

    reply = broker.request(answer(pending, **wrong))

    assert (reply["status"], pending.decision) == ("stale", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "sudo"},
        {"action": None},
        {"action": "edit"},
        {"action": "edit", "code": 7},
        {"remember": True},  # nothing of the step can be
        {"remember": "yes"},
    ],
)
def test_an_answer_that_makes_no_sense_is_an_error_and_the_step_still_waits(broker, wrong):
    pending = waiting(broker)

    reply = broker.request(answer(pending, **wrong))

    assert (reply["status"], pending.decision) == ("error", None)


def test_an_answer_that_lets_the_step_run_can_be_remembered(broker):
    pending = waiting(broker, rules=("write_file in out/",))

    refused = broker.request(answer(pending, action="skip", remember=True))
    broker.request(answer(pending, remember=True))

    assert refused == {
        "status": "error",
        "message": "Only an answer that lets the step run can be remembered.",
    }
    assert (pending.wait().action, pending.wait().remember) == ("run", True)
    assert pending.to_json()["rules"] == ["write_file in out/"]


def test_on_stdin_the_rule_is_shown_before_it_is_saved():
    answers, asked = iter(["a", "n", "always", "y"]), []
    broker = Broker(lambda: True, lambda question: (asked.append(question), next(answers))[1], grace=0)

    decision = waiting(broker, rules=("write_file in out/", "network e.org")).wait()

    assert (decision.action, decision.remember) == ("run", True)
    assert "[a]lways" in asked[0]
    assert "write_file in out/, network e.org" in asked[1]


def test_on_stdin_always_is_not_offered_where_nothing_can_be_remembered():
    answers, asked = iter(["a", "r"]), []
    broker = Broker(lambda: True, lambda question: (asked.append(question), next(answers))[1], grace=0)

    decision = waiting(broker).wait()

    assert (decision.action, decision.remember, len(asked)) == ("run", False, 2)
    assert "[a]lways" not in asked[0]


def test_what_is_not_offered_cannot_be_chosen(broker):
    pending = waiting(broker, actions=("edit", "skip", "stop"))

    assert broker.request(answer(pending))["status"] == "error"


def test_after_the_turn_every_answer_is_stale(broker):
    pending = waiting(broker)
    broker.end()

    assert broker.request(answer(pending))["status"] == "stale"
    assert broker.request({"verb": "cancel"})["status"] == "stale"


def test_an_unknown_verb_is_named_together_with_those_that_exist(broker):
    reply = broker.request({"verb": "dance"})

    assert reply == {
        "status": "error",
        "message": "There is no verb 'dance': hello, state, decide, cancel, cut_rehearsal.",
    }


def test_state_shows_the_step_and_what_answers_it(broker):
    pending = waiting(broker)

    shown = broker.request({"verb": "state"})["pending"][0]

    assert (shown["code"], shown["nonce"], shown["code_hash"]) == ("x = 1", pending.nonce, pending.code_hash)


def test_a_rehearsal_under_way_can_be_cut_and_only_that_one(broker):
    asked = {"verb": "cut_rehearsal", "turn": "t1", "step": 2}

    with broker.rehearsing("t1", 2) as cut:
        seen = [broker.request({**asked, "step": 1})["status"], cut()]
        state = broker.request({"verb": "state"})["rehearsing"]
        seen += [broker.request(asked)["status"], cut()]

    assert (state, seen) == ({"turn": "t1", "step": 2}, ["stale", False, "ok", True])
    assert broker.request(asked) == {"status": "stale", "message": "No rehearsal is under way."}
    assert broker.request({"verb": "state"})["rehearsing"] is None
