"""The IPython terminal, typed into as a person does."""

import os
import re
import sys

import pexpect
import pytest

pytestmark = pytest.mark.kernel

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COUNT = "I add them up.\n```python\ntotal = sum(numbers)\ntotal\n```"


@pytest.fixture
def terminal(tmp_path):
    """A plain IPython in a pseudo-terminal with the extension loaded."""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path), "TERM": "dumb", "PYTHONPATH": os.getcwd()}
    environment.pop("CI", None)
    arguments = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"]
    spawned = pexpect.spawn(sys.executable, arguments, env=environment, encoding="utf-8", timeout=60)
    spawned.expect(r"In \[1\]:")
    spawned.sendline("%load_ext caveagent_magic")
    spawned.expect(r"In \[2\]:")
    spawned.sendline("numbers = [1, 2, 3]")
    spawned.expect(r"In \[3\]:")
    yield spawned
    spawned.close(force=True)


def cave(terminal, model):
    terminal.sendline(f"get_ipython().run_cell_magic('cave', '--model {model}', 'Add them up.')")


def test_a_step_is_shown_asked_for_and_run(terminal, replies):
    cave(terminal, replies(COUNT, "The total is 6."))

    terminal.expect_exact("Run this step?")
    shown = ANSI.sub("", terminal.before)
    terminal.sendline("r")
    terminal.expect(r"In \[4\]:")
    ended = ANSI.sub("", terminal.before)
    terminal.sendline("total + 1")
    terminal.expect_exact("7")

    assert "total = sum(numbers)" in shown and "verdict: allow" in shown and "+ total" in shown
    assert "The total is 6." in ended


def test_ctrl_c_at_the_question_ends_the_turn_and_the_terminal_goes_on(terminal, replies):
    cave(terminal, replies(COUNT))

    terminal.expect_exact("Run this step?")
    terminal.sendintr()
    terminal.expect(r"In \[4\]:")
    terminal.sendline("'total' in globals()")

    terminal.expect_exact("False")
