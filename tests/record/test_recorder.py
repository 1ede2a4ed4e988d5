"""What a turn leaves in the record, and when."""

import hashlib
import json
import os
import re
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caveagent_magic import events as ev

CASES = int(os.environ.get("CAVEAGENT_RECORDS", "15"))
values = st.tuples(st.text(min_size=4), st.integers(0, 10**14))


def kinds(notebook):
    return [json.loads(line)["record"]["kind"] for line in notebook.journal.lines()]


def test_a_step_is_on_the_disk_before_it_runs_and_again_when_it_has_run(notebook):
    recorder = notebook.recorder()

    notebook.step(recorder, finishes=False)
    before = kinds(notebook)
    recorder.take(ev.Ran((), ev.Changes(), 0.1, turn="t1", step=1))
    after = kinds(notebook)
    recorder.take(ev.TurnEnded("done", turn="t1", step=1))

    assert (before, after) == (["turn", "approved"], ["turn", "approved", "ran"])
    assert kinds(notebook) == ["turn", "approved", "ran", "ended"]


def test_a_turn_that_ran_nothing_leaves_no_line(notebook):
    recorder = notebook.recorder()
    recorder.take(ev.CodeProposed("x = 1", turn="t1", step=1))
    recorder.take(ev.Decided("skip", "user", turn="t1", step=1))
    recorder.take(ev.TurnEnded("done", turn="t1", step=2))

    assert notebook.journal.lines() == ()


@settings(max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=values)
def test_neither_values_nor_outputs_nor_answers_are_in_the_record(notebook, secret):
    with tempfile.TemporaryDirectory() as folder:
        notebook = type(notebook)(Path(folder))
        text, number = f"secret {secret[0]}", 10**15 + secret[1]
        frame = pd.DataFrame({"a": [text, None], "b": [number, 1], "c": pd.Categorical([text, "x"])})
        notebook.namespace |= {"numbers": [number], "text": text, "frame": frame, "nested": {text: {number}}}
        recorder = notebook.recorder()
        notebook.step(
            recorder, "total = sum(numbers), text, frame.b.max(), list(nested), frame.c.cat.categories"
        )
        output = {"output_type": "stream", "name": "stdout", "text": f"{text} {number}"}
        error = {"output_type": "error", "ename": "ValueError", "evalue": text, "traceback": [text]}
        change = ev.Change("frame", f"1 -> {number}", text)
        ran = ev.Ran((output, error), ev.Changes(changed=(change,)), 0.1, turn="t1", step=2)
        recorder.take(ran)
        recorder.take(ev.TurnEnded("done", f"It is {text}, {number}.", turn="t1", step=2))

        record = notebook.journal.path.read_text()

    assert [kind for kind in ("turn", "approved", "ran", "ended") if f'"{kind}"' not in record] == []
    assert [each for each in (json.dumps(text)[1:-1], str(number), hex(number)) if each in record] == []
    assert not {
        hashlib.sha256(form).hexdigest()[:32] for form in (text.encode(), str(number).encode())
    } & set(re.findall("[0-9a-f]{32}", record))


@pytest.mark.parametrize(("decision", "steps"), [("allow", 1), ("ask", 1), ("deny", 0)])
def test_a_plan_is_recorded_unless_it_could_never_run(notebook, decision, steps):
    recorder = notebook.recorder()
    recorder.take(ev.CodeProposed("total = sum(numbers)", turn="t1", step=1))
    recorder.take(ev.Judged(ev.Verdict(decision), turn="t1", step=1))
    recorder.take(ev.TurnEnded("plan", turn="t1", step=1))

    turns = notebook.contents().turns.values()

    assert [len(turn.steps) for turn in turns] == [1] * steps
    assert all(turn.replayable and set(turn.schema) == {"numbers"} for turn in turns)


def test_only_variables_that_its_code_speaks_of_belong_to_a_turn(notebook):
    notebook.namespace["unrelated"] = "x"

    notebook.record()

    assert list(notebook.contents().turns["t1"].schema) == ["numbers"]


def test_what_a_full_disk_did_not_take_is_written_with_the_next_step(notebook, tmp_path):
    folder = notebook.journal.path.parent
    recorder = notebook.recorder()
    notebook.journal.path.mkdir()  # nothing can be written there
    notebook.step(recorder)
    warned = len(notebook.warned)
    notebook.journal.path.rmdir()

    notebook.step(recorder, "more = total + 1", 2)
    recorder.take(ev.TurnEnded("done", turn="t1", step=2))

    assert warned and "could not be recorded" in notebook.warned[0] and folder.exists()
    assert [step.code for step in notebook.contents().turns["t1"].steps] == [
        "total = sum(numbers)",
        "more = total + 1",
    ]
    assert kinds(notebook) == ["turn", "approved", "ran", "approved", "ran", "ended"]


def test_a_clock_that_jumps_back_changes_no_order(notebook):
    notebook.record("total = 1", turn="t1")
    notebook.writer.now = lambda: __import__("datetime").datetime(1999, 1, 1)
    notebook.record("total = 2", turn="t2")

    assert list(notebook.contents().turns) == ["t1", "t2"]


def test_a_step_that_is_approved_anew_in_a_resumed_turn_takes_the_place_of_the_one_before(notebook):
    notebook.record("total = 1", "total = 2", reason="stopped")
    resumed = notebook.recorder(resumes=notebook.contents().turns["t1"], replaying=True)

    notebook.step(resumed, "total = 3", 1)
    resumed.take(ev.TurnEnded("done", turn="t1", step=2))

    turn = notebook.contents().turns["t1"]
    assert ([step.code for step in turn.steps], turn.replayable) == (["total = 3"], True)
