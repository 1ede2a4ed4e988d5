"""The guard holds when the code that it watches turns against it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from caveagent_magic.errors import CapabilityRefused
from caveagent_magic.events import CAPABILITIES, Effect
from caveagent_magic.security import guard
from tests.security.steps import Step


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    monkeypatch.chdir(tmp_path)
    return Step()


INTERPRETERS = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
TAMPERING = {
    "a guard of its own": "from caveagent_magic.security import guard\n"
    "with guard({capabilities}):\n    {write}",
    "a permissive predicate": "from caveagent_magic.security import guard\n"
    "with guard(lambda *a: True, root='/'):\n    {write}",
    "ending the watch": "import sys\nsys.audit('caveagent.guard', 'end', object())\n{write}",
    "the public modules": "import sys\n"
    "for name in ('hook.watch', 'hook.audit', 'hook.where', 'hook.stack', 'known'):\n"
    "    module = sys.modules.get('caveagent_magic.security.' + name)\n"
    "    for key, value in list(vars(module).items()) if module else []:\n"
    "        if callable(value): setattr(module, key, lambda *a, **k: None)\n"
    "        elif isinstance(value, dict) and not key.startswith('__'): value.clear()\n{write}",
    "globals of the guard": "import caveagent_magic.security as s\n"
    "g = s.guard.__wrapped__.__globals__\ng['sys'] = g['_install'] = None\n{write}",
    "realpath": "import os, posixpath\nos.path.realpath = lambda p, **k: '/dev/null'\n"
    "posixpath._joinrealpath = lambda *a: ('/dev/null', True)\n{write}",
    "lstat and readlink": "import os, posix\nfor m in (os, posix):\n"
    "    m.readlink = m.lstat = m.getcwd = lambda *a, **k: '/tmp'\n{write}",
    "builtins": "import builtins as b\nkept = open\n"
    "b.isinstance = b.issubclass = lambda *a: False\nb.frozenset = b.type = b.any = lambda *a: None\n"
    "kept('out', 'w')",
    "the thread's number": "import threading, _thread\n"
    "threading.get_ident = _thread.get_ident = lambda: 1\n{write}",
    "a thread that claims to be the kernel's": "import threading\nclass T(threading.Thread):\n    pass\n"
    "T.__module__ = 'zmq.eventloop'\n"
    "t = T(target=open, args=('out', 'w'))\nt.start()\nt.join()\nraise PermissionError('see effects')",
    "the temporary folder": "import tempfile, os\ntempfile.tempdir = os.getcwd()\n{write}",
    "the error class": "import caveagent_magic.errors as e, caveagent_magic.events as v\n"
    "e.CapabilityRefused.__init__ = lambda *a: None\nv.Effect.__eq__ = lambda *a: True\n{write}",
    "a path object": "import io, pathlib\nio.FileIO(pathlib.Path('out'), 'w')",
    "a descriptor of another folder": "import os\n"
    "fd = os.open('..', os.O_RDONLY)\nos.open('out', os.O_CREAT | os.O_WRONLY, dir_fd=fd)",
}


RUNNER = """
import code, os, sys
from caveagent_magic.security import guard
raised = []
class Interpreter(code.InteractiveInterpreter):
    def showtraceback(self):
        raised.append(sys.exc_info()[1])
runner, compiled = Interpreter({}), compile(sys.argv[1], "<ipython-input-1>", "exec")
with guard([]):
    runner.runcode(compiled)
print(raised)
os._exit(0 if raised and PermissionError in raised[0].__class__.__mro__ else 1)
"""


@pytest.mark.parametrize("title", TAMPERING)
def test_tampering_does_not_lift_the_guard(tmp_path: Path, title: str) -> None:
    source = TAMPERING[title].format(write="open('out', 'w')", capabilities=list(CAPABILITIES))
    command = [sys.executable, "-c", RUNNER, source]
    work = tmp_path / "work"
    work.mkdir()

    done = subprocess.run(command, cwd=work, capture_output=True, text=True)

    assert (done.returncode, list(work.iterdir()), (tmp_path / "out").exists()) == (0, [], False), done


@pytest.mark.parametrize(
    ("source", "capability"),
    [
        ("import caveagent_magic.security.guard", "kernel"),
        ("import importlib\nimportlib.import_module('caveagent_magic.security.guard')", "kernel"),
        ("import sys\nsys.addaudithook(print)", "kernel"),
        ("import inspect\ninspect.currentframe()", "introspection"),
        ("import inspect\ninspect.stack()", "introspection"),
        ("import sys\nsys._getframe()", "introspection"),
        (
            "import traceback\ntry:\n    open('/etc/passwd')\nexcept PermissionError as error:\n"
            "    for frame, line in traceback.walk_tb(error.__traceback__): pass",
            "introspection",
        ),
        ("import gc\ngc.get_referrers(1)", "introspection"),
        (f"import {INTERPRETERS} as others\nothers.create()", "kernel"),
        (
            "from importlib.machinery import SourceFileLoader as L\nL('a', 'b').get_data('/etc/passwd')",
            "read_file",
        ),
        ("import linecache\nassert linecache.getlines('/etc/passwd')", "read_file"),
        ("import os\nos.symlink('/etc', 'here')", "write_file"),
        ("import os\nos.fchmod(os.open('.', os.O_RDONLY), 0o755)", "write_file"),
    ],
)
def test_the_ways_to_the_guard_and_around_it_are_refused(step: Step, source: str, capability: str) -> None:
    effects = step.run(source)

    assert capability in {effect.capability for effect in effects if not effect.allowed}


def test_a_hook_of_the_steps_own_is_not_put_up(step: Step) -> None:
    step.run("import sys\nheard = []\nsys.addaudithook(lambda *event: heard.append(event))")
    sys.audit("caveagent.test")

    assert step.locals["heard"] == []


def test_the_module_is_out_of_sight_only_while_a_step_runs(step: Step) -> None:
    step.run("import sys\nseen = 'caveagent_magic.security.guard' in sys.modules")

    assert (step.locals["seen"], "caveagent_magic.security.guard" in sys.modules) == (False, True)


def test_a_refusal_carries_no_frame_that_holds_the_guards_state(step: Step) -> None:
    step.run("open('out', 'w')")
    assert step.raised is not None
    trace, names = step.raised.__traceback__, set()
    while trace is not None:
        if (
            "security" in trace.tb_frame.f_code.co_filename
            and "tests" not in trace.tb_frame.f_code.co_filename
        ):
            names |= set(trace.tb_frame.f_locals)
        trace = trace.tb_next

    assert names <= {"event", "path", "mode", "_", "known"}


def test_at_the_edge_of_the_stack_nothing_slips_through(step: Step, tmp_path: Path) -> None:
    step.run(
        "def down():\n    try:\n        down()\n    except RecursionError:\n        pass\n"
        "    open('out', 'w')\ndown()"
    )

    assert isinstance(step.raised, (PermissionError, RecursionError))
    assert list(tmp_path.iterdir()) == []


def test_a_link_made_during_the_run_is_seen_through(step: Step, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    allowed = {"write_file", "delete_file"}
    effects: list[Effect] = []
    code = compile(
        "import os\nopen('a.txt').close()\nopen('a.txt').close()\nos.remove('a.txt')\n"
        "os.symlink('/etc/passwd', 'a.txt')\nopen('a.txt')",
        "<ipython-input-1>",
        "exec",
    )
    with guard(allowed, effects.append):  # type: ignore[arg-type]
        step.runcode(code)

    assert effects[-1] == Effect("read_file", "/etc/passwd", False)
    assert isinstance(step.raised, CapabilityRefused)


def test_a_relative_path_that_was_written_is_judged_again_elsewhere(step: Step, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    code = compile(
        "import os\nfor _ in '12':\n    open('a.txt', 'w').close()\nos.chdir('in')\nopen('a.txt', 'w')",
        "<ipython-input-1>",
        "exec",
    )
    with guard(lambda capability, target: capability == "kernel" or target == str(tmp_path / "a.txt")):
        step.runcode(code)

    assert "'in/a.txt' (line 5)" in str(step.raised)
    assert list((tmp_path / "in").iterdir()) == []


def test_a_relative_path_is_judged_where_the_step_went(step: Step, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("x")

    effects = step.run("import os\nopen('passwd').close()\nos.chdir('/etc')\nopen('passwd')", "kernel")

    assert Effect("read_file", "/etc/passwd", False) in effects


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("open({old!r}).read()", True),
        ("open({old!r}, 'a')", True),
        ("open({new!r}, 'w')", True),
        ("import pandas as pd\npd.DataFrame().to_csv({new!r})", True),
        ("import os\nos.listdir({folder!r})", True),
        (
            "import tempfile, os\nwith tempfile.TemporaryDirectory() as d:\n    open(d + '/x', 'w').close()",
            False,
        ),
        ("import tempfile\nwith tempfile.NamedTemporaryFile('w') as f:\n    f.write('x')", False),
    ],
)
def test_of_the_folder_for_temporary_files_only_what_is_new_is_free(
    step: Step, tmp_path_factory: pytest.TempPathFactory, source: str, refused: bool
) -> None:
    folder = tmp_path_factory.mktemp("others")
    old, new = folder / "old.csv", folder / "new.csv"
    old.write_text("a,b\n1,2\n")

    effects = step.run(source.format(folder=str(folder), old=str(old), new=str(new)))

    assert any(not effect.allowed for effect in effects) is refused, (effects, step.raised)
    assert isinstance(step.raised, CapabilityRefused) is refused


def test_a_predicate_decides_by_target_once_for_each(step: Step, tmp_path: Path) -> None:
    asked = []

    def allowed(capability: str, target: str) -> bool:
        asked.append((capability, target))
        return target == str(tmp_path / "out.csv")

    code = compile(
        "open('out.csv', 'w').close()\nopen('out.csv', 'a').close()\nopen('other.csv', 'w')",
        "<ipython-input-1>",
        "exec",
    )
    with guard(allowed):
        step.runcode(code)

    assert asked == [("write_file", str(tmp_path / name)) for name in ("out.csv", "other.csv")]
    assert "'other.csv' (line 3)" in str(step.raised)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_what_a_step_leaves_behind_stays_watched(tmp_path: Path) -> None:
    source = (
        "import code, atexit, gc\nfrom caveagent_magic.security import guard\n"
        "step = code.InteractiveInterpreter({})\n"
        "def run(text, number):\n    compiled = compile(text, f'<ipython-input-{number}>', 'exec')\n"
        "    with guard([]):\n        step.runcode(compiled)\n"
        "run('''import atexit\\ndef bye(): open('atexit', 'w')\\natexit.register(bye)''', 1)\n"
        "run('''class A:\\n    def __del__(self): open('deleted', 'w')\\na = A()''', 2)\n"
        "run('''def mine(): open('mine', 'w')''', 3)\n"
        "del step.locals['a']\nstep.locals['mine']()\n"
    )
    done = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True)

    assert (done.stderr.count("CapabilityRefused"), sorted(path.name for path in tmp_path.iterdir())) == (
        2,
        ["mine"],
    ), done.stderr


def test_code_of_the_step_is_watched_in_the_persons_own_pool(step: Step, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        step.locals.update(pool=pool, persons=lambda: (tmp_path / "history").write_text("x"))
        effects = step.run(
            "pool.submit(persons).result()\ndef mine(): open('out', 'w')\npool.submit(mine).result()"
        )

    assert effects == [Effect("write_file", "out", False)]
    assert [path.name for path in tmp_path.iterdir()] == ["history"]
