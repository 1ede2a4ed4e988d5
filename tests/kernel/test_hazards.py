"""What could hang or harm a kernel while it rehearses, on a real one."""

import pytest

pytestmark = pytest.mark.kernel

FOREVER = "```python\nimport time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.1)\n```"
LOCKED = "```python\nprint('begun')\nlock.acquire()\n```"
HOLD_THE_LOCK = """
import threading
lock, held, done = threading.Lock(), threading.Event(), threading.Event()
def hold():
    with lock:
        held.set()
        done.wait()
threading.Thread(target=hold, daemon=True).start()
held.wait()
"""


def of_type(kernel, kind):
    return next(event for event in kernel.events() if event["type"] == kind)


def test_a_person_need_not_wait_for_a_rehearsal_and_is_asked_with_what_was_seen_so_far(kernel, replies):
    kernel.run("%config CaveMagics.rehearsal_seconds = 60")
    kernel.control(verb="hello")

    kernel.start(f"%%cave --model {replies(FOREVER)}\nDo it.")
    under_way = kernel.wait_for(lambda state: state["rehearsing"])["rehearsing"]
    answers = [
        kernel.control(verb="cut_rehearsal", **{**under_way, "turn": "another"})["status"],
        kernel.control(verb="cut_rehearsal", **under_way)["status"],
    ]
    kernel.decide("stop")
    kernel.finish()

    assert answers == ["stale", "ok"]
    assert of_type(kernel, "rehearsed")["stopped"] == "ended early: you did not wait for it"
    assert "decision_asked" in kernel.types() and "ran" not in kernel.types()


def test_a_lock_that_a_thread_of_the_kernel_holds_is_named_before_the_time_is_up(kernel, replies):
    kernel.run("%config CaveMagics.rehearsal_seconds = 60")
    kernel.run(HOLD_THE_LOCK)
    kernel.control(verb="hello")

    kernel.start(f"%%cave --model {replies(LOCKED)}\nDo it.")
    kernel.decide("stop")
    kernel.finish()
    rehearsed = of_type(kernel, "rehearsed")
    kernel.run("done.set()")

    assert (rehearsed["stopped"], rehearsed["outputs"][0]["text"]) == (
        "hung: it waits for a lock, or for a thread that only the kernel itself has",
        "begun\n",
    )
