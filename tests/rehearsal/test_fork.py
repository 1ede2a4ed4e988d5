from __future__ import annotations

import _thread
import gc
import os
import signal
import threading
from pathlib import Path

import pytest

from caveagent_magic.events import Change, Changes, Effect
from caveagent_magic.rehearsal.fork import CannotRehearse, Limits, rehearse

NOT_COMPARED = Changes(note="The namespace was not compared: the rehearsal was ended early.")


def text(words, name="stdout"):
    return {"output_type": "stream", "name": name, "text": words}


def test_a_rehearsal_tells_outputs_effects_and_changes_and_leaves_the_namespace_alone(try_out):
    namespace = {"x": 1, "gone": 2}
    effect = Effect("network", "example.org:443", False)

    trial = try_out(
        "_emit(said); _emit(seen); x = 5; new = 'n'; del gone",
        {**namespace, "said": text("hi"), "seen": effect},
    )

    assert (trial.outputs, trial.effects, trial.stopped) == ((text("hi"),), (effect,), "")
    assert trial.changes == Changes(
        added=(Change("new", "str n", "'n'"),),
        changed=(Change("x", "int 1 → int 5", "1 → 5"),),
        removed=(Change("gone", "int 2"),),
    )


def test_the_parents_namespace_keeps_its_values(try_out):
    namespace = {"x": 1, "items": [1]}

    try_out("x = 2; items.append(3); del items; y = 1", namespace)

    assert namespace == {"x": 1, "items": [1]}


@pytest.mark.parametrize(
    ("source", "limits", "stopped"),
    [
        ("import os; os._exit(7)", {}, "ended the process with exit code 7"),
        ("import ctypes; ctypes.string_at(0)", {}, "crashed: segmentation fault"),
        ("raise SystemExit", {}, "asked Python to exit"),
        ("bytearray(100 << 30)", {"memory": 1 << 30}, "asked for more memory than a rehearsal may use"),
        ("while True: pass", {"seconds": 0.5}, "not done after 0.5 seconds"),
        ("import ctypes; ctypes.PyDLL(None).sleep(60)", {"seconds": 0.5}, "not done after 0.5 seconds"),
        ("while True: pass", {"cpu_seconds": 1, "seconds": 100}, "used up its 1 seconds of processor time"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            {},
            "killed, most likely because memory ran out",
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGABRT)", {}, "ended by signal SIGABRT"),
        ("import os\nwhile True: os.fork()", {"processes": 40}, "started more than 40 processes"),
        ("1 / 0", {}, "ended with ZeroDivisionError"),
    ],
)
def test_whatever_the_code_does_is_a_trial(try_out, said, source, limits, stopped):
    trial = try_out(
        "_emit({'output_type': 'stream', 'name': 'stdout', 'text': 'before '})\n" + source, **limits
    )

    assert (trial.stopped, said(trial)[:7]) == (stopped, "before ")


def test_a_child_that_ignores_every_signal_is_ended_too(try_out):
    source = "import signal\nfor s in (1, 2, 15): signal.signal(s, signal.SIG_IGN)\nwhile True: pass"

    assert try_out(source, seconds=0.5).stopped == "not done after 0.5 seconds"


def test_text_of_c_code_and_programs_is_heard(try_out, said):
    source = "import ctypes, subprocess; subprocess.run(['echo', 'program']); ctypes.CDLL(None).puts(b'c')"

    assert said(try_out(source)) == "program\nc\n"


def test_output_above_the_limit_is_cut_and_the_note_says_by_how_much(try_out):
    line = "x" * 99 + "\n"

    trial = try_out(f"for _ in range(100): _emit({text(line)!r})", output_bytes=1000)
    kept, note = trial.outputs

    assert set(kept["text"]) == {"x", "\n"} and len(kept["text"]) < 1000
    assert note["text"].endswith("bytes of output were left out: more than a rehearsal keeps.]\n")


def test_a_flood_from_a_program_does_not_fill_the_parents_memory(try_out, said):
    trial = try_out("import os; os.system('yes')", seconds=1, output_bytes=10_000)

    assert len(said(trial)) < 10_200 and "at least" in said(trial)


def test_an_output_that_is_not_json_does_not_end_the_rehearsal(try_out):
    trial = try_out(
        "_emit({'output_type': 'display_data', 'data': {(1, 2): 3}}); _emit(after)", {"after": text("after")}
    )

    assert [output["text"] for output in trial.outputs] == ["[not JSON]\n", "after"]


def test_lone_surrogates_arrive_as_text_that_can_be_sent_on(try_out, said):
    trial = try_out("_emit({'output_type': 'stream', 'name': 'stdout', 'text': 'a\\ud800b'})")

    assert said(trial).encode() == b"a?b"


def test_code_that_writes_into_the_report_cannot_forge_the_sandbox(try_out):
    source = """
import os
for name in os.listdir('/proc/self/fd'):
    try: os.write(int(name), b'{"sandbox": "a very strong one"}\\n{"changes": 3}\\nnonsense\\n')
    except OSError: pass
"""
    trial = try_out(source)

    assert trial.sandbox == try_out("pass").sandbox


def test_stopping_ends_the_child_and_raises(try_out):
    before = children()
    threading.Timer(0.3, _thread.interrupt_main).start()

    with pytest.raises(KeyboardInterrupt):
        try_out("while True: pass", seconds=30)
    assert children() == before


def test_a_rehearsal_outside_the_main_thread_is_refused(try_out):
    errors = []

    def attempt():
        try:
            try_out("pass")
        except CannotRehearse as error:
            errors.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()

    assert errors == ["a rehearsal can only start from the main thread"]


def test_thirty_rehearsals_leave_no_descriptor_no_process_no_file_and_no_thread(
    try_out, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    try_out("pass")
    before = left_behind(tmp_path)

    for source in ["pass", "import os; os._exit(1)", "import tempfile; open(tempfile.mktemp(), 'w')"] * 10:
        try_out(source)

    assert left_behind(tmp_path) == before
    assert gc.get_freeze_count() == 0


def test_the_interrupt_handler_is_given_back(try_out):
    before = signal.getsignal(signal.SIGINT)

    try_out("pass")

    assert signal.getsignal(signal.SIGINT) is before


def test_a_system_without_fork_is_refused(monkeypatch):
    monkeypatch.delattr(os, "fork")

    with pytest.raises(CannotRehearse, match="cannot copy a running process"):
        rehearse(lambda emit: None, {}, Limits(), str)


def left_behind(folder):
    return len(os.listdir("/proc/self/fd")), threading.active_count(), os.listdir(folder), children()


def children():
    """Child processes, dead ones that nobody has waited for among them."""
    return {
        pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()
    }
