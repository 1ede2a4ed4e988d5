"""Each measure is tested by trying to break out of it, where this machine has it."""

from __future__ import annotations

import json
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
    "Landlock alone": sandbox.Sandbox(landlock=FULL.landlock),
    "namespaces alone": sandbox.Sandbox(FULL.namespaces, FULL.shared_memory),
}


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
    assert trial.stopped == ("ended with PermissionError" if tier.landlock else "")


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
def test_no_way_of_changing_files_gets_past_landlock(try_out, tmp_path, attempt):
    if not FULL.landlock:
        pytest.skip("no Landlock")
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


def test_a_process_that_leaves_the_session_ends_with_the_rehearsal(try_out, tier, tmp_path):
    if not tier.own_processes:
        pytest.skip("not claimed")
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


def test_the_parents_memory_cannot_be_opened(try_out):
    if not FULL.landlock:
        pytest.skip("no Landlock")

    assert try_out(f"open('/proc/{os.getpid()}/mem', 'rb')").stopped == "ended with PermissionError"


def test_privileges_are_gone(try_out, said):
    [line] = [
        line
        for line in said(try_out("import os; os.system('cat /proc/self/status')")).splitlines()
        if "CapEff" in line
    ]

    assert int(line.split()[1], 16) & ~(1 << 2) == 0  # reading the files of others is left


def test_process_pools_work(try_out, said, tier):
    if not tier.shared_memory:
        pytest.skip("its locks lie in shared memory")
    source = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
with ProcessPoolExecutor(2, mp_context=get_context('fork')) as pool:
    _emit({'output_type': 'stream', 'name': 'stdout', 'text': str(list(pool.map(abs, [-1, -2])))})
"""
    assert said(try_out(source)) == "[1, 2]"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_an_ordinary_user_gets_the_same_words_only_if_they_are_true():
    source = """
import os, sys, tempfile
sys.path.insert(0, sys.argv[1])
import encodings.idna, json, socket
import caveagent_magic.rehearsal.fork as fork
os.setgroups([]); os.setgid(65534); os.setuid(65534)
target = tempfile.mktemp()
def attempt(emit):
    for work in (lambda: open(target, "w"), lambda: socket.create_connection(("127.0.0.1", 9))):
        try: work()
        except OSError as error: emit({"output_type": "stream", "name": "stdout", "text": error.strerror})
trial = fork.rehearse(attempt, {}, fork.Limits(), str)
print(json.dumps([trial.sandbox, trial.outputs, os.path.exists(target), trial.stopped]))
"""
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", source, str(root)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr

    words, outputs, written, stopped = json.loads(result.stdout)
    assert (stopped, written) == ("", "no writes" not in words)
    assert ("Network is unreachable" in outputs[0]["text"]) == ("no network" in words)


def test_namespaces_are_only_claimed_by_their_flags():
    assert str(sandbox.Sandbox(linux.NEW_NETWORK)) == "no network (namespaces)"
    assert str(sandbox.Sandbox(landlock=3)) == "no writes outside a scratch folder (Landlock)"
    assert str(sandbox.Sandbox()) == sandbox.GUARD_ALONE


def running():
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                found.append(Path("/proc", name, "cmdline").read_text())
            except OSError:
                continue
    return found
