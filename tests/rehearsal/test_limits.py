"""Whatever code does to use up the machine is a trial in words, and what it said before is kept."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import pytest

from caveagent_magic.rehearsal import linux, sandbox

BEFORE = "_emit({'output_type': 'stream', 'name': 'stdout', 'text': 'before '})\n"
LATE = "not done after 0.7 seconds"


@pytest.mark.parametrize(
    ("source", "limits", "stopped"),
    [
        ("import re; re.match('(a+)+$', 'a' * 64 + 'b')", {"seconds": 0.7}, LATE),
        ("sum(range(1 << 60))", {"seconds": 0.7}, LATE),
        ("print('x' * (1 << 20), end='', file=open(1, 'w', closefd=False))", {}, ""),
        ("while True: __import__('os').write(1, b'x' * 65536)", {"seconds": 0.7}, LATE),
        ("def f(): f()\nf()", {}, "ended with RecursionError"),
        ("import sys; sys.exit(3)", {}, "asked Python to exit"),
        ("quit()", {}, "asked Python to exit"),
        ("import os; os.abort()", {}, "ended by signal SIGABRT"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", {}, "stopped itself with a signal"),
        ("import signal\nsignal.signal(15, signal.SIG_IGN)\nwhile True: pass", {"seconds": 0.7}, LATE),
        (
            "held = [bytearray(b'x' * (64 << 20)) for _ in range(1600)]",
            {"memory": 512 << 20},
            "asked for more memory than a rehearsal may use",
        ),
        (
            "import os\nfor _ in range(20):\n    if not os.fork():\n"
            "        held = bytearray(b'x' * (100 << 20))\n        __import__('time').sleep(60)\n"
            "__import__('time').sleep(60)",
            {"memory": 500 << 20},
            "asked for more memory than a rehearsal may use",
        ),
    ],
)
def test_using_up_the_machine_is_a_trial(try_out, said, source, limits, stopped):
    trial = try_out(BEFORE + source, **limits)

    assert (trial.stopped, said(trial)[:7]) == (stopped, "before ")


def test_memory_of_the_kernel_that_is_written_to_counts(try_out):
    big = bytearray(b"x" * (600 << 20))

    trial = try_out(
        "big[:] = b'y' * len(big)\nimport time; time.sleep(60)", {"big": big}, memory=400 << 20, seconds=30
    )

    assert trial.stopped in (
        "asked for more memory than a rehearsal may use",
        "ended with MemoryError",
    )
    assert big[:1] == b"x"


def test_a_large_kernel_may_still_use_its_whole_allowance(try_out):
    big = bytearray(b"x" * (600 << 20))

    trial = try_out("more = bytearray(b'x' * (150 << 20))", {"big": big}, memory=400 << 20)

    assert trial.stopped == ""


def test_a_stack_that_overflows_in_native_code_is_a_crash(try_out):
    source = "import sys; sys.setrecursionlimit(10**8)\nclass C:\n    def __repr__(self): return repr(self)\n"
    trial = try_out(source + "repr(C())")

    assert trial.stopped in ("crashed: segmentation fault", "ended with RecursionError")


def test_closing_every_descriptor_ends_the_report_and_nothing_else(try_out):
    trial = try_out(BEFORE + "import os; os.closerange(0, 4096)")

    assert trial.outputs[0]["text"].startswith("before ")
    assert trial.stopped


def test_a_rich_display_of_half_a_gigabyte_is_left_out(try_out):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bundle = "{'image/png': 'x' * (500 << 20)}"
    source = f"_emit({{'output_type': 'display_data', 'metadata': {{}}, 'data': {bundle}}})"

    trial = try_out(source, seconds=40)

    assert trial.outputs[-1]["text"].endswith(
        "bytes of output were left out: more than a rehearsal keeps.]\n"
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 50 << 10


def test_a_gigabyte_of_output_does_not_stay_in_this_process(try_out):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    trial = try_out("import os\nfor _ in range(1024): os.write(1, b'x' * (1 << 20))", seconds=60)

    assert sum(len(output["text"]) for output in trial.outputs) < (2 << 20) + 200
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 50 << 10


def test_a_flood_on_the_report_itself_is_ended(try_out):
    source = """
import os
while True:
    for name in os.listdir('/proc/self/fd'):
        try: os.write(int(name), b'x' * 65536)
        except OSError: pass
"""
    trial = try_out(source, output_bytes=1000, seconds=60)

    assert trial.stopped == "reported more than a rehearsal can tell"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_of_a_fork_bomb_stays(try_out):
    before = {name for name in os.listdir("/proc") if name.isdecimal()}

    trial = try_out("import os\nwhile True: os.fork()", processes=50)

    parents = [_parent(name) for name in os.listdir("/proc") if name.isdecimal() and name not in before]
    assert (trial.stopped, str(os.getpid()) in parents) == ("started more than 50 processes", False)


@pytest.mark.skipif(
    not (sandbox.probe().own_processes and linux.has_process_tables_with_bounds()),
    reason="process tables have no bounds here",
)
def test_the_system_itself_bounds_how_many_processes_can_be(try_out, said):
    source = """
import threading
start, last = threading.Event(), None
try:
    for _ in range(500):
        threading.Thread(target=start.wait, daemon=True).start()
except RuntimeError as error:
    _emit({'output_type': 'stream', 'name': 'stdout', 'text': str(error)})
"""
    machine = Path("/proc/sys/kernel/pid_max").read_text()

    trial = try_out(source, processes=12)

    assert said(trial) == "can't start new thread"
    assert Path("/proc/sys/kernel/pid_max").read_text() == machine


def _parent(name):
    try:
        with open(f"/proc/{name}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[1]
    except OSError:
        return ""
