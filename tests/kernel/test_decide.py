"""Who decides on a step, by which way, and what an answer may be."""

import pytest

pytestmark = pytest.mark.kernel


def test_an_approved_step_leaves_its_result_in_the_kernel(counting):
    kernel, cell = counting
    kernel.control(verb="hello", client="test")

    kernel.start(cell)
    answer = kernel.decide("run")
    reply = kernel.finish()

    assert (answer["status"], reply["status"], kernel.value("total")) == ("ok", "ok", "6")
    assert kernel.types() == [
        "turn_started", "prose", "code_proposed", "usage", "judged", "rehearsed", "decision_asked", "decided",
        "ran", "observed", "prose", "usage", "turn_ended",
    ]  # fmt: skip


def test_the_pending_step_shows_code_verdict_and_rehearsal_before_anything_ran(counting):
    kernel, cell = counting
    kernel.control(verb="hello")

    kernel.start(cell)
    step = kernel.pending()
    kernel.decide("stop")
    kernel.finish()

    assert step["code"] == "total = sum(numbers)\ntotal"
    assert step["verdict"] == {"decision": "allow", "findings": []}
    assert step["rehearsal"]["outputs"][0]["data"]["text/plain"] == "6"
    assert step["rehearsal"]["changes"]["added"] == [{"name": "total", "summary": "int", "values": "6"}]
    assert kernel.value("total") == "NameError"


def test_edited_code_is_judged_and_rehearsed_again_and_is_what_runs(counting):
    kernel, cell = counting
    kernel.control(verb="hello")

    kernel.start(cell)
    first = kernel.pending()
    kernel.decide("edit", code="total = sum(numbers) * 2\ntotal")
    second = kernel.wait_for(
        lambda state: state["pending"] and state["pending"][0]["nonce"] != first["nonce"]
    )
    kernel.decide("run")
    kernel.finish()

    assert second["pending"][0]["rehearsal"]["outputs"][0]["data"]["text/plain"] == "12"
    assert kernel.value("total") == "12"
    assert kernel.types().count("judged") == 2
    observed = next(event for event in kernel.events() if event["type"] == "observed")
    assert "changed the code before running it" in observed["text"]


def test_a_skipped_step_goes_back_to_the_model_with_the_note(counting):
    kernel, cell = counting
    kernel.control(verb="hello")

    kernel.start(cell)
    kernel.decide("skip", note="use numpy")
    kernel.finish()

    observed = next(event for event in kernel.events() if event["type"] == "observed")
    assert "use numpy" in observed["text"]
    assert kernel.value("total") == "NameError"


@pytest.mark.parametrize(
    "wrong", [{"nonce": "old"}, {"code_hash": "0" * 64}], ids=["another nonce", "another hash"]
)
def test_a_stale_answer_changes_nothing(counting, wrong):
    kernel, cell = counting
    kernel.control(verb="hello")

    kernel.start(cell)
    stale = kernel.decide("run", **wrong)
    still = kernel.pending()
    kernel.decide("run")
    kernel.finish()

    assert stale["status"] == "stale"
    assert still["step"] == 1
    assert kernel.value("total") == "6"


def test_front_ends_see_a_busy_kernel_while_a_step_waits(counting):
    kernel, cell = counting
    kernel.control(verb="hello")

    kernel.start(cell)
    kernel.pending()
    last = kernel.last_status()
    kernel.decide("stop")
    kernel.finish()

    assert (last, kernel.last_status()) == ("busy", "idle")


def test_an_answer_when_nothing_waits_is_stale(kernel):
    answer = kernel.control(verb="decide", nonce="x", code_hash="y", action="run")

    assert answer["status"] == "stale"


def test_without_a_front_end_stdin_asks(counting):
    kernel, cell = counting

    kernel.start(cell, allow_stdin=True)
    question = kernel.asked()
    kernel.client.input("r")
    reply = kernel.finish()

    assert question.startswith("Run this step?")
    assert (reply["status"], kernel.value("total")) == ("ok", "6")


def test_code_can_be_edited_on_stdin(counting):
    kernel, cell = counting

    kernel.start(cell, allow_stdin=True)
    for answer in ("e", "total = -1", ".", "r"):
        kernel.asked()
        kernel.client.input(answer)
    kernel.finish()

    assert kernel.value("total") == "-1"


def test_an_answer_on_the_control_channel_withdraws_the_question_on_stdin(counting):
    kernel, cell = counting

    kernel.start(cell, allow_stdin=True)
    kernel.asked()
    kernel.decide("run")
    reply = kernel.finish()

    assert (reply["status"], kernel.value("total")) == ("ok", "6")


def test_with_nobody_there_it_is_one_clear_error_and_nothing_runs(counting):
    kernel, cell = counting

    reply = kernel.run(cell)

    assert (reply["status"], reply["ename"], kernel.value("total")) == ("error", "NobodyToAsk", "NameError")
    assert "nobody can answer here" in reply["evalue"]
    assert kernel.types()[-2:] == ["failed", "turn_ended"]


def test_with_nobody_there_auto_runs_what_the_policy_allows(counting):
    kernel, cell = counting

    reply = kernel.run(cell.replace("%%cave", "%%cave --auto"))

    assert (reply["status"], kernel.value("total")) == ("ok", "6")


def test_with_nobody_there_auto_does_not_run_what_would_have_to_be_asked(kernel, replies):
    model = replies("```python\nopen('made.txt', 'w').write('x')\n```")

    reply = kernel.run(f"%%cave --auto --model {model}\nWrite a file.")

    assert reply["ename"] == "NobodyToAsk"
    assert kernel.value("__import__('os').listdir()") == "[]"


def test_a_plan_shows_everything_and_runs_nothing(counting):
    kernel, cell = counting

    reply = kernel.run(cell.replace("%%cave", "%%cave --plan"))

    assert (reply["status"], kernel.value("total")) == ("ok", "NameError")
    assert kernel.types()[-2:] == ["rehearsed", "turn_ended"]
