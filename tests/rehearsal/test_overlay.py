"""Files that rehearsed code writes: there for the code, told to the person, and gone."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from caveagent_magic.events import Effect
from caveagent_magic.rehearsal import sandbox
from caveagent_magic.rehearsal.fork import Limits, rehearse
from caveagent_magic.security.guard import guard

pytestmark = pytest.mark.skipif(not sandbox.probe().overlay, reason="this machine has no overlay")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory, with a home and a place for temporary files beside it."""
    for name in ("work", "home", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return tmp_path / "work"


def effects_of(source, **limits):
    names = {}
    trial = rehearse(
        lambda emit: exec(source, names), {}, Limits(**{"seconds": 100.0, **limits}), str, lambda *_: True
    )
    assert trial.stopped == "", trial
    return trial.effects


def written(target, detail, preview="", allowed=True):
    return Effect("write_file", target, allowed, detail, preview)


def deleted(target, detail="deleted"):
    return Effect("delete_file", target, True, detail)


def test_a_new_file_is_told_with_its_size_and_its_beginning(here):
    assert effects_of("open('report.csv', 'w').write('a,b\\n1,2\\n')") == (
        written("report.csv", "new, 8 B", "a,b\n1,2\n"),
    )
    assert list(here.iterdir()) == []


def test_what_was_written_can_be_read_back(here, try_out, said):
    source = """
import os
os.makedirs('out/deep')
with open('out/deep/a.txt', 'w') as file: file.write('written')
text = open('out/deep/a.txt').read() + str(os.listdir('out')) + os.getcwd()
_emit({'output_type': 'stream', 'name': 'stdout', 'text': text})
"""
    assert said(try_out(source)) == f"written['deep']{here}"


CHANGES = [
    ("open('data.txt', 'a').write('more')", [written("data.txt", "changed, 4 B → 8 B", "keptmore")]),
    ("open('data.txt', 'w').write('gone')", [written("data.txt", "written again, 4 B", "gone")]),
    ("os.chmod('data.txt', 0o600)", [written("data.txt", "permissions 644 → 600")]),
    ("os.utime('data.txt', (1, 1))", [written("data.txt", "written again, 4 B", "kept")]),
    ("os.remove('data.txt')", [deleted("data.txt")]),
    ("shutil.rmtree('folder')", [deleted("folder", "folder deleted")]),
    ("os.rename('data.txt', 'b.txt')", [written("b.txt", "moved from data.txt, 4 B")]),
    ("os.symlink('data.txt', 'link')", [written("link", "new link to data.txt")]),
    ("os.mkdir('empty')", [written("empty", "new folder")]),
    ("os.makedirs('a/b'); open('a/b/c', 'wb').write(b'\\0')", [written("a/b/c", "new, 1 B")]),
    ("open('data.txt', 'r+').close(); open('data.txt').read()", []),
    ("open('passing', 'w').close(); os.remove('passing')", []),
    (
        "shutil.rmtree('folder'); os.mkdir('folder'); open('folder/new', 'w').write('n')",
        [written("folder/new", "new, 1 B", "n"), deleted("folder/old.txt")],
    ),
    ("open('long.txt', 'w').write('line\\n' * 99)", [written("long.txt", "new, 495 B", "line\n" * 20 + "…")]),
    ("open('é', 'w').write('é' * 1000)", [written("é", "new, 2.0 kB", "é" * 600 + "\n…")]),
]


@pytest.mark.parametrize(("code", "expected"), CHANGES, ids=[code for code, _ in CHANGES])
def test_every_way_of_changing_files_is_told(here, code, expected):
    (here / "data.txt").write_text("kept")
    (here / "data.txt").chmod(0o644)
    (here / "folder").mkdir()
    (here / "folder/old.txt").write_text("old")

    assert list(effects_of(f"import os, shutil\n{code}")) == expected
    assert sorted(each.name for each in here.iterdir()) == ["data.txt", "folder"]
    assert ((here / "data.txt").read_text(), (here / "folder/old.txt").read_text()) == ("kept", "old")


def test_writers_in_c_are_told_as_well(here):
    source = """
import sqlite3, pyarrow as pa, pyarrow.parquet
pyarrow.parquet.write_table(pa.table({'a': [1]}), 'table.parquet')
base = sqlite3.connect(':memory:'); base.execute("attach 'base.db' as b")
base.execute('create table b.t (a)'); base.commit()
"""
    told = effects_of(source)

    assert [effect.target for effect in told] == ["base.db", "table.parquet"]
    assert [effect.preview for effect in told] == ["", ""]


def test_what_libraries_keep_for_themselves_is_not_told(here):
    source = """
import os, pathlib
for name in ('.cache/matplotlib/fonts.json', '.config/matplotlib/style', 'kept/CACHEDIR.TAG', 'kept/x'):
    path = pathlib.Path.home() / name
    path.parent.mkdir(parents=True, exist_ok=True); path.write_text('x')
os.mkdir('__pycache__'); open('__pycache__/m.pyc', 'w').write('x')
"""
    assert effects_of(source) == ()


def test_a_file_outside_the_working_directory_has_its_whole_path(here):
    home = here.parent / "home"

    assert effects_of(f"open({str(home / 'notes.txt')!r}, 'w').write('n')") == (
        written(str(home / "notes.txt"), "new, 1 B", "n"),
    )


def test_only_what_the_code_has_leave_for_is_allowed(here):
    def leave(capability, target):
        return (capability, target) == ("write_file", "a.txt")

    def work(emit):
        for path in ("a.txt", "b.txt", f"{here.parent}/tmp/c.txt"):
            Path(path).write_text("x")

    told = rehearse(work, {}, Limits(seconds=100), str, leave).effects

    assert {Path(effect.target).name: effect.allowed for effect in told} == {
        "a.txt": True,
        "b.txt": False,
        "c.txt": True,  # temporary files are nobody's business
    }


def test_under_the_guard_a_file_is_one_effect_and_the_code_goes_on(here):
    contained = sandbox.probe().contained

    def work(emit):
        with guard(["write_file"], emit, rehearsing=True, contained=contained):
            Path("a.txt").write_text("x")
            os.remove("data.txt")
            assert Path("a.txt").read_text() == "x"

    (here / "data.txt").write_text("kept")
    trial = rehearse(work, {}, Limits(seconds=100), str, lambda capability, _: capability == "write_file")

    assert (trial.stopped, trial.effects) == (
        "",
        (
            written("a.txt", "new, 1 B", "x"),
            Effect("delete_file", "data.txt", False, "deleted"),
        ),
    )


@pytest.mark.parametrize(
    ("end", "stopped"),
    [
        ("import os; os._exit(3)", "ended the process with exit code 3"),
        ("import ctypes; ctypes.string_at(0)", "crashed: segmentation fault"),
        ("while True: pass", "not done after 1 seconds"),
    ],
)
def test_files_of_code_that_crashed_or_hung_are_told(here, try_out, end, stopped):
    trial = try_out(f"open('a.txt', 'w').write('x')\n{end}", seconds=1)

    assert (trial.stopped, trial.effects) == (stopped, (written("a.txt", "new, 1 B", "x", allowed=False),))


def test_a_flood_of_bytes_ends_in_words(here, try_out):
    trial = try_out("open('big', 'wb').write(bytes(100 << 20))", scratch_bytes=4 << 20)

    assert trial.stopped == "ended with OSError"
    assert not (here / "big").exists()


def test_code_that_goes_on_after_the_room_was_used_up_is_said_to_have_used_it_up(here, try_out):
    source = "try: open('big', 'wb').write(bytes(100 << 20))\nexcept OSError: pass"

    assert try_out(source, scratch_bytes=4 << 20).stopped == (
        "wrote more than the 4,194,304 bytes that a rehearsal has room for"
    )


def test_files_that_cannot_be_listed_are_not_passed_over(here, try_out):
    source = "import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')"

    assert try_out(source).stopped == "wrote files that could not be listed: RecursionError"


def test_a_flood_of_files_is_cut_openly(here):
    told = effects_of("for i in range(1000): open(f'{i:04}', 'w').close()")

    assert (len(told), told[-1]) == (201, written("800 more files", ""))


def test_a_file_that_the_parent_has_open_is_still_the_parents(here, try_call):
    (here / "log.txt").write_text("parent\n")
    with open(here / "log.txt") as file:
        trial = try_call(lambda emit: Path("log.txt").write_text(file.read() + "child\n"))

        assert trial.effects[0].preview == "parent\nchild\n"
        assert file.read() == "parent\n"


def test_nothing_is_mounted_or_left_afterwards(here, try_out):
    mounts = Path("/proc/self/mountinfo").read_text()

    for source in ("open('x', 'w')", "import os; os._exit(1)", "import os; os.kill(os.getpid(), 9)"):
        try_out(source)

    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert [list(folder.iterdir()) for folder in here.parent.iterdir()] == [[], [], []]


KERNEL = """
import time
from caveagent_magic.rehearsal import sandbox
from caveagent_magic.rehearsal.fork import Limits, rehearse
def work(emit):
    open("x", "w").write("x"); print(flush=True); time.sleep(100)
tier = sandbox.probe()
if {lower}:
    tier = sandbox.Sandbox(landlock=tier.landlock, seccomp=tier.seccomp)
    sandbox.probe = lambda: tier
    def work(emit):
        import tempfile
        tempfile.mkdtemp(); time.sleep(100)
print("ready", flush=True)
rehearse(work, {{}}, Limits(seconds=100), str)
"""


@pytest.mark.parametrize("lower", [False, True])
def test_a_kernel_that_is_killed_leaves_no_process_and_no_file(here, try_out, monkeypatch, lower):
    environment = {**os.environ, "TMPDIR": str(here.parent / "tmp")}
    command = [sys.executable, "-c", KERNEL.format(lower=lower)]
    mounts = Path("/proc/self/mountinfo").read_text()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, start_new_session=True) as kernel:
        assert kernel.stdout.readline() == b"ready\n"
        wait_for(lambda: len(working_in(here)) > 1)
        time.sleep(0.3)
        kernel.kill()
    wait_for(lambda: working_in(here) == {os.getpid()})
    if lower:  # its folder goes with the next rehearsal of anyone
        full = sandbox.probe()
        monkeypatch.setattr(sandbox, "probe", lambda: sandbox.Sandbox(landlock=full.landlock))
        try_out("pass")

    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert [list(folder.iterdir()) for folder in here.parent.iterdir()] == [[], [], []]


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def working_in(folder):
    """The processes whose working directory this is."""
    found = set()
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/cwd") == str(folder):
                found.add(int(pid))
        except OSError:
            continue
    return found


ORDINARY = """
import ctypes, encodings.idna, json, os, sys
import numpy.random
from pathlib import Path
from caveagent_magic.rehearsal import sandbox
from caveagent_magic.rehearsal.fork import Limits, rehearse
os.setgroups([]); os.setgid(65534); os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a program that this user had started
def work(emit):
    Path("deep/er").mkdir(parents=True); Path("deep/er/new.txt").write_text(Path("data.txt").read_text())
    Path("data.txt").unlink(); Path("folder/old.txt").write_text("changed"); Path("/tmp/x").write_text("x")
    try: Path("/etc/x").write_text("x")
    except OSError as error: emit({"output_type": "stream", "name": "stdout", "text": error.strerror})
trial = rehearse(work, {}, Limits(seconds=100), str)
if not trial.outputs: sys.exit(str(trial))
told = [(effect.target, effect.detail) for effect in trial.effects]
print(json.dumps([sandbox.probe().overlay, trial.stopped, trial.outputs[0]["text"], told]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_an_ordinary_user_has_scratch_layers_where_user_namespaces_are_allowed(here):
    (here / "folder").mkdir()
    (here / "data.txt").write_text("kept")
    (here / "folder/old.txt").write_text("old")
    for folder in itertools.takewhile(lambda folder: not folder.stat().st_mode & stat.S_ISVTX, here.parents):
        folder.chmod(0o755)  # pytest's own are for root alone
    for path in (here, here / "folder", here / "data.txt", here / "folder/old.txt"):
        os.chown(path, 65534, 65534)

    result = subprocess.run([sys.executable, "-c", ORDINARY], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    overlay, stopped, said, told = json.loads(result.stdout)
    if not overlay:
        pytest.skip("user namespaces are refused here")

    assert (stopped, said) == ("", "Read-only file system")
    assert sorted(map(tuple, told)) == [
        ("/tmp/x", "new, 1 B"),
        ("data.txt", "deleted"),
        ("deep/er/new.txt", "new, 4 B"),
        ("folder/old.txt", "changed, 3 B → 7 B"),
    ]
    assert sorted(str(path.relative_to(here)) for path in here.rglob("*")) == [
        "data.txt",
        "folder",
        "folder/old.txt",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_mount_inside_a_covered_folder_is_covered_itself(here):
    source = """
import sys
from pathlib import Path
from caveagent_magic.rehearsal.fork import Limits, rehearse
def work(emit): Path("disk/new.txt").write_text(Path("disk/old.txt").read_text())
trial = rehearse(work, {}, Limits(seconds=100), str)
print(trial.stopped, [(e.target, e.detail, e.preview) for e in trial.effects], list(Path("disk").iterdir()))
"""
    (here / "disk").mkdir()
    script = (
        "mount -t tmpfs none disk && echo old > disk/old.txt && exec $0 -c '" + source.replace("'", '"') + "'"
    )

    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, sys.executable], capture_output=True, text=True, check=False
    )

    assert result.stderr == ""
    assert result.stdout == " [('disk/new.txt', 'new, 4 B', 'old\\n')] [PosixPath('disk/old.txt')]\n"


def test_a_stop_by_the_person_leaves_nothing_mounted(here, try_out):
    mounts = Path("/proc/self/mountinfo").read_text()
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    before = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with pytest.raises(KeyboardInterrupt):
            try_out("while True: pass", seconds=30)
    finally:
        signal.signal(signal.SIGALRM, before)

    assert Path("/proc/self/mountinfo").read_text() == mounts


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_connection_of_the_kernel_writes_to_the_scratch_layer(here, journal):
    connection = sqlite3.connect("data.db")
    connection.execute(f"pragma journal_mode={journal}")
    connection.execute("create table t (a)")
    connection.commit()
    if journal == "wal":
        connection.execute("pragma wal_checkpoint(truncate)")

    def insert(emit):
        connection.execute("insert into t values (1)")
        connection.commit()
        assert connection.execute("select a from t").fetchall() == [(1,)]

    trial = rehearse(insert, {}, Limits(seconds=100), str, lambda *_: True)

    told = {(effect.capability, effect.target, effect.detail[:4]) for effect in trial.effects}
    changed = ("write_file", "data.db" if journal == "delete" else "data.db-wal")
    assert (trial.stopped, {(what, path) for what, path, _ in told}) == ("", {changed})
    assert connection.execute("select a from t").fetchall() == []
    connection.execute("insert into t values (2)")
    connection.commit()
    connection.close()


def test_a_transaction_that_the_kernel_has_begun_can_be_ended_in_the_scratch_layer(here):
    connection = sqlite3.connect("data.db")
    connection.execute("create table t (a)")
    connection.commit()
    connection.execute("insert into t values (1)")

    trial = rehearse(lambda emit: connection.commit(), {}, Limits(seconds=100), str, lambda *_: True)

    assert (trial.stopped, connection.in_transaction) == ("", True)
    assert sqlite3.connect("data.db").execute("select count(*) from t").fetchone() == (0,)
    connection.commit()
    connection.close()


def test_an_open_file_is_written_where_the_kernel_stood_and_the_kernel_goes_on_from_there(here):
    with open("log.txt", "w", buffering=1) as file:
        file.write("one\n")

        told = rehearse(
            lambda emit: file.write("two\n"), {}, Limits(seconds=100), str, lambda *_: True
        ).effects
        file.write("three\n")

    assert told == (written("log.txt", "changed, 4 B → 8 B", "one\ntwo\n"),)
    assert (here / "log.txt").read_text() == "one\nthree\n"


def test_a_file_that_is_only_open_for_writing_is_no_effect(here):
    with open("log.txt", "w") as file:
        file.write("one\n")
        file.flush()

        assert effects_of("pass") == ()


def test_a_log_that_others_write_to_meanwhile_is_no_effect(here):
    with open("log.txt", "w"):
        writer = subprocess.Popen(["sh", "-c", "while :; do echo line >> log.txt; sleep 0.01; done"])
        try:
            told = effects_of("import time; time.sleep(0.5)")
        finally:
            writer.kill()
            writer.wait()

    assert (here / "log.txt").stat().st_size
    assert told == ()
