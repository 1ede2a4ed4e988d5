"""Answers reach the step that they are about, and no other."""

import threading

import pytest

from caveagent_magic.events import Judged, Question, RehearsalSkipped, Verdict
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


def test_a_stop_whose_interrupt_was_swallowed_still_ends_the_wait_and_the_rehearsal(broker, monkeypatch):
    monkeypatch.setattr("caveagent_magic.shell.broker._interrupt_main_thread", lambda: None)
    pending = waiting(broker)

    with broker.rehearsing("t1", 1) as cut:
        before = cut()
        broker.request({"verb": "cancel"})
        assert (before, cut()) == (False, True)
    with pytest.raises(KeyboardInterrupt):
        pending.wait()
    broker.begin(list)
    broker.obey()  # the next turn knows nothing of it


def test_an_unknown_verb_is_named_together_with_those_that_exist(broker):
    reply = broker.request({"verb": "dance"})

    assert reply == {
        "status": "error",
        "message": "There is no verb 'dance': hello, state, decide, answer, cancel, cut_rehearsal.",
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


CHOICE = Question("Which price?", "choice", ("list", "paid"))
NUMBER = Question("How many?", "number")


def asked(broker, question):
    broker.begin(list)
    return broker.ask(question, "t", 1)


def test_a_question_is_answered_by_its_nonce_and_only_once(broker):
    pending = asked(broker, CHOICE)
    shown = broker.request({"verb": "state"})["question"]
    wrong = broker.request({"verb": "answer", "nonce": "x", "answer": "list"})
    first = broker.request({"verb": "answer", "nonce": pending.nonce, "answer": "paid"})
    second = broker.request({"verb": "answer", "nonce": pending.nonce, "answer": "list"})

    assert shown["question"] == {"text": "Which price?", "kind": "choice", "options": ["list", "paid"]}
    assert (wrong["status"], first["status"], second["status"]) == ("stale", "ok", "stale")
    assert pending.wait() == "paid"


@pytest.mark.parametrize(
    ("question", "answer"), [(CHOICE, "both"), (NUMBER, "many"), (NUMBER, "nan"), (NUMBER, 3)]
)
def test_an_answer_of_another_kind_is_an_error_and_the_question_still_waits(broker, question, answer):
    pending = asked(broker, question)
    said = broker.request({"verb": "answer", "nonce": pending.nonce, "answer": answer})

    assert (said["status"], pending.decision) == ("error", None)


def test_an_empty_answer_leaves_it_to_the_model(broker):
    pending = asked(broker, NUMBER)
    broker.request({"verb": "answer", "nonce": pending.nonce, "answer": " "})

    assert pending.wait() == ""


def test_a_decision_is_no_answer_and_an_answer_no_decision(broker):
    question = asked(broker, CHOICE)
    decided = broker.request({"verb": "decide", "nonce": question.nonce, "action": "run"})
    step = waiting(broker)
    answered = broker.request({"verb": "answer", "nonce": step.nonce, "answer": "list"})

    assert (decided["status"], answered["status"]) == ("stale", "stale")


def test_on_stdin_a_choice_is_given_by_its_number_or_its_words():
    answers, questions = iter(["both", "2"]), []
    broker = Broker(lambda: True, lambda question: (questions.append(question), next(answers))[1], grace=0)

    assert asked(broker, CHOICE).wait() == "paid"
    assert questions[0].split("\n")[:3] == ["Which price?", "  1  list", "  2  paid"]
