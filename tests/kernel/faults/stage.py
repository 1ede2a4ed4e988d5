"""What a fault strikes: kernels, a Jupyter server, a model; and how a turn is driven until it does."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

ROOT = Path(__file__).parents[3]
PATIENCE = 300  # seconds; an upper limit that only what hangs meets


def until(condition, what):
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"in vain: {what}")


def is_gone(pid):
    """Whether a process has ended."""
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def marked(marker):
    """The processes that were started with this in their environment, and those that they forked."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (folder / "environ").read_bytes() and not is_gone(folder.name):
                found.add(int(folder.name))
        except OSError:
            continue
    return found


class Kernel:
    """A kernel that may die at any moment."""

    def __init__(self, pid, connection):
        self.pid = pid
        self.client = BlockingKernelClient(connection_file=str(connection))
        self.client.load_connection_file()
        self.client.start_channels(hb=False)  # on a loaded machine a heartbeat comes too late
        self.error = ""
        until(self._answers, "the kernel to start")

    @property
    def dead(self):
        return is_gone(self.pid)

    def _answers(self):
        self.start("")
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            if self._ended():
                return True
        return False

    def run(self, code):
        """Run to the end; the status."""
        self.start(code)
        until(lambda: self.dead or self._ended(), "the cell to end")
        return self.status

    def turn(self, code):
        """Run to the end, approving what is asked; the status."""
        self.start(code)
        self.drive(lambda: False)
        return self.status

    def start(self, code):
        self.status, self.seen, self.approved = "", [], set()
        self.message = self.client.execute(code, allow_stdin=False, stop_on_error=False)

    def drive(self, over):
        """Approve each step that waits, until the cell has ended, the kernel is dead, or it is over."""
        self.ask(verb="hello", client="faults")
        deadline = time.monotonic() + PATIENCE
        while not (self.dead or over() or self._ended()):
            assert time.monotonic() < deadline, "the turn never ended"
            time.sleep(0.1)
            state = self.ask(verb="state") or {"events": [], "pending": []}
            if len(state["events"]) >= len(self.seen):
                self.seen = state["events"]
            for step in state["pending"]:
                named = {key: step[key] for key in ("nonce", "code_hash")}
                reply = self.ask(verb="decide", action="run", **named)
                if reply and reply["status"] == "ok":
                    self.approved.add(step["step"])

    def ask(self, **content):
        """The answer to a control request; None: there was none in time."""
        message = self.client.session.msg("cave_request", content)
        self.client.control_channel.send(message)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not self.dead:
            try:
                reply = self.client.get_control_msg(timeout=0.2)
            except Exception:  # queue.Empty, or whatever a channel raises whose other end has died
                continue
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                return reply["content"] if reply["msg_type"] == "cave_reply" else None
        return None

    def _ended(self):
        try:
            reply = self.client.get_shell_msg(timeout=0.05)
        except Exception:  # as above
            return False
        if reply["parent_header"].get("msg_id") != self.message:
            return False
        self.status, self.error = reply["content"]["status"], reply["content"].get("evalue", "")
        return True

    def value(self, expression):
        """The repr of an expression."""
        message = self.client.execute("", silent=True, user_expressions={"value": expression})
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message:
                result = reply["content"]["user_expressions"]["value"]
                return result["data"]["text/plain"] if result["status"] == "ok" else result["ename"]

    def close(self):
        """Kill it, if it lives."""
        self.client.stop_channels()
        if not self.dead:
            os.kill(self.pid, 9)
            until(lambda: self.dead, "the kernel to end")


class Zygote:
    """Makes kernels."""

    def __init__(self, folder, environment):
        self.folder, self.marker = folder, f"faults-{secrets.token_hex(8)}"
        environment = {**environment, "CAVE_TEST_MARKER": self.marker}
        program = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        self.process = subprocess.Popen(
            program, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def kernel(self):
        path, _ = write_connection_file(str(self.folder / f"{secrets.token_hex(4)}.json"), ip="127.0.0.1")
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        return Kernel(int(self.process.stdout.readline()), path)

    def strangers(self, *kernels):
        """What runs beside the zygote and these kernels, once it has had time to end."""
        known = {self.process.pid, *(kernel.pid for kernel in kernels)}
        return settled(lambda: marked(self.marker) - known)

    def close(self):
        self.process.kill()
        self.process.wait()


class JupyterServer:
    """A server with one kernel, as it is started for a person."""

    def __init__(self, folder, environment):
        self.marker, token = f"faults-{secrets.token_hex(8)}", secrets.token_hex(8)
        runtime = folder / f"runtime {self.marker}"
        environment = {**environment, "CAVE_TEST_MARKER": self.marker, "JUPYTER_RUNTIME_DIR": str(runtime)}
        options = ["--no-browser", "--ServerApp.port=0", "--ServerApp.port_retries=50", "--allow-root"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", f"--IdentityProvider.token={token}", *options],
            env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        [told] = until(lambda: list(runtime.glob("jpserver-*.json")), "the server to start")
        url = until(lambda: _url(told), "the server's address")
        request = urllib.request.Request(f"{url}api/kernels", b"{}", {"Authorization": f"token {token}"})
        made = until(lambda: _answer(request), "the server to start a kernel")
        pid = until(lambda: _child(self.process.pid), "the kernel's process")
        self.kernel = Kernel(pid, runtime / f"kernel-{made['id']}.json")

    @property
    def dead(self):
        return self.process.poll() is not None

    def strangers(self):
        """What still runs of it, once all has had time to end."""
        return settled(lambda: marked(self.marker))

    def close(self):
        self.process.kill()
        self.process.wait()
        self.kernel.close()


def settled(found):
    """What is found even after a while."""
    deadline = time.monotonic() + 20
    while (left := found()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _url(path):
    try:
        return json.loads(path.read_text())["url"]
    except (ValueError, KeyError):
        return None


def _answer(request):
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return json.load(reply)
    except OSError:
        return None


def _child(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return next((int(word) for word in path.read_text().split()), None)
