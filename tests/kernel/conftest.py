"""A real kernel, spoken to as a front end does: shell, iopub, stdin and control channels."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from caveagent_magic.events import MIME_TYPE

ROOT = Path(__file__).parents[2]
OLD = ROOT / ".venv-ipykernel6" / "bin" / "python"
PATIENCE = 60  # seconds; an upper limit that only a hanging kernel meets

COUNT = "I add them up.\n```python\ntotal = sum(numbers)\ntotal\n```"
DONE = "The total is 6."


class Kernel:
    """One kernel and its channels."""

    def __init__(self, python: str, environment: dict[str, str]) -> None:
        self.manager = KernelManager()
        self.manager.kernel_spec.argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        # Under pytest's own variable ipykernel would not read what programs print.
        self.manager.start_kernel(env={**inherited, "PYTHONPATH": str(ROOT), **environment})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.outputs: list[dict[str, Any]] = []
        self.displays: dict[str, dict[str, Any]] = {}
        self.status, self.cleared = "", 0
        self._msg_id = ""

    def run(self, code: str, *, allow_stdin: bool = False, store_history: bool = True) -> dict[str, Any]:
        """Execute and wait; the reply's content."""
        self.start(code, allow_stdin=allow_stdin, store_history=store_history)
        return self.finish()

    def start(self, code: str, *, allow_stdin: bool = False, store_history: bool = True) -> None:
        """Execute and do not wait."""
        self.outputs, self.displays, self.cleared = [], {}, 0
        self._msg_id = self.client.execute(
            code, allow_stdin=allow_stdin, stop_on_error=False, store_history=store_history
        )

    def finish(self) -> dict[str, Any]:
        """Wait until the running cell is done."""
        reply = self.client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"].get("msg_id") != self._msg_id:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
        self._read_until(lambda message: message["content"].get("execution_state") == "idle")
        return reply["content"]

    def control(self, **content: Any) -> dict[str, Any]:
        """Send a `cave_request` and return the `cave_reply`."""
        message = self.client.session.msg("cave_request", content)
        self.client.control_channel.send(message)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                assert reply["msg_type"] == "cave_reply"
                return reply["content"]
        raise AssertionError("no cave_reply")

    def pending(self) -> dict[str, Any]:
        """Wait until a step waits for its answer; what front ends see of it."""
        return self.wait_for(lambda state: state["pending"])["pending"][0]

    def wait_for(self, condition: Any) -> dict[str, Any]:
        """Poll `state` until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if condition(state := self.control(verb="state")):
                return state
            time.sleep(0.05)
        raise AssertionError(f"the turn never got there: {state}")

    def decide(self, action: str, **more: Any) -> dict[str, Any]:
        """Answer the step that waits."""
        step = self.pending()
        answer = {"nonce": step["nonce"], "code_hash": step["code_hash"], "action": action, **more}
        return self.control(verb="decide", **answer)

    def asked(self) -> str:
        """The question that the kernel asks on stdin."""
        return self.client.get_stdin_msg(timeout=PATIENCE)["content"]["prompt"]

    def value(self, expression: str) -> str:
        """The repr of an expression, evaluated in the kernel without leaving anything behind."""
        message_id = self.client.execute("", silent=True, user_expressions={"value": expression})
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message_id:
                result = reply["content"]["user_expressions"]["value"]
                return result["data"]["text/plain"] if result["status"] == "ok" else result["ename"]

    def last_status(self) -> str:
        """The state that front ends show for the kernel, once it is quiet."""
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=0.5)
            except queue.Empty:
                return self.status
            if message["parent_header"].get("msg_id") == self._msg_id:
                self._take(message)
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        self.status = message["content"].get("execution_state", self.status)

    def until_printed(self, words: str) -> None:
        """Wait until the running cell has printed these words."""
        self._read_until(lambda message: words in self.text())

    def interrupt(self) -> None:
        """What the stop button does."""
        self.manager.interrupt_kernel()

    def text(self) -> str:
        """All text that the last cell printed."""
        return "".join(output["text"] for output in self.outputs if output["msg_type"] == "stream")

    def events(self) -> list[dict[str, Any]]:
        """The events that the last cell left in the notebook."""
        bundles = [display for display in self.displays.values() if MIME_TYPE in display]
        return bundles[-1][MIME_TYPE]["events"] if bundles else []

    def types(self) -> list[str]:
        """The kinds of these events."""
        return [event["type"] for event in self.events()]

    def _read_until(self, condition: Any) -> None:
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError("the kernel fell silent") from None
            self._note(message)
            if message["parent_header"].get("msg_id") != self._msg_id:
                continue
            self._take(message)
            if condition(message):
                return

    def _take(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind in ("stream", "display_data", "execute_result", "error"):
            self.outputs.append({"msg_type": kind, **content})
        self.cleared += kind == "clear_output"
        if kind in ("display_data", "update_display_data"):
            display_id = content.get("transient", {}).get("display_id")
            if display_id:
                self.displays[display_id] = content["data"]

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


class Messages:
    """A model on loopback, in a process of its own, that gives these replies and counts what it is asked."""

    def __init__(self, folder: Path, *replies: str) -> None:
        folder.mkdir(parents=True)
        self._replies, self._asked = folder / "replies.json", folder / "asked.txt"
        self._replies.write_text(json.dumps(replies))
        self._asked.touch()
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> int:
        """How often it was asked for a reply."""
        return len(self._asked.read_text().splitlines())

    def start(self) -> None:
        """Listen; after a stop on the same port as before."""
        program = Path(__file__).with_name("messages_server.py")
        command = [sys.executable, str(program), str(self.port), str(self._replies), str(self._asked)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture(scope="session", params=["ipykernel 7", "ipykernel 6"])
def interpreter(request: pytest.FixtureRequest) -> str:
    """The Python whose ipykernel is tested: the current line and the older one."""
    if request.param == "ipykernel 7":
        return sys.executable
    assert OLD.exists(), "run `make test`, which makes the environment with ipykernel 6"
    return str(OLD)


@pytest.fixture(scope="module")
def running(interpreter: str, tmp_path_factory: pytest.TempPathFactory):
    """A kernel for the tests of one file."""
    profile = tmp_path_factory.mktemp("ipython")
    started = Kernel(
        interpreter, {"IPYTHONDIR": str(profile), "XDG_DATA_HOME": str(profile), "ANTHROPIC_API_KEY": ""}
    )
    yield started
    started.close()


@pytest.fixture
def kernel(running: Kernel, tmp_path: Path):
    """The kernel with the extension newly loaded, in an empty folder and namespace, nobody to answer."""
    work = tmp_path / "work"
    work.mkdir()
    running.run("%unload_ext caveagent_magic")
    running.run("%reset -f")
    running.run(f"%cd -q {work}")
    assert running.run("%load_ext caveagent_magic")["status"] == "ok", running.text()
    running.run("%config CaveMagics.rehearse = True\n%config CaveMagics.rehearsal_seconds = 60")
    return running


@pytest.fixture
def replies(tmp_path: Path):
    """Write down what the model replies in this test; returns the name of that model."""

    def write(*texts: str, name: str = "replies", **options: Any) -> str:
        head = "<!-- reply" + "".join(f' {key}="{value}"' for key, value in options.items()) + " -->\n"
        path = tmp_path / f"{name}.md"
        path.write_text("".join(head + text.strip("\n") + "\n" for text in texts))
        return f"recorded:{path}"

    return write


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Starts a model on loopback for the kernels of this test, which record in `analysis.cave.jsonl`."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("CAVEAGENT_RECORD", str(tmp_path / "analysis.ipynb"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a key of nobody's")
    for name in ("CAVEAGENT_POLICY", "CAVEAGENT_REPLAY", "ANTHROPIC_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    servers: list[Messages] = []

    def start(*replies: str) -> Messages:
        servers.append(server := Messages(tmp_path / f"model {len(servers)}", *replies))
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def begin(serve):
    """Starts a kernel with `numbers` in the test's folder; each is killed at the end."""
    kernels: list[Kernel] = []

    def start() -> Kernel:
        kernels.append(made := Kernel(sys.executable, {}))
        made.run("%load_ext caveagent_magic\nnumbers = [1, 2, 3]")
        return made

    yield start
    for kernel in kernels:
        kernel.close()


@pytest.fixture
def counting(kernel, replies):
    """A kernel with `numbers`, and a model that adds them up in one step."""
    kernel.run("numbers = [1, 2, 3]")
    return kernel, f"%%cave --model {replies(COUNT, DONE)}\nAdd up the numbers."
