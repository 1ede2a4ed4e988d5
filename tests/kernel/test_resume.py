"""What was approved is in the record whatever happens: a kernel that dies, a disk that is full."""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.kernel.replayed import ADD, DONE, DOUBLE, recorded

pytestmark = pytest.mark.kernel


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def is_gone(pid):
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def kill(kernel):
    pid = kernel.manager.provisioner.process.pid
    family = [pid, *children(pid)]
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not all(map(is_gone, family)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [each for each in family if not is_gone(each)] == []


@pytest.mark.parametrize("decided", [1, 2])
def test_what_was_approved_before_the_kernel_died_runs_again_once_and_the_turn_goes_on(
    serve, begin, tmp_path, decided
):
    server = serve(ADD, DOUBLE, DONE)
    kernel = begin()
    kernel.start("%%cave\nAdd them up.")
    kernel.control(verb="hello", client="test")
    for number in range(1, decided):
        kernel.wait_for(lambda state, n=number: state["pending"] and state["pending"][0]["step"] == n)
        kernel.decide("run")
    kernel.wait_for(lambda state: state["pending"] and state["pending"][0]["step"] == decided)
    kernel.decide("run")
    kernel.wait_for(
        lambda state: (
            any(e["type"] == "ran" and e["step"] == decided for e in state["events"]) or not state["running"]
        )
    )
    kill(kernel)
    before = recorded(tmp_path)

    again = begin()
    again.start("%cave resume")
    again.control(verb="hello", client="test")
    for _ in range(decided, 2):
        again.decide("run")
    status = again.finish()["status"]

    kinds = [record["kind"] for record in recorded(tmp_path)]
    if before[-1]["kind"] == "ended":  # it was done before it could be killed
        assert status == "error"
        return
    assert (status, again.value("(total, double)")) == ("ok", "(6, 12)")
    assert kinds == ["turn", "approved", "ran", "approved", "ran", "ended"]
    assert server.asked >= 3


def test_a_step_in_which_the_kernel_died_is_asked_about_again_and_said_to_be_half_done(
    serve, begin, tmp_path
):
    serve(
        "```python\nimport time\nfor n in numbers:\n    print(n)\n    time.sleep(0.5)\ntotal = 6\n```\n", DONE
    )
    kernel = begin()
    kernel.start("%config CaveMagics.rehearse = False\nget_ipython().run_cell_magic('cave', '', 'Add.')")
    kernel.control(verb="hello", client="test")
    kernel.decide("run")
    kernel.wait_for(lambda state: any(event["type"] == "decided" for event in state["events"]))
    kill(kernel)
    assert [record["kind"] for record in recorded(tmp_path)] == ["turn", "approved"]

    again = begin()
    again.start("%cave resume")
    again.control(verb="hello", client="test")
    again.decide("run")
    status = again.finish()["status"]

    prose = "".join(event["text"] for event in again.events() if event["type"] == "prose")
    assert (status, again.value("total")) == ("ok", "6")
    assert "half done" in prose
    assert "Step 1 had begun when the kernel ended" in again.text()
    assert [record["kind"] for record in recorded(tmp_path)] == [
        "turn",
        "approved",
        "approved",
        "ran",
        "ended",
    ]


def test_there_is_nothing_to_resume_after_a_turn_that_ended(serve, begin):
    serve(ADD, DOUBLE, DONE)
    kernel = begin()
    kernel.run("%%cave --auto\nAdd them up.")

    reply = kernel.run("%cave resume")

    assert reply["evalue"] == "There is nothing to resume: the last recorded turn came to its end."


def test_what_a_full_disk_does_not_take_is_said_and_recorded_as_soon_as_there_is_room(serve, begin, tmp_path):
    serve(ADD, DOUBLE, DONE)
    kernel = begin()
    pid = kernel.manager.provisioner.process.pid
    kernel.start("%%cave\nAdd them up.")
    kernel.control(verb="hello", client="test")
    kernel.pending()
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    kernel.decide("run")
    stopped = kernel.finish()
    said, total = kernel.text(), kernel.value("total")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    full = (tmp_path / "analysis.cave.jsonl").read_bytes()
    kernel.run("%cave verify")

    assert "could not be recorded" in said and "It is kept in memory" in said
    assert (stopped["status"], total, full) == ("error", "6", b"")  # nothing is sent that is not written down
    assert [record["kind"] for record in recorded(tmp_path)] == ["turn", "approved", "ran", "ended"]
    assert "Add them up. (1 step): is asked anew" in kernel.text()
