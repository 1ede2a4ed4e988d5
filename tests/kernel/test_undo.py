"""Undo and redo in real kernels: what comes back, who is told, and which processes there are meanwhile."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.kernel.conftest import PATIENCE, Kernel

pytestmark = pytest.mark.kernel

BEGINNING = """
import pandas as pd
import numpy as np
sales = pd.DataFrame({"region": list("nsew"), "price": [1.0, 2.0, 3.0, 4.0]})
same, column = sales, sales["price"]
numbers = [1, 2, 3]
table = {"numbers": numbers, "sales": sales}
"""
IN_PLACE = """```python
sales.drop(columns="region", inplace=True)
sales.loc[0, "price"] = 99.0
sales["margin"] = 0.1
numbers.append(4)
table["new"] = 1
added = 5
```"""
BEFORE = "(list(sales.columns), list(sales['price']), numbers, list(table))"
AS_BEFORE = "(['region', 'price'], [1.0, 2.0, 3.0, 4.0], [1, 2, 3], ['numbers', 'sales'])"
AS_AFTER = "(['price', 'margin'], [99.0, 2.0, 3.0, 4.0], [1, 2, 3, 4], ['numbers', 'sales', 'new'])"
ALIASES = "(same is sales, table['numbers'] is numbers, table['sales'] is sales, 'added' in globals())"


def state(kernel: Kernel) -> str:
    """The content of what `BEGINNING` made, on one line."""
    return " ".join(kernel.value(BEFORE).split())


def auto(kernel: Kernel, model: str) -> None:
    """One turn that runs by itself."""
    kernel.run(f"%%cave --auto --model {model}\nGo on.")
    assert "ran" in kernel.types(), kernel.events()


def test_changes_in_place_come_back_with_every_alias_and_can_be_done_again(kernel, replies):
    kernel.run(BEGINNING)
    auto(kernel, replies(IN_PLACE, "Done."))
    assert state(kernel) == AS_AFTER

    kernel.run("%cave undo")
    (undone,) = [event for event in kernel.events() if event["type"] == "undone"]
    back = (state(kernel), kernel.value(ALIASES))
    kernel.run("%cave redo")
    (redone,) = [event for event in kernel.events() if event["type"] == "undone"]

    assert back == (AS_BEFORE, "(True, True, True, False)")
    assert (state(kernel), kernel.value(ALIASES)) == (AS_AFTER, "(True, True, True, True)")
    assert {"sales", "numbers", "table", "added"} <= set(undone["names"])
    assert (undone["not_undone"], undone["redo"], redone["redo"]) == ([], False, True)


def test_undo_shows_text_too_and_says_when_there_is_nothing(kernel, replies):
    kernel.run("numbers = [1, 2, 3]")
    kernel.run("%cave undo")
    nothing = kernel.text()
    auto(kernel, replies("```python\nnumbers.append(4)\n```", "Done."))

    kernel.run("%cave undo")

    shown = next(output["data"]["text/plain"] for output in kernel.outputs if "data" in output)
    assert nothing == "There is nothing to undo: no step was run.\n"
    assert shown.startswith("undone: numbers")  # and what libraries changed when they were first used


FAILING = "```python\nnumbers.append(4)\nsales['half'] = 1\ndel table['sales']\n1 / 0\n```"


def test_a_step_that_fails_in_the_middle_is_undone_whole(kernel, replies):
    kernel.run(BEGINNING)
    kernel.run("%config CaveMagics.rehearse = False")
    auto(kernel, replies(FAILING, "It failed."))
    assert "half" in state(kernel)

    kernel.run("%cave undo")

    assert (state(kernel), kernel.value(ALIASES)) == (AS_BEFORE, "(True, True, True, False)")


ENDLESS = (
    "```python\nimport time\nnumbers.append(4)\nsales['half'] = 1\nprint('half done', flush=True)\n"
    "while True:\n    time.sleep(0.05)\n```"
)


def test_a_step_that_was_interrupted_is_undone_whole(kernel, replies):
    kernel.control(verb="hello")
    kernel.run(BEGINNING)
    kernel.run("%config CaveMagics.rehearse = False")
    kernel.start(f"%%cave --model {replies(ENDLESS)}\nGo on.")
    kernel.decide("run")
    kernel.until_printed("half done")
    kernel.interrupt()
    assert kernel.finish()["status"] == "error"
    assert "half" in state(kernel)

    kernel.run("%cave undo")

    assert (state(kernel), kernel.value(ALIASES)) == (AS_BEFORE, "(True, True, True, False)")


def test_so_many_steps_can_be_undone_also_across_turns(kernel, replies):
    kernel.run("numbers = []")
    steps = [f"```python\nnumbers.append({number})\n```" for number in range(4)]
    auto(kernel, replies(*steps[:2], "Done."))
    auto(kernel, replies(*steps[2:], "Done.", name="second"))

    values = []
    for line in ("%cave undo 1", "%cave undo 2", "%cave redo", "%cave redo", "%cave undo"):
        kernel.run(line)
        values.append(kernel.value("numbers"))

    assert values == ["[0, 1, 2]", "[0]", "[0, 1, 2]", "[0, 1, 2, 3]", "[0, 1]"]


def test_binding_the_result_belongs_to_the_last_step(kernel, replies):
    kernel.run("numbers = [1]")
    code = "```python\nnumbers.append(2)\nlen(numbers)\n```"
    kernel.run(f"%%cave --auto --out count --model {replies(code, 'Two.')}\nCount.")

    kernel.run("%cave undo 1")

    assert (kernel.value("numbers"), kernel.value("count")) == ("[1]", "NameError")


def test_the_model_is_told_that_the_person_went_back(kernel, replies):
    kernel.run("numbers = [1]")
    model = replies("```python\nnumbers.append(2)\n```", "Done.", "I see.")
    auto(kernel, model)
    kernel.run("%cave undo")

    kernel.run(f"%%cave --auto --model {model}\nWhat is in it?")

    sent = kernel.events()[0]["request_text"]
    assert sent.startswith("The person has undone your last step. These are as they were before: numbers.")
    assert sent.endswith("What is in it?")


def test_what_stays_is_said(kernel, replies):
    kernel.control(verb="hello")
    code = "```python\nimport colorsys\nopen('out.txt', 'w').write('x')\n```"
    kernel.start(f"%%cave --model {replies(code, 'Done.')}\nWrite.")
    kernel.decide("run")
    kernel.finish()

    kernel.run("%cave undo")

    undone = kernel.events()[0]["not_undone"]
    said = " ".join(f"{change['name']} {change['summary']};" for change in undone)
    assert re.search(r"imported modules [^;]*colorsys[^;]* stay loaded", said), said
    assert re.search(r"out\.txt it was written to, which stays", said), said


# ---------------------------------------------------------------- processes

BIG = "import numpy as np\nbig = np.ones(8_000_000)\npart = big[1000:2000]"  # 64 MB: too large to be copied
WAITING = """```python
import os, time
part[:] = 5
try:
    os.wait()
except ChildProcessError:
    alone = True
print('waiting', flush=True)
time.sleep(SECONDS)
```"""


def copies(pid: int) -> list[int]:
    """The processes that were forked from this kernel."""
    line = Path(f"/proc/{pid}/cmdline").read_bytes() or b"?"
    return [other for other in _running(line) if other != pid]


def _running(line: bytes) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                if (folder / "cmdline").read_bytes() == line:
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def descriptors(pid: int) -> Counter[str]:
    """What the descriptors of a process lead to."""
    folder = Path(f"/proc/{pid}/fd")
    paths = [re.sub(r"\d+", "N", os.readlink(entry)) for entry in folder.iterdir()]
    return Counter(path for path in paths if "history.sqlite" not in path)  # IPython's own comes and goes


def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def begin_waiting(kernel: Kernel, replies, seconds: int) -> int:
    """Start a step that leaves its large array to a frozen fork and waits; gives the kernel's process."""
    kernel.control(verb="hello")
    kernel.run("%config CaveMagics.rehearse = False")
    kernel.run(BIG)
    pid = int(kernel.value("__import__('os').getpid()"))
    kernel.start(f"%%cave --model {replies(WAITING.replace('SECONDS', str(seconds)), 'Done.')}\nGo on.")
    kernel.decide("run")
    kernel.until_printed("waiting")  # before it, other forks try what the sandbox can do
    return pid


def test_a_large_array_is_given_back_from_a_frozen_fork_that_code_does_not_see(kernel, replies):
    pid = begin_waiting(kernel, replies, 1)
    kernel.finish()
    assert (kernel.value("big[1500], alone"), copies(pid)) == ("(np.float64(5.0), True)", [])

    kernel.run("%cave undo")

    assert kernel.value("float(big.sum()), float(part[0]), np.shares_memory(big, part)") == (
        "(8000000.0, 1.0, True)"
    )


@pytest.mark.parametrize("how", ["kill -9", "shutdown"])
def test_no_process_stays_behind_when_the_kernel_ends_in_the_middle_of_a_step(
    interpreter, tmp_path, replies, how
):
    kernel = Kernel(interpreter, {"IPYTHONDIR": str(tmp_path / "ipython"), "ANTHROPIC_API_KEY": ""})
    try:
        kernel.run("%load_ext caveagent_magic")
        pid = begin_waiting(kernel, replies, 600)
        line, alive = Path(f"/proc/{pid}/cmdline").read_bytes(), copies(pid)
        if how == "kill -9":
            os.kill(pid, signal.SIGKILL)
        else:
            kernel.manager.shutdown_kernel(now=False)
        until(lambda: not _running(line))
    finally:
        kernel.close()

    assert len(alive) == 1


STEPS = 50


def test_many_steps_leave_no_process_and_no_descriptor(kernel, replies):
    kernel.run("%config CaveMagics.rehearse = False")
    kernel.run(BIG)
    pid = int(kernel.value("__import__('os').getpid()"))
    step = "```python\nbig[:100] += 1\n```"
    cell = "%%cave --auto --max-steps {} --model {}\nGo on."
    many = replies(*[step] * STEPS, "Done.")
    kernel.run(cell.format(STEPS + 1, many))  # libraries open some of theirs late, and once
    before = descriptors(pid)

    kernel.run(cell.format(STEPS + 1, replies(*[step] * STEPS, "Done.", name="more")))

    assert kernel.types().count("ran") == STEPS
    assert (descriptors(pid), copies(pid)) == (before, [])
    kernel.run("%cave undo 3")
    assert kernel.value("float(big[0])") == str(2.0 * STEPS - 2)
