"""Every moment to stop a turn; the kernel stays healthy."""

import time

import pytest

pytestmark = pytest.mark.kernel


def test_the_stop_button_of_the_panel_raises_so_that_run_all_stops(counting):
    kernel, cell = counting
    kernel.control(verb="hello")

    kernel.start(cell)
    kernel.decide("stop")
    reply = kernel.finish()

    assert (reply["status"], reply["ename"], kernel.types()[-1]) == ("error", "Stopped", "turn_ended")
    assert kernel.run("1 + 1")["status"] == "ok"


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


DEAF = """```python
import time
for _ in range(20):
    try: time.sleep(0.1)
    except KeyboardInterrupt: pass
caught = True
```"""


def test_a_stop_that_the_code_of_a_step_catches_ends_the_turn_after_that_step(kernel, replies):
    kernel.control(verb="hello")
    kernel.run("%config CaveMagics.rehearse = False")

    kernel.start(f"%%cave --model {replies(DEAF, DEAF)}\nDo it.")
    kernel.decide("run")
    kernel.wait_for(lambda state: "decided" in [event["type"] for event in state["events"]])
    time.sleep(0.3)
    kernel.control(verb="cancel")
    reply = kernel.finish()

    assert (reply["status"], kernel.types().count("ran"), kernel.value("caught")) == ("error", 1, "True")
    assert kernel.events()[-1]["reason"] == "stopped"
