"""One `%%cave` cell on a real kernel: every way to answer, every moment to stop."""

import time

import pytest

pytestmark = pytest.mark.kernel

COUNT = "I add them up.\n```python\ntotal = sum(numbers)\ntotal\n```"
DONE = "The total is 6."


@pytest.fixture
def counting(kernel, replies):
    """A kernel with `numbers`, and a model that adds them up in one step."""
    kernel.run("numbers = [1, 2, 3]")
    return kernel, f"%%cave --model {replies(COUNT, DONE)}\nAdd up the numbers."


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
    assert step["rehearsal"]["changes"]["added"] == [{"name": "total", "summary": "int"}]
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


def test_the_stop_button_of_the_panel_raises_so_that_run_all_stops(counting):
    kernel, cell = counting
    kernel.control(verb="hello")

    kernel.start(cell)
    kernel.decide("stop")
    reply = kernel.finish()

    assert (reply["status"], reply["ename"], kernel.types()[-1]) == ("error", "Stopped", "turn_ended")
    assert kernel.run("1 + 1")["status"] == "ok"


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


DRAW = """```python
import matplotlib.pyplot as plt
print('drawing')
plt.plot([1, 2]);
plt.show()
41 + 1
```"""
SLOW = "I think about it for a long while and then some more.\n```python\ntotal = 1\n```"
LOOP = "```python\nimport time\nfor _ in range(600):\n    time.sleep(0.1)\n```"


@pytest.mark.parametrize("stage", ["streams", "rehearses", "waits", "runs"])
def test_an_interrupt_ends_the_turn_at_every_stage_and_the_kernel_stays_healthy(kernel, replies, stage):
    kernel.control(verb="hello")
    kernel.run("%config CaveMagics.rehearsal_seconds = 30")
    slow = stage == "streams"
    model = replies(SLOW if slow else LOOP, **({"delay": 0.2, "chunk": 1} if slow else {}))
    if stage in ("waits", "runs"):
        kernel.run("%config CaveMagics.rehearse = False")

    kernel.start(f"%%cave --model {model}\nDo it.")
    if stage == "runs":
        kernel.decide("run")
    types = {"streams": "prose", "rehearses": "judged", "waits": "decision_asked", "runs": "decided"}
    kernel.wait_for(lambda state: types[stage] in [event["type"] for event in state["events"]])
    time.sleep(0.3)
    kernel.interrupt()
    reply = kernel.finish()

    ended = kernel.events()[-1]
    assert (reply["status"], ended["type"], ended["reason"]) == ("error", "turn_ended", "stopped")
    assert "KeyboardInterrupt" in reply["ename"] or reply["ename"] == "Interrupted"
    assert (kernel.run("2 + 2")["status"], kernel.control(verb="state")["running"]) == ("ok", False)


def test_cancel_stops_a_running_turn_like_the_stop_button(kernel, replies):
    kernel.control(verb="hello")

    kernel.start(f"%%cave --model {replies(SLOW, delay=0.2, chunk=1)}\nDo it.")
    kernel.wait_for(lambda state: any(event["type"] == "prose" for event in state["events"]))
    answer = kernel.control(verb="cancel")
    reply = kernel.finish()

    assert (answer["status"], reply["status"], kernel.events()[-1]["reason"]) == ("ok", "error", "stopped")


def test_a_failing_step_is_shown_to_the_model_which_mends_it_and_the_cell_holds_no_error(kernel, replies):
    model = replies("```python\nvalue = 1 / 0\n```", "```python\nvalue = 2\n```", "Done.")

    reply = kernel.run(f"%%cave --auto --model {model}\nDivide.")

    assert (reply["status"], kernel.value("value")) == ("ok", "2")
    assert [output["msg_type"] for output in kernel.outputs if output["msg_type"] == "error"] == []
    observed = [event["text"] for event in kernel.events() if event["type"] == "observed"]
    assert "ZeroDivisionError" in observed[0] and "value = 1 / 0" in observed[0]


def test_prints_results_and_figures_appear_in_the_cell(kernel, replies):
    kernel.run("%matplotlib inline")

    kernel.run(f"%%cave --auto --model {replies(DRAW, 'Drawn.')}\nDraw.")

    kinds = [output["msg_type"] for output in kernel.outputs]
    images = [output for output in kernel.outputs if "image/png" in output.get("data", {})]
    results = [
        output["data"]["text/plain"] for output in kernel.outputs if output["msg_type"] == "execute_result"
    ]
    assert ("drawing" in kernel.text(), len(images), results) == (True, 1, ["42"]), kinds


def test_out_binds_the_final_result(kernel, replies):
    kernel.run("numbers = [1, 2, 3]")

    kernel.run(f"%%cave --auto --out answer --model {replies(COUNT, DONE)}\nAdd up.")

    assert kernel.value("answer") == "6"


def test_a_conversation_goes_on_in_the_next_cell_with_only_what_changed(kernel, replies):
    model = replies(COUNT, DONE, "It was 6.")
    kernel.run("numbers = [1, 2, 3]")
    kernel.run(f"%%cave --auto --model {model}\nAdd up.")

    kernel.run(f"%%cave --auto --model {model}\nWhat was it?")

    sent = kernel.events()[0]["request_text"]
    assert "total" in sent and "numbers" not in sent


def test_history_keeps_what_the_person_wrote(counting):
    kernel, cell = counting

    written = cell.replace("%%cave", "%%cave --auto")

    kernel.run(written)

    assert kernel.value("get_ipython().history_manager.input_hist_raw[-1]") == repr(written)


def test_braces_in_the_prompt_never_paste_a_value(kernel, replies):
    kernel.run("secret = 'hunter2'")

    kernel.run(
        f"%%cave --plan --hide secret --model {replies('Nothing to do.')}\nWhat is {{secret}} or $secret?"
    )

    sent = kernel.events()[0]
    assert "{secret} or $secret" in sent["prompt"] and "hunter2" not in str(sent)


def test_a_model_that_fails_is_one_sentence_and_the_cell_can_be_run_again(kernel, replies):
    first = kernel.run(f"%%cave --auto --model {replies('x', fail='The server is down.')}\nHello.")

    second = kernel.run(f"%%cave --auto --model {replies('Hello to you.', name='second')}\nHello.")

    assert (first["status"], first["evalue"]) == ("error", "The server is down.")
    assert second["status"] == "ok"
    assert kernel.events()[0]["request_text"].count("Hello.") == 1


def test_the_limit_of_steps_is_an_error_that_says_so(kernel, replies):
    model = replies(*["```python\nx = 1\n```"] * 3)

    reply = kernel.run(f"%%cave --auto --max-steps 2 --model {model}\nGo on for ever.")

    assert (reply["ename"], kernel.value("x")) == ("LimitReached", "1")


def test_the_saved_bundle_has_all_three_forms(counting):
    kernel, cell = counting

    kernel.run(cell.replace("%%cave", "%%cave --auto"))

    bundle = next(iter(kernel.displays.values()))
    assert set(bundle) == {"application/vnd.caveagent.events+json", "text/html", "text/plain"}
    assert "total = sum(numbers)" in bundle["text/plain"] and "The total is 6." in bundle["text/html"]


def test_out_keeps_what_the_code_put_under_that_name(kernel, replies):
    kernel.run("lost = [3, 1, 2]")
    model = replies(
        "```python\nlost.sort()\nlen(lost)\n```", "Sorted.", "```python\nlost = 6\nlost\n```", "Six."
    )

    kernel.run(f"%%cave --auto --out lost --model {model}\nSort it.")
    sorted_in_place = kernel.value("lost")
    kernel.run("lost = 6")
    again = kernel.run(f"%%cave --auto --out lost --model {model}\nSix, please.")

    assert (sorted_in_place, again["status"], kernel.value("lost")) == ("[1, 2, 3]", "ok", "6")


def test_auto_spares_the_kernel_code_that_failed_in_the_rehearsal(kernel, replies):
    model = replies("```python\nhalf = 1\n1 / 0\n```", "I give up.")

    kernel.run(f"%%cave --auto --model {model}\nDivide.")

    assert ("ran" in kernel.types(), kernel.value("half")) == (False, "NameError")


CRASH = """```python
import numpy as np
np.lib.stride_tricks.as_strided(np.zeros(1), (10**6,), (10**7,)).sum()
```"""


def test_auto_does_not_run_what_killed_the_rehearsal(kernel, replies):
    kernel.run("alive = True")

    reply = kernel.run(f"%%cave --auto --model {replies(CRASH)}\nSum it.")

    assert (reply["ename"], kernel.value("alive")) == ("NobodyToAsk", "True")
    assert "segmentation fault" in reply["evalue"]


def test_clear_output_in_a_step_leaves_the_transcript(kernel, replies):
    code = "```python\nfrom IPython.display import clear_output\nclear_output()\nprint('kept')\n```"

    kernel.run(f"%%cave --auto --model {replies(code, 'Cleared.')}\nClear.")

    assert (kernel.cleared, kernel.types()[-1], kernel.text()) == (0, "turn_ended", "kept\n")


def test_a_cell_inside_a_cell_is_refused(kernel, replies):
    kernel.control(verb="hello")
    inner = "```python\nget_ipython().run_cell_magic('cave', '', 'and another')\n```"

    kernel.start(f"%%cave --model {replies(inner, 'So be it.')}\nNest.")
    rehearsed = kernel.pending()["rehearsal"]
    kernel.decide("run")
    reply = kernel.finish()

    assert "cannot run inside another" in str(rehearsed)
    assert (reply["status"], kernel.types()[-1]) == ("ok", "turn_ended")


ODD = {
    "a number as text": "display({'text/plain': 5}, raw=True)",
    "an object in the metadata": "display({'text/plain': 'x'}, metadata={'odd': object()}, raw=True)",
    "half a character": "raise ValueError('\\ud800')",
    "very long text": "print('y' * 300_000)",
    "a lock": "import threading; display({'text/plain': threading.Lock()}, raw=True)",
}


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
def test_odd_outputs_do_not_lose_the_transcript(kernel, replies, line):
    kernel.control(verb="hello")
    kernel.run("%config CaveMagics.rehearse = False")

    kernel.start(f"%%cave --model {replies(f'```python{chr(10)}{line}{chr(10)}```', 'Odd.')}\nShow it.")
    kernel.decide("run")
    kernel.finish()

    assert kernel.types()[-3:] == ["prose", "usage", "turn_ended"]


def test_undo_gives_names_back_also_after_a_cell_that_failed(counting):
    kernel, cell = counting
    kernel.run("total = 'before'")
    kernel.run(cell.replace("%%cave", "%%cave --auto"))
    kernel.run("%%cave --model recorded:/nowhere\nFail.")

    kernel.run("%cave undo")

    assert (kernel.text(), kernel.value("total")) == ("As before: total.\n", "'before'")


def test_two_stops_in_a_row_still_leave_the_transcript(kernel, replies):
    kernel.control(verb="hello")

    kernel.start(f"%%cave --model {replies(SLOW, delay=0.2, chunk=1)}\nDo it.")
    kernel.wait_for(lambda state: any(event["type"] == "prose" for event in state["events"]))
    kernel.interrupt()
    time.sleep(0.05)
    kernel.interrupt()
    kernel.finish()
    time.sleep(0.5)

    assert kernel.types()[0] == "turn_started"
    assert kernel.run("3 + 3")["status"] == "ok"
