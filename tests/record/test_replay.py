"""A recorded turn stands for the model and the person, as long as all goes as recorded."""

from dataclasses import replace

import pytest

from caveagent_magic import events as ev
from caveagent_magic.models.recorded import RecordedModel
from caveagent_magic.ports import Approval
from caveagent_magic.record.replay import HALF_DONE, STOPPED, NotReplayed, Replay

REQUEST = ev.Request("", ())
ALLOW, ASK, DENY = ev.Verdict("allow"), ev.Verdict("ask"), ev.Verdict("deny")
FOUND = ev.Finding("CAVE301", "process", "starts a program", 1, 0, 1, 1, "ls")


def refuse(departed):
    raise NotReplayed(f"{departed} No model.".strip())


def replay_of(notebook, live=refuse, answer="", **more):
    turn = replace(notebook.contents().turns["t1"], **more)
    return Replay(turn, notebook.writer.key, notebook.namespace, str, live, answer=answer)


def text(replay):
    return "".join(replay.reply(REQUEST, 100))


def runs(replay, notebook, code="total = sum(numbers)", outputs=()):
    exec(code, {}, notebook.namespace)
    changes = ev.Changes(changed=(ev.Change("total", ""),))
    return replay.take(ev.Ran(outputs, changes, 0.1, turn="t", step=1))


def test_its_replies_are_the_recorded_code_and_then_how_it_went(notebook):
    notebook.record()
    replay = replay_of(notebook)

    first = text(replay)
    ran = runs(replay, notebook)

    assert first == "```python\ntotal = sum(numbers)\n```\n"
    assert (ran.differs, text(replay)) == ((), "1 recorded step ran again, with the same results.")
    assert (replay.count_tokens(REQUEST), replay.price(1, 1, 1)) == ((0, False), 0.0)


def test_code_with_fences_in_it_is_read_back_whole(notebook):
    from caveagent_magic.semantic.reply import ReplyReader

    code = 'total = """\n```\n# x\n```\n"""'
    notebook.record(code)
    reader = ReplyReader()

    list(reader.read([text(replay_of(notebook))]))

    assert reader.code == code


def test_the_kept_answer_is_given_only_where_the_results_are_the_same(notebook):
    notebook.record()
    same, other = replay_of(notebook, answer="It is 6."), replay_of(notebook, answer="It is 6.")

    text(same)
    runs(same, notebook)
    text(other)
    ran = runs(other, notebook, "total = 7")

    assert text(same) == "It is 6."
    assert ran.differs == ("`total` differs from the record of 2026-11-20 00:00.",)
    assert text(other) == "1 recorded step ran again, and 1 of them came out otherwise than recorded."


def test_the_recorded_code_is_approved_and_nothing_else_is(notebook):
    notebook.record()
    replay = replay_of(notebook)

    early = replay.approved("total = sum(numbers)", ASK)
    text(replay)

    assert early is None
    assert replay.approved("total = 1", ASK) is None
    assert replay.approved("total = sum(numbers)", ASK) == Approval(
        (), "approved by you on 2026-11-20 00:00", touched=frozenset({"total"})
    )


def test_what_the_person_kept_from_the_model_is_kept_in_a_replay_too(notebook):
    recorder, at = notebook.recorder(), {"turn": "t1", "step": 1}
    recorder.take(ev.CodeProposed("total = sum(numbers)", **at))
    recorder.take(ev.Decided("run", "user", untold=True, **at))
    recorder.take(ev.Ran((), ev.Changes(), 0.1, **at))
    recorder.take(ev.TurnEnded("done", **at))
    replay = replay_of(notebook)

    text(replay)

    assert replay.approved("total = sum(numbers)", ALLOW).untold


@pytest.mark.parametrize(
    ("recorded", "now", "holds"),
    [
        (ALLOW, ALLOW, True),
        (ASK, ALLOW, True),
        (ALLOW, ASK, False),
        (ASK, DENY, False),
        (ev.Verdict("ask", (FOUND,)), ev.Verdict("ask", (FOUND,)), True),
        (ASK, ev.Verdict("ask", (FOUND,)), False),
        (ev.Verdict("ask", (FOUND,)), ev.Verdict("ask", (replace(FOUND, target="rm"),)), False),
    ],
)
def test_an_approval_holds_only_while_the_verdict_is_no_worse(notebook, recorded, now, holds):
    recorder = notebook.recorder()
    notebook.step(recorder, verdict=recorded)
    recorder.take(ev.TurnEnded("done", turn="t1", step=1))
    replay = replay_of(notebook)
    text(replay)

    approval = replay.approved("total = sum(numbers)", now)

    assert (approval is not None, bool(replay.refused)) == (holds, not holds)


def test_a_step_that_did_not_run_ends_the_replay(notebook):
    notebook.record("total = 1", "total = 2")
    replay = replay_of(notebook)
    text(replay)

    with pytest.raises(NotReplayed, match=r"^Step 1 was not run as it was recorded\. No model\.$"):
        text(replay)


def test_a_new_error_ends_the_replay_and_the_model_goes_on_where_there_is_one(notebook):
    notebook.record("total = 1", "total = 2")
    replay = replay_of(notebook, live=lambda departed: RecordedModel([f"I go on. {departed}"]))
    text(replay)
    runs(replay, notebook, outputs=({"output_type": "error", "ename": "KeyError", "evalue": "x"},))

    assert text(replay) == "I go on. Step 1 ended with KeyError, and not as it was recorded."
    assert replay.asked


def test_code_that_the_person_edits_ends_the_replay(notebook):
    notebook.record()
    replay = replay_of(notebook)
    text(replay)
    replay.take(ev.CodeProposed("total = 5", by="user", turn="t", step=1))
    runs(replay, notebook, "total = 5")

    with pytest.raises(NotReplayed, match="The code of step 1 was changed"):
        text(replay)


def test_a_step_that_had_begun_when_the_kernel_died_is_not_approved_again(notebook):
    recorder = notebook.recorder()
    notebook.step(recorder, "total = 1", 1)
    notebook.step(recorder, "total = 2", 2, finishes=False)
    replay = replay_of(notebook)

    text(replay)
    first = replay.approved("total = 1", ASK)
    runs(replay, notebook, "total = 1")
    text(replay)

    assert first is not None
    assert (replay.approved("total = 2", ASK), replay.refused) == (None, HALF_DONE)


def test_a_step_that_was_stopped_while_it_ran_is_not_approved_again(notebook):
    recorder = notebook.recorder()
    notebook.step(recorder, finishes=False)
    stopped = {"output_type": "error", "ename": "KeyboardInterrupt", "evalue": ""}
    recorder.take(ev.Ran((stopped,), ev.Changes(), 0.1, turn="t1", step=1))
    recorder.take(ev.TurnEnded("stopped", turn="t1", step=1))
    replay = replay_of(notebook)
    text(replay)

    assert (replay.approved("total = sum(numbers)", ASK), replay.refused) == (None, STOPPED)
