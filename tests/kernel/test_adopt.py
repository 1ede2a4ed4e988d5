"""Taking over what a rehearsal made, in real kernels."""

import time

import pytest

pytestmark = pytest.mark.kernel

SLOW = """```python
import time, numpy as np
time.sleep(0.3)
table = {"raw": items, "more": [1, 2]}
alias = table["more"]
big = np.arange(400_000.0)
def double(number): return number * factor
factor = 2
print("made", flush=True)
len(table)
```"""


@pytest.fixture
def asked(kernel, replies):
    """Start a step that has to be answered, with a low threshold for taking over."""

    def start(code, seconds=0.2):
        kernel.control(verb="hello")
        kernel.run(f"%config CaveMagics.adopt_seconds = {seconds}")
        kernel.start(f"%%cave --model {replies(code, 'Done.')}\nDo it.")
        return kernel.pending()

    yield start
    kernel.run("%config CaveMagics.adopt_seconds = 5.0")


def last(kernel, kind):
    return [event for event in kernel.events() if event["type"] == kind][-1]


def test_what_a_rehearsal_made_is_taken_over_without_running_again(kernel, asked):
    kernel.run("import time\nitems = [1]\nbegun = time.time_ns()")
    step = asked(SLOW)
    assert kernel.decide("adopt")["status"] == "ok", step["rehearsal"]["not_adoptable"]
    kernel.finish()

    assert last(kernel, "ran")["adopted"] is True
    assert (kernel.value("table"), kernel.value("factor")) == ("{'raw': [1], 'more': [1, 2]}", "2")
    same = "[table['raw'] is items, table['more'] is alias, double.__globals__ is globals(), _ == 2]"
    assert kernel.value(same) == "[True, True, True, True]"
    assert (kernel.value("double(21)"), kernel.value("big.sum()")) == ("42", "np.float64(79999800000.0)")
    shown = [output for output in kernel.outputs if output["msg_type"] in ("stream", "execute_result")]
    assert shown[0]["text"] == "made\n" and shown[1]["data"]["text/plain"] == "2"


def test_what_was_taken_over_was_not_run_again(kernel, asked):
    asked("```python\nimport time\ntime.sleep(0.3)\nmade_at = time.monotonic_ns()\n```")
    pending_since = time.monotonic_ns()  # the same clock for every process of this machine
    kernel.decide("adopt")
    kernel.finish()

    assert int(kernel.value("made_at")) < pending_since


REFUSED = {
    "an old list changed in place": ("items.append(2)", "items was changed in place"),
    "a view of an old array": ("view = array[2:]", "an array shares its memory with an older one"),
    "a lock": ("import threading; lock = threading.Lock()", "cannot be pickled"),
    "a generator": ("gen = (n for n in items)", "cannot be pickled"),
    "an option": ("import pandas as pd; pd.set_option('display.max_rows', 7)", "pandas' options"),
    "a module's attribute": ("import json; json.extra = 1", "the code changes json.extra"),
    "an error": ("1 / 0", "the code failed"),
    "a thread": (
        "import threading; t = threading.Thread(target=time.sleep, args=(9,), daemon=True); t.start(); del t",
        "left a thread running",
    ),
}


@pytest.mark.parametrize(("line", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_would_not_be_the_same_is_not_offered(kernel, asked, line, reason):
    kernel.run("import numpy as np, pandas\nitems = [1]\narray = np.zeros(5)")

    step = asked(f"```python\nimport time\ntime.sleep(0.3)\n{line}\n```")
    kernel.decide("stop")
    kernel.finish()

    assert "adopt" not in step["actions"]
    assert reason in step["rehearsal"]["not_adoptable"]


def test_a_short_rehearsal_is_not_offered_and_says_nothing(kernel, asked):
    step = asked("```python\nx = 1\n```", seconds=5.0)
    kernel.decide("stop")
    kernel.finish()

    assert ("adopt" in step["actions"], step["rehearsal"]["not_adoptable"]) == (False, "")


def test_a_taken_over_step_is_undone_like_a_run(kernel, asked):
    kernel.run("items = [1]\nfactor = 'before'")

    asked(SLOW)
    assert kernel.decide("adopt")["status"] == "ok"
    kernel.finish()
    kernel.run("%cave undo")

    assert (kernel.value("factor"), kernel.value("table")) == ("'before'", "NameError")


def test_results_that_cannot_be_rebuilt_are_not_bound_and_the_question_is_asked_anew(kernel, asked):
    kernel.run(
        "class Odd:\n    def __reduce__(self): return (broken, ())\ndef broken(): raise ValueError('no')"
    )

    first = asked("```python\nimport time\ntime.sleep(0.3)\nfine = 1\nodd = Odd()\n```")
    kernel.decide("adopt")
    second = kernel.wait_for(lambda s: s["pending"] and s["pending"][0]["nonce"] != first["nonce"])[
        "pending"
    ][0]
    kernel.decide("stop")
    kernel.finish()

    assert ("adopt" in first["actions"], "adopt" in second["actions"]) == (True, False)
    assert "could not be rebuilt: ValueError: no" in second["rehearsal"]["not_adoptable"]
    assert kernel.value("fine") == "NameError"
