"""What works inside the sandbox, and what it says of itself; `test_breakout` tries to get out of it."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from caveagent_magic.rehearsal import linux, sandbox

FULL = sandbox.probe()
TIERS = {
    "all of it": FULL,
    "no overlay": dataclasses.replace(FULL, overlay=False),
    "Landlock and seccomp": sandbox.Sandbox(landlock=FULL.landlock, seccomp=FULL.seccomp),
    "Landlock alone": sandbox.Sandbox(landlock=FULL.landlock),
    "namespaces alone": sandbox.Sandbox(FULL.namespaces, FULL.shared_memory),
}


WITH_PROCESSES = [name for name, each in TIERS.items() if each.own_processes]
WITH_LOCKS = [name for name, each in TIERS.items() if each.shared_memory]  # locks lie in shared memory


@pytest.fixture(params=TIERS)
def tier(request, monkeypatch):
    chosen = TIERS[request.param]
    if str(chosen) == sandbox.GUARD_ALONE:
        pytest.skip(f"{request.param}: not on this machine")
    monkeypatch.setattr(sandbox, "probe", lambda: chosen)
    return chosen


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_what_is_said_of_the_sandbox_is_what_is_in_force(try_out, tier):
    assert try_out("pass").sandbox == str(tier)


def test_without_measures_it_says_so(try_out, monkeypatch):
    monkeypatch.setattr(sandbox, "probe", sandbox.Sandbox)

    assert try_out("pass").sandbox == sandbox.GUARD_ALONE


def test_a_file_is_only_written_where_nothing_is_claimed(try_out, tier, tmp_path):
    target = tmp_path / "out.txt"

    trial = try_out(f"open({str(target)!r}, 'w').write('x')")

    assert target.exists() is not bool(tier.landlock)
    refused = tier.landlock and not tier.overlay
    assert trial.stopped == ("ended with PermissionError" if refused else "")


@pytest.mark.parametrize(
    "attempt",
    [
        "import os; os.remove({path!r})",
        "import os; os.rename({path!r}, {path!r} + '2')",
        "import os; os.truncate({path!r}, 0)",
        "import os; os.link({path!r}, {path!r} + '2')",
        "import os; os.mkdir({path!r} + 'd')",
        "import os; os.symlink('/etc', {path!r} + 's')",
        "import subprocess; subprocess.run(['sh', '-c', 'echo x >> ' + {path!r}], check=True)",
        "import sqlite3; sqlite3.connect({path!r} + '.db').execute('create table t (a)')",
    ],
)
def test_no_way_of_changing_files_gets_past_landlock(try_out, tmp_path, monkeypatch, attempt):
    if not FULL.landlock:
        pytest.skip("no Landlock")
    monkeypatch.setattr(sandbox, "probe", lambda: sandbox.Sandbox(landlock=FULL.landlock))
    path = tmp_path / "data.txt"
    path.write_text("kept")

    trial = try_out(attempt.format(path=str(path)))

    assert (trial.stopped != "", [p.name for p in tmp_path.iterdir()], path.read_text()) == (
        True,
        ["data.txt"],
        "kept",
    )


def test_reading_and_temporary_files_work(try_out, said, tier, tmp_path):
    (tmp_path / "data.txt").write_text("read me")
    source = f"""
import tempfile
with tempfile.NamedTemporaryFile('w+') as file:
    file.write(open({str(tmp_path / "data.txt")!r}).read()); file.seek(0)
    _emit({{'output_type': 'stream', 'name': 'stdout', 'text': file.read()}})
"""
    assert said(try_out(source)) == "read me"


def test_loopback_tcp_does_not_arrive(try_out, tier, server):
    trial = try_out(f"import socket; socket.create_connection({server.getsockname()!r}, timeout=2)")

    assert trial.stopped in ("ended with OSError", "ended with PermissionError")
    with pytest.raises(BlockingIOError):
        server.accept()


def test_loopback_udp_does_not_arrive_where_no_network_is_claimed(try_out, tier):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.2)
        try_out(
            f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', {listening.getsockname()!r})"
        )

        if str(tier).startswith("no network"):
            with pytest.raises(TimeoutError):
                listening.recv(1)


@pytest.mark.parametrize("tier", WITH_PROCESSES, indirect=True)
def test_a_process_that_leaves_the_session_ends_with_the_rehearsal(try_out, tier, tmp_path):
    source = "import subprocess; subprocess.Popen(['sleep', '4242'], start_new_session=True)"

    try_out(source)

    assert [name for name in running() if "sleep\x004242" in name] == []


def test_a_process_of_the_same_session_always_ends(try_out, monkeypatch):
    monkeypatch.setattr(sandbox, "probe", sandbox.Sandbox)

    try_out("import subprocess; subprocess.Popen(['sleep', '4343'])")
    deadline = time.monotonic() + 10
    while any("sleep\x004343" in name for name in running()) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert [name for name in running() if "sleep\x004343" in name] == []


def test_a_signal_to_the_parent_does_not_arrive(try_out, tier):
    arrived = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: arrived.set())
    try:
        trial = try_out(f"import os; os.kill({os.getpid()}, 10)")
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert trial.stopped != "" and not arrived.is_set()


def test_privileges_are_gone(try_out, said):
    [line] = [
        line
        for line in said(try_out("import os; os.system('cat /proc/self/status')")).splitlines()
        if "CapEff" in line
    ]

    assert int(line.split()[1], 16) & ~(1 << 2) == 0  # reading the files of others is left


@pytest.mark.parametrize("tier", WITH_LOCKS, indirect=True)
def test_process_pools_work(try_out, said, tier):
    source = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
with ProcessPoolExecutor(2, mp_context=get_context('fork')) as pool:
    _emit({'output_type': 'stream', 'name': 'stdout', 'text': str(list(pool.map(abs, [-1, -2])))})
"""
    assert said(try_out(source, seconds=60)) == "[1, 2]"


COMPUTING = {
    "numpy": "import numpy as np; np.linalg.svd(np.random.default_rng(0).random((200, 200)))",
    "pandas": "import pandas as pd; pd.DataFrame({'a': range(9)}).groupby('a').sum().to_csv(TEMP)",
    "arrow": "import pyarrow as pa, pyarrow.compute as pc; pc.sum(pa.array(range(10**6)))",
    "duckdb": "import duckdb; duckdb.connect().execute('select sum(range) from range(1000000)').fetchall()",
    "sqlite": "import sqlite3; sqlite3.connect(TEMP).execute('create table t (a)')",
    "matplotlib": "import matplotlib; matplotlib.use('agg'); from matplotlib import pyplot; "
    "pyplot.plot([1, 2]); pyplot.savefig(TEMP + '.png')",
    "threads": "from concurrent.futures import ThreadPoolExecutor; list(ThreadPoolExecutor().map(abs, [-1]))",
    "joblib": "import joblib; joblib.Parallel(2, prefer='threads')(joblib.delayed(abs)(i) for i in range(9))",
    "asyncio": "import asyncio; asyncio.run(asyncio.sleep(0.01))",
    "copying": "import shutil, sys; shutil.copyfile(sys.executable, TEMP)",
}


INSIDE = [
    (name, library) for name in TIERS for library in COMPUTING if library != "joblib" or name in WITH_LOCKS
]


@pytest.mark.parametrize(("tier", "library"), INSIDE, indirect=["tier"])
def test_libraries_compute_inside(try_out, tier, library):
    source = f"import tempfile; TEMP = tempfile.mktemp(); {COMPUTING[library]}"

    trial = try_out(source, seconds=60, cpu_seconds=60)

    assert (trial.stopped, trial.sandbox) == ("", str(tier))


FORCED = """
import sys
sys.platform = "darwin"
from caveagent_magic.rehearsal import sandbox
from caveagent_magic.rehearsal.fork import Limits, rehearse
work = lambda emit: emit({"output_type": "stream", "name": "stdout", "text": "worked"})
trial = rehearse(work, {}, Limits(), str)
print(trial.outputs[0]["text"], sandbox.probe() == sandbox.Sandbox(), trial.sandbox == sandbox.GUARD_ALONE)
"""


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="no /dev/fd")
def test_other_systems_have_the_guard_alone_and_say_so():
    result = subprocess.run([sys.executable, "-c", FORCED], capture_output=True, text=True, check=False)

    assert (result.stdout, result.stderr) == ("worked True True\n", "")


WORDS = {
    sandbox.Sandbox(): sandbox.GUARD_ALONE,
    sandbox.Sandbox(linux.NEW_NETWORK): "no network but local sockets (namespaces)",
    sandbox.Sandbox(linux.NEW_NETWORK, seccomp=True): (
        "no network, no new processes, no signals to others (namespaces, seccomp)"
    ),
    sandbox.Sandbox(landlock=1): (
        "no writes outside a scratch folder, though permissions and times can be changed and files emptied "
        "(Landlock)"
    ),
    sandbox.Sandbox(landlock=3): (
        "no writes outside a scratch folder, though permissions and times can be changed (Landlock)"
    ),
    sandbox.Sandbox(landlock=1, seccomp=True): (
        "no network, no new processes, no reach to others, no changes to files outside a scratch folder "
        "(Landlock, seccomp)"
    ),
}


@pytest.mark.parametrize("measures", WORDS)
def test_each_measure_is_claimed_for_what_it_holds(measures):
    assert str(measures) == WORDS[measures]


def running():
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                found.append(Path("/proc", name, "cmdline").read_text())
            except OSError:
                continue
    return found
