"""The lowest tier, where the operating system helps with nothing: what the guard has to hold by itself."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import threading
from pathlib import Path

import pytest

from caveagent_magic.rehearsal import sandbox
from caveagent_magic.rehearsal.fork import Limits, rehearse
from tests.security.steps import Step

ATTEMPTS = {
    "open": "open(FILE, 'w').write('gone')",
    "a descriptor": "import os; os.write(os.open(FILE, os.O_WRONLY), b'gone')",
    "emptying by opening to read": "import os; os.open(FILE, os.O_RDONLY | os.O_TRUNC)",
    "pathlib": "import pathlib; pathlib.Path(FILE).write_text('gone')",
    "removing": "import os; os.remove(FILE)",
    "moving": "import shutil; shutil.move(FILE, FILE + '2')",
    "a folder": "import os; os.mkdir(FILE + 'd')",
    "permissions": "import os; os.chmod(FILE, 0)",
    "times": "import os; os.utime(FILE, (1, 1))",
    "SQLite": "import sqlite3; sqlite3.connect(FILE + '.db').execute('create table t (a)')",
    "an old connection": "DATABASE.execute('insert into t values (1)'); DATABASE.commit()",
    "pandas": "import pandas as pd; pd.DataFrame({'a': [1]}).to_csv(FILE)",
    "numpy": "import numpy as np; np.ones(3).tofile(FILE)",
    "another thread": (
        "import threading\nt = threading.Thread(target=lambda: open(FILE, 'w').close())\nt.start(); t.join()"
    ),
    "TCP": "import socket; socket.create_connection(('127.0.0.1', PORT), timeout=5)",
    "UDP": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', UDP))",
    "an old socket": "OURS.send(b'x')",
    "an old socket by its number": "import os; os.write(OURS.fileno(), b'x')",
    "a shell": "import os; os.system('echo gone > ' + FILE)",
    "a program": "import subprocess; subprocess.Popen(['sh', '-c', 'echo gone > ' + FILE]).wait()",
    "a fork": (
        "import os\nif os.fork() == 0:\n    os.setsid(); open(FILE, 'w').close(); os._exit(0)\nos.wait()"
    ),
    "a worker process": (
        "import multiprocessing as m\nm.get_context('fork').Process(target=print).start()\n"
        "open(FILE, 'a').write('x')"
    ),
    "a signal": "import os; os.kill(PARENT, 10)",
    "a signal to a group": "import os; os.killpg(os.getpgid(PARENT), 10)",
    "C": "import ctypes; ctypes.CDLL(None).unlink(FILE.encode())",
    "a module of ours": "from caveagent_magic.rehearsal import linux; linux.libc().unlink(FILE.encode())",
}


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What an attempt can reach, and what tells whether it did."""
    monkeypatch.setattr(sandbox, "probe", sandbox.Sandbox)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "data.txt"
    file.write_text("kept")
    database = sqlite3.connect(tmp_path / "data.db")
    database.execute("create table t (a)")
    arrived = threading.Event()
    before = signal.signal(signal.SIGUSR1, lambda *_: arrived.set())
    ours, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        for each in (tcp, udp, theirs):
            each.setblocking(False)
        reach = {"FILE": str(file), "DATABASE": database, "OURS": ours, "PARENT": os.getpid()}
        reach |= {"PORT": tcp.getsockname()[1], "UDP": udp.getsockname()[1]}

        def seen() -> dict[str, object]:
            files = {path.name: (path.stat().st_mode, path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
            looks = {"TCP": tcp.accept, "UDP": lambda: udp.recv(9), "socket": lambda: theirs.recv(9)}
            rows = database.execute("select count(*) from t").fetchone()
            return {
                "files": files,
                "text": file.read_text(),
                "rows": rows,
                "signal": arrived.is_set(),
                "heard": [name for name, look in looks.items() if _there_is(look)],
            }

        yield reach, seen
    signal.signal(signal.SIGUSR1, before)
    database.close()
    ours.close()
    theirs.close()


def _there_is(look) -> bool:
    try:
        look()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize("source", ATTEMPTS.values(), ids=ATTEMPTS)
def test_nothing_of_what_python_does_gets_out_where_there_is_only_the_guard(outside, source):
    reach, seen = outside
    before, step = seen(), Step()
    step.locals |= reach

    def run(emit):
        for effect in step.run(source, rehearsing=True):
            emit(effect)
        if step.raised is not None:
            raise step.raised

    trial = rehearse(run, {}, Limits(seconds=30), str)

    assert seen() == before
    assert trial.sandbox == sandbox.GUARD_ALONE
    assert trial.stopped or not all(effect.allowed for effect in trial.effects), trial
