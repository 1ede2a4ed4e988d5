"""The turn as a list of events, on a dictionary for a runtime."""

import contextlib
import itertools
from code import InteractiveInterpreter

import pytest

from caveagent_magic.errors import ModelError, NobodyToAsk, Stopped
from caveagent_magic.events import Decision, Request, type_of
from caveagent_magic.models.recorded import RecordedModel
from caveagent_magic.ports import Ports, Run, Task
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.session import turn

ADD = "I add.\n```python\ntotal = a + b\n```\n"
DONE = "It is done."


class DictRuntime:
    """A runtime without a kernel: a dictionary and the standard library's interpreter."""

    def __init__(self, **namespace):
        self.namespace = namespace
        self.kept = {}
        self.ran = []
        self.interrupted = False

    def variables(self):
        return {name: value for name, value in self.namespace.items() if not name.startswith("_")}

    def recent(self):
        return list(self.variables())

    def plain(self, code):
        return code

    def run(self, code):
        self.ran.append(code)
        InteractiveInterpreter(self.namespace).runsource(code, symbol="exec")
        return Run((), self.interrupted)

    def adopt(self, code, made, outputs):
        made.bind(self.namespace)
        return Run(outputs)

    def run_apart(self, code, emit):
        raise AssertionError("these tests rehearse nothing")

    def keep(self, text):
        self.kept[len(self.kept)] = text
        return len(self.kept)

    def assigned(self, name):
        return False

    def bind(self, name):
        self.namespace[name] = "bound"


class Answers:
    """A person who answers as written down."""

    nonce, code_hash = "nonce", "hash"

    def __init__(self, *decisions):
        self.decisions = list(decisions)
        self.asked = []

    def attended(self):
        return bool(self.decisions)

    def open(self, judged, code, rehearsal, actions, rules=(), inquiry=None):
        self.asked.append((code, judged.verdict.decision, actions))
        return self

    def wait(self):
        return self.decisions.pop(0)


def ports(replies, runtime, *decisions, policy=None, model=None):
    return Ports(
        model=model or RecordedModel(replies),
        stream=Stream(),
        runtime=runtime,
        broker=Answers(*decisions),
        policy=policy or Policy.load(),
        limits=None,
        clock=itertools.count().__next__,
    )


def kinds(events):
    return [type_of(type(event)) for event in events]


def until_raised(events):
    """The events of a turn that ends with an error, and the error."""
    seen = []
    try:
        for event in events:
            seen.append(event)
    except (Exception, KeyboardInterrupt) as error:
        return seen, error
    raise AssertionError("the turn raised nothing")


RUN = Decision("run")


def test_a_turn_is_told_in_this_order():
    runtime = DictRuntime(a=1, b=2)

    events = list(turn(Task("t", "Add a and b."), ports([ADD, DONE], runtime, RUN)))

    assert kinds(e for e in events if type_of(type(e)) not in ("prose", "code_proposed")) == [
        "turn_started", "usage", "judged", "rehearsal_skipped", "decision_asked", "decided", "ran",
        "observed", "usage", "turn_ended",
    ]  # fmt: skip
    assert (runtime.namespace["total"], events[-1].answer) == (3, DONE)


def test_what_the_model_is_sent_is_what_the_events_showed():
    sent = []

    class Watched(RecordedModel):
        def reply(self, request: Request, max_tokens: int):
            sent.append(request)
            return super().reply(request, max_tokens)

    runtime = DictRuntime(a=1, b=2)
    events = list(turn(Task("t", "Add."), ports(None, runtime, RUN, model=Watched([ADD, DONE]))))

    started = events[0].request_text
    observed = next(event.text for event in events if type_of(type(event)) == "observed")
    assert f"{sent[0].system}\n\n{sent[0].messages[0].text}" == started
    assert [message.text for message in sent[1].messages if message.role == "user"][1:] == [observed]
    assert sent[1].messages[1].text == ADD


@pytest.mark.parametrize("action", ["skip", "stop"])
def test_a_step_that_is_not_approved_never_reaches_the_runtime(action):
    runtime = DictRuntime(a=1, b=2)

    with contextlib.suppress(Stopped):
        list(turn(Task("t", "Add."), ports([ADD, DONE], runtime, Decision(action))))

    assert runtime.ran == []


def test_a_denied_step_never_reaches_the_runtime_and_is_explained_to_the_model(tmp_path):
    strict = tmp_path / "policy.toml"
    strict.write_text('[capabilities]\nprocess = "deny"\n')
    runtime = DictRuntime()
    attack = "```python\nimport os\nos.system('true')\n```\n"

    events = list(turn(Task("t", "x"), ports([attack, DONE], runtime, RUN, policy=Policy.load(strict))))

    assert runtime.ran == []
    assert "This step was not run:\nline 2: starts another program" in next(
        e.text for e in events if type_of(type(e)) == "observed"
    )


def test_edited_code_is_judged_again_and_only_it_runs():
    runtime = DictRuntime(a=1, b=2)
    answers = ports([ADD, DONE], runtime, Decision("edit", code="total = 7"), RUN)

    events = list(turn(Task("t", "Add."), answers))

    assert runtime.ran == ["total = 7"]
    assert [code for code, *_ in answers.broker.asked] == ["total = a + b", "total = 7"]
    assert kinds(events).count("judged") == 2


def test_an_edit_into_something_forbidden_cannot_be_run(tmp_path):
    strict = tmp_path / "policy.toml"
    strict.write_text('[capabilities]\nprocess = "deny"\n')
    runtime = DictRuntime(a=1, b=2)
    edit = Decision("edit", code="import os\nos.system('true')")

    offered = ports([ADD, DONE], runtime, edit, Decision("skip"), policy=Policy.load(strict))
    list(turn(Task("t", "Add."), offered))

    assert runtime.ran == []
    assert "run" not in offered.broker.asked[1][2]


def test_auto_asks_for_what_the_verdict_does_not_allow():
    runtime = DictRuntime(a=1, b=2)
    opens = "```python\nopen('f', 'w')\n```\n"

    asked = ports([ADD, opens, DONE], runtime, Decision("skip"))
    events = list(turn(Task("t", "Add.", mode="auto"), asked))

    assert [code for code, *_ in asked.broker.asked] == ["open('f', 'w')"]
    assert [(e.action, e.by) for e in events if type_of(type(e)) == "decided"] == [
        ("run", "policy"),
        ("skip", "user"),
    ]


def test_with_nobody_to_ask_nothing_runs_and_the_turn_says_why():
    runtime = DictRuntime(a=1, b=2)

    events, error = until_raised(turn(Task("t", "Add."), ports([ADD], runtime)))

    assert (isinstance(error, NobodyToAsk), runtime.ran, kinds(events)[-2:]) == (
        True,
        [],
        ["failed", "turn_ended"],
    )


def test_a_turn_that_failed_before_anything_ran_leaves_the_conversation_as_it_was():
    used = ports([], DictRuntime(a=1))

    _, error = until_raised(turn(Task("t", "Add."), used))

    assert (isinstance(error, ModelError), used.stream.messages) == (True, ())


def test_a_stop_thrown_in_between_two_events_ends_the_turn():
    events = turn(Task("t", "Add."), ports([ADD, DONE], DictRuntime(a=1, b=2), RUN))
    next(events)

    ended = events.throw(KeyboardInterrupt())

    assert (type_of(type(ended)), ended.reason) == ("turn_ended", "stopped")
    with pytest.raises(KeyboardInterrupt):
        next(events)


def test_a_stop_while_code_runs_still_tells_what_it_did():
    runtime = DictRuntime(a=1, b=2)
    runtime.interrupted = True

    events, error = until_raised(turn(Task("t", "Add."), ports([ADD], runtime, RUN)))

    ran = next(event for event in events if type_of(type(event)) == "ran")
    assert (type(error), [change.name for change in ran.changes.added]) == (KeyboardInterrupt, ["total"])


def test_a_request_that_the_budget_has_no_room_for_is_not_sent():
    runtime = DictRuntime(a=1, b=2)

    events = list(turn(Task("t", "Add.", budget=10), ports([ADD], runtime, RUN)))

    assert kinds(events) == ["turn_started", "turn_ended"]
    assert events[-1].reason == "budget"


def test_the_budget_ends_the_loop_before_the_request_that_would_exceed_it():
    runtime = DictRuntime(a=1, b=2)

    events = list(turn(Task("t", "Add.", budget=700), ports([ADD, ADD], runtime, RUN, RUN)))

    assert (len(runtime.ran), events[-1].reason) == (1, "budget")


def test_out_is_bound_when_the_model_is_done():
    runtime = DictRuntime(a=1, b=2)

    list(turn(Task("t", "Add.", out="answer"), ports([ADD, DONE], runtime, RUN)))

    assert runtime.namespace["answer"] == "bound"


def test_a_hidden_name_is_not_told_when_a_step_changes_it():
    runtime = DictRuntime(a=1, b=2, salary=3)
    code = "```python\nsalary = 'much more'\ntotal = a + b\n```\n"

    events = list(turn(Task("t", "Add.", hide=("salary",)), ports([code, DONE], runtime, RUN)))

    observed = next(event.text for event in events if type_of(type(event)) == "observed")
    assert "total" in observed and "salary" not in observed


def test_after_a_stop_in_mid_turn_the_model_learns_that_its_last_code_may_not_have_run():
    used = ports([ADD, ADD], DictRuntime(a=1, b=2), RUN, Decision("stop"))

    until_raised(turn(Task("t", "Add."), used))

    assert "may not have run" in used.stream.messages[-1].text


def test_any_error_still_tells_the_turn_to_its_end():
    class Broken(DictRuntime):
        def plain(self, code):
            raise ZeroDivisionError("a fault of ours")

    events, error = until_raised(turn(Task("t", "Add."), ports([ADD], Broken(a=1, b=2), RUN)))

    assert (type(error), kinds(events)[-2:]) == (ZeroDivisionError, ["failed", "turn_ended"])


def test_an_empty_reply_is_an_error_and_leaves_no_empty_message():
    used = ports(["  \n"], DictRuntime(a=1))

    _, error = until_raised(turn(Task("t", "Add."), used))

    assert (isinstance(error, ModelError), used.stream.messages) == (True, ())
