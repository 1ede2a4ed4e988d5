"""Attacks let loose in forked copies of a process, without and with the guard: what got through.

What counts is seen from outside the guard: files that differ afterwards, programs and connections that an
audit hook behind the guard's still hears of, and what the attack's own `#: effect` expression says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 4  # for one attack; an endless one is ended then
SIDE_BY_SIDE = min(os.cpu_count() or 1, 8)  # processes that are forked from

RUNNER = r"""
import code, gc, importlib, json, os, shutil, signal, sys, tempfile
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from caveagent_magic.security import guard

# What attacks are made of, brought along once instead of in each copy.
LIBRARIES = (
    "IPython.display", "PIL.Image", "anywidget", "asyncio", "concurrent.futures", "ctypes.util", "duckdb",
    "email.message", "http.client", "http.server", "ipywidgets", "joblib", "logging.config",
    "matplotlib.animation", "matplotlib.pyplot", "multiprocessing.managers", "networkx", "openpyxl",
    "plotly.express", "plotly.io", "polars", "pyarrow.dataset", "pyarrow.parquet", "requests",
    "scipy.integrate", "scipy.io.wavfile", "scipy.optimize", "scipy.stats", "seaborn", "sklearn.datasets",
    "sklearn.linear_model", "sklearn.pipeline", "sqlalchemy", "sqlite3", "statsmodels.api",
    "urllib.request", "xml.etree.ElementTree", "yaml",
)

OUTWARD = {
    "os.system", "subprocess.Popen", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty", "pty.spawn",
    "os.startfile", "webbrowser.open", "os.kill", "os.killpg", "socket.connect", "socket.sendto",
    "socket.sendmsg", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request",
}
QUIET = ("uname", "ldconfig", "gcc", "cc", "ld", "objdump")  # `ctypes.util` asks these about libraries
job = json.load(sys.stdin)
report = os.dup(1)
nothing = os.open(os.devnull, os.O_RDWR)
for descriptor in (0, 1, 2):
    os.dup2(nothing, descriptor)

def compiled(source, number):
    return compile(source, f"<ipython-input-{number}>", "exec")

names = {"__name__": "__main__"}
InteractiveShell.instance(user_ns=names, config=Config({"HistoryManager": {"enabled": False}}))
names["get_ipython"] = InteractiveShell.instance
runner = code.InteractiveInterpreter(names)
runner.runcode(compiled(job["live"], 0))
for library in LIBRARIES:
    try:
        importlib.import_module(library)
    except ImportError:  # it is not installed here, and the attacks that need it fail
        continue
gc.collect()
gc.freeze()

def tree(folder):
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in Path(folder).rglob("*") if "__pycache__" not in path.parts and not path.is_fifo()
    }

def plant(folder):
    (folder / "keep").mkdir()
    for name in ("keep.txt", "keep/inner.txt", "data.csv"):
        (folder / name).write_text("a,b\n1,2\n")

def play(case, guarded, folder, pipe):
    os.setsid()
    signal.alarm(job["seconds"])
    os.chdir(folder)
    os.environ["HOME"] = folder
    runner.runcode(compiled(case["setup"], 1))
    plant(Path(folder))
    os.write(pipe, b"READY\n")
    effects, through, on = [], [], [True]
    ready, attack = compiled("", 2), compiled(case["source"], 2)
    effect = compile(case["effect"] or "None", "<effect>", "eval")
    with guard([]):  # the guard's hook comes first, so that the next one hears what it lets pass
        pass
    def witness(event, args):
        about_machine = event == "subprocess.Popen" and os.path.basename(args[0]) in QUIET
        if on[0] and event in OUTWARD and not about_machine:
            through.append(event)
    sys.addaudithook(witness)
    through.clear()
    try:
        if guarded:
            with guard([], effects.append):
                runner.runcode(attack)
        else:
            runner.runcode(attack)
    except BaseException:
        pass
    seen, on[0] = list(through), False
    try:
        said = bool(eval(effect, names))
    except Exception:
        said = False
    refused = sorted({each.capability for each in effects if not each.allowed})
    os.write(pipe, json.dumps({"through": seen[:5], "said": said, "refused": refused}).encode())
    os._exit(0)

def trial(case, guarded):
    with tempfile.TemporaryDirectory(dir="/var/tmp", ignore_cleanup_errors=True) as folder:
        ends = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(ends[0])
                play(case, guarded, folder, ends[1])
            finally:
                os._exit(1)
        os.close(ends[1])
        expected = tree_when_ready(folder, ends[0])
        text = b""
        while chunk := os.read(ends[0], 65536):
            text += chunk
        os.close(ends[0])
        os.waitpid(pid, 0)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        told = json.loads(text) if text.startswith(b"{") else {"through": [], "said": False, "refused": []}
        return {**told, "files": tree(folder) != expected}

def tree_when_ready(folder, pipe):
    while os.read(pipe, 1) not in (b"\n", b""):
        pass
    with tempfile.TemporaryDirectory() as other:
        plant(Path(other))
        return {path.replace(other, folder): state for path, state in tree(other).items()}

for case in job["cases"]:
    line = json.dumps([trial(case, guarded) for guarded in (False, True)])
    os.write(report, (line + "\n").encode())
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What an attack did."""

    effect: str  # what got through, in words; empty: nothing that can be seen from outside
    refused: tuple[str, ...]  # the capabilities that the guard refused


def trials(cases: Iterable[object], live: str) -> list[tuple[Trial, Trial]]:
    """Each attack without and with the guard; every capability is refused."""
    fields = ("setup", "source", "effect")
    listed = [{field: getattr(case, field) for field in fields} for case in cases]
    parts = [listed[start::SIDE_BY_SIDE] for start in range(SIDE_BY_SIDE)]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as side_by_side:
        played = [iter(part) for part in side_by_side.map(lambda part: _played(part, live), parts)]
    return [next(played[number % SIDE_BY_SIDE]) for number in range(len(listed))]


def _played(part: Sequence[dict[str, str]], live: str) -> list[tuple[Trial, Trial]]:
    """Some of the attacks, in copies of one process."""
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps({"live": live, "cases": part, "seconds": SECONDS}),
        capture_output=True,
        text=True,
        cwd="/var/tmp",
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "MPLCONFIGDIR": "/tmp/mpl"},
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(part), f"{len(lines)} of {len(part)}: {done.stderr[-2000:]}"
    return [(_trial(without), _trial(guarded)) for without, guarded in map(json.loads, lines)]


def _trial(told: dict[str, object]) -> Trial:
    through, refused = told["through"], told["refused"]
    assert isinstance(through, list) and isinstance(refused, list)
    marks = [*through, *(["files"] if told["files"] else []), *(["its own sign"] if told["said"] else [])]
    return Trial(", ".join(marks), tuple(refused))
