"""Rehearsing through the shell of a real kernel, and of a shell without one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

pytestmark = pytest.mark.kernel

ROOT = str(Path(__file__).parents[2])
PYTHON = os.environ.get("CAVE_KERNEL_PYTHON", sys.executable)  # to try another ipykernel

PREPARE = f"""
import json, sys
if {ROOT!r} not in sys.path: sys.path.insert(0, {ROOT!r})
from caveagent_magic.rehearsal.fork import Limits, rehearse
from caveagent_magic.shell.apart import run_apart

def rehearsed(code, **limits):
    shell = get_ipython()
    run = lambda emit: run_apart(shell, code, emit)
    trial = rehearse(run, shell.user_ns, Limits(**limits), lambda thing: type(thing).__name__)
    names = [[change.name for change in kind] for kind in (trial.changes.added, trial.changes.changed)]
    return {{"outputs": trial.outputs, "added": names[0], "changed": names[1], "stopped": trial.stopped}}
"""


class Kernel:
    """A real kernel and all that it publishes."""

    def __init__(self):
        self.manager = KernelManager()
        argv = [PYTHON, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager._kernel_spec = KernelSpec(argv=argv, display_name="tested", language="python")
        self.manager.start_kernel(env={**os.environ, "PYTHONPATH": ROOT, "NO_COLOR": "1"})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.published = []
        self.run(PREPARE)

    def run(self, code):
        """Run a cell; what it published, without the comings and goings."""
        self.published = []
        self.client.execute_interactive(
            code, timeout=120, allow_stdin=False, output_hook=self.published.append
        )
        kept = []
        for message in self.published:
            kind, content = message["msg_type"], message["content"]
            if (
                kind == "stream"
                and kept
                and kept[-1][0] == "stream"
                and kept[-1][1]["name"] == content["name"]
            ):
                kept[-1][1]["text"] += content["text"]  # where a stream is flushed is ipykernel's affair
            elif kind not in ("status", "execute_input"):
                kept.append((kind, content))
        return kept

    def rehearse(self, code, **limits):
        """Rehearse in a cell that publishes nothing but the result, as one line."""
        code = textwrap.dedent(code)
        ((kind, content),) = self.run(f"print('RESULT', json.dumps(rehearsed({code!r}, **{limits!r})))")
        assert (kind, content["text"][:6]) == ("stream", "RESULT"), content
        return json.loads(content["text"][6:])

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel():
    kernel = Kernel()
    yield kernel
    kernel.stop()


def text(words, name="stdout"):
    return {"output_type": "stream", "name": name, "text": words}


def result(plain):
    return {
        "output_type": "execute_result",
        "execution_count": None,
        "data": {"text/plain": plain},
        "metadata": {},
    }


def test_prints_and_the_last_value_come_in_order_and_reach_nobody_else(kernel):
    trial = kernel.rehearse(
        "import sys\nx = 41\nprint('one')\nprint('two', file=sys.stderr)\nprint('three', end='')\nx + 1"
    )

    assert trial == {
        "outputs": [text("one\n"), text("two\n", "stderr"), text("three"), result("42")],
        "added": ["x"],
        "changed": [],
        "stopped": "",
    }


def test_a_semicolon_keeps_the_last_value_back(kernel):
    assert kernel.rehearse("1 + 1;")["outputs"] == []


def test_rich_displays_come_as_bundles_and_updates_with_their_last_state(kernel):
    trial = kernel.rehearse("""
        from IPython.display import HTML, display
        handle = display(HTML("<b>first</b>"), display_id=True)
        for number in range(3): handle.update(HTML(f"<b>{number}</b>"))
    """)

    assert [output["data"]["text/html"] for output in trial["outputs"]] == ["<b>first</b>", "<b>2</b>"]


def test_inline_figures_are_images(kernel):
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")

    trial = kernel.rehearse("plt.plot([1, 2])\nprint('drawn')\nNone")

    assert trial["outputs"][0] == text("drawn\n")
    assert [sorted(output["data"]) for output in trial["outputs"][1:]] == [["image/png", "text/plain"]]
    assert kernel.run("plt.get_fignums()")[0][1]["data"]["text/plain"] == "[]"


def test_an_exception_shows_the_source_that_raised_it(kernel):
    trial = kernel.rehearse("print('before')\ndef divide(number):\n    return number / 0  # here\ndivide(1)")
    before, error = trial["outputs"]

    assert (before, error["output_type"], error["ename"], error["evalue"]) == (
        text("before\n"),
        "error",
        "ZeroDivisionError",
        "division by zero",
    )
    shown = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error["traceback"]))
    assert "return number / 0  # here" in shown


def test_an_exception_whose_text_raises_is_an_error_all_the_same(kernel):
    trial = kernel.rehearse("""
        class Rude(Exception):
            def __str__(self): raise ValueError
        raise Rude
    """)

    assert [(output["ename"], output["evalue"]) for output in trial["outputs"]] == [("Rude", "")]


@pytest.mark.parametrize("code", ["input('name? ')", "import getpass; getpass.getpass()"])
def test_a_question_to_the_person_is_refused(kernel, code):
    (error,) = kernel.rehearse(code)["outputs"]

    assert (error["ename"], error["evalue"]) == (
        "RuntimeError",
        "input() is not available in a rehearsal: nobody can answer it there",
    )


def test_programs_magics_await_and_c_code_are_heard(kernel):
    trial = kernel.rehearse("""
        import asyncio, ctypes, os
        !echo shell
        os.system("echo system")
        await asyncio.sleep(0.01)
        print("awaited")
        get_ipython().run_line_magic("who_ls", "") and None
    """)

    words = "".join(output.get("text", "") for output in trial["outputs"])
    assert sorted(words.split()) == ["awaited", "shell", "system"]


def test_comms_widgets_and_log_handlers_send_nothing(kernel):
    kernel.run("import logging; logging.basicConfig(force=True)")

    trial = kernel.rehearse("""
        import comm, logging
        comm.create_comm(target_name="anything", data={}).send({})
        kernel = get_ipython().kernel
        kernel.send_response(kernel.iopub_socket, "stream", {"name": "stdout", "text": "x"})
        logging.error("logged")
    """)

    assert trial["outputs"] == [text("ERROR:root:logged\n", "stderr")]


def test_callbacks_that_the_user_registered_are_not_called(kernel):
    kernel.run("called = lambda *_: print('called')\nget_ipython().events.register('post_execute', called)")
    try:
        trial = json.loads(
            kernel.run("print('RESULT', json.dumps(rehearsed('1')))")[0][1]["text"][6:].split("called")[0]
        )
    finally:
        kernel.run("get_ipython().events.unregister('post_execute', called)")

    assert trial["outputs"] == [result("1")]


def test_what_was_printed_before_a_kill_is_not_lost(kernel):
    trial = kernel.rehearse("print('begun')\nwhile True: pass", seconds=1)

    assert (trial["outputs"], trial["stopped"]) == ([text("begun\n")], "not done after 1 seconds")


def test_a_flood_of_lines_arrives_whole_up_to_the_limit(kernel):
    trial = kernel.rehearse("for i in range(20_000): print(i)")

    assert trial["outputs"] == [text("".join(f"{i}\n" for i in range(20_000)))]


@pytest.mark.parametrize(
    "code", ["import os; os._exit(7)", "exit()", "import ctypes; ctypes.string_at(0)", "raise SystemExit"]
)
def test_the_kernel_is_healthy_after_any_end(kernel, code):
    kernel.run("kept = [1, 2]")

    kernel.rehearse(code + "\nkept.append(3)")

    assert kernel.run("print(kept)\nsum(kept)") == [
        ("stream", {"name": "stdout", "text": "[1, 2]\n"}),
        (
            "execute_result",
            {"data": {"text/plain": "3"}, "metadata": {}, "execution_count": kernel_count(kernel)},
        ),
    ]
    assert kernel.manager.is_alive()


def test_history_and_the_counter_stay(kernel):
    first = kernel.run("len(get_ipython().history_manager.input_hist_raw)")[0][1]

    kernel.rehearse("secret_of_the_rehearsal = 1")

    second = kernel.run("len(get_ipython().history_manager.input_hist_raw)")[0][1]
    assert int(second["data"]["text/plain"]) - int(first["data"]["text/plain"]) == 2
    assert second["execution_count"] - first["execution_count"] == 2


def test_the_kernel_keeps_its_event_loop_and_answers_many_requests(kernel):
    for _ in range(5):
        kernel.rehearse("import asyncio; await asyncio.sleep(0)")

    assert kernel.run("import asyncio\nawait asyncio.sleep(0.01)\nprint('awake')") == [
        ("stream", {"name": "stdout", "text": "awake\n"})
    ]


def test_a_shell_without_a_kernel_rehearses_the_same_way():
    source = """
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    shell.run_cell(prepare)
    shell.user_ns |= {"x": 1, "code": code}
    shell.run_cell("print('RESULT', json.dumps(rehearsed(code))); print(x)")
    """
    code = "print(x)\nx = 2\n!echo shell\nx"
    source = f"prepare, code = {PREPARE!r}, {code!r}\n" + textwrap.dedent(source)
    ran = subprocess.run(
        [PYTHON, "-c", source], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ROOT}
    )

    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("RESULT")]
    assert json.loads(line[6:]) == {
        "outputs": [text("1\nshell\n"), result("2")],
        "added": [],
        "changed": ["x"],
        "stopped": "",
    }
    assert ran.stdout.splitlines()[-1] == "1"


def kernel_count(kernel):
    asked = next(message for message in kernel.published if message["msg_type"] == "execute_input")
    return asked["content"]["execution_count"]
