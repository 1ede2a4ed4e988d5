"""The guard refuses before it happens, and leaves ordinary work alone."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from caveagent_magic.errors import CapabilityRefused
from caveagent_magic.events import Capability, Effect
from tests.security.steps import Step


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    monkeypatch.chdir(tmp_path)
    return Step()


def test_a_write_that_was_not_approved_does_not_happen(step: Step, tmp_path: Path) -> None:
    effects = step.run("x = 1\nopen('out.csv', 'w')")

    assert isinstance(step.raised, CapabilityRefused)
    assert (
        str(step.raised) == "The code would write 'out.csv' (line 2), but write_file was not approved for it."
    )
    assert effects == [Effect("write_file", "out.csv", False)]
    assert list(tmp_path.iterdir()) == []


def test_an_approved_write_happens_and_is_reported(step: Step, tmp_path: Path) -> None:
    effects = step.run("with open('out.csv', 'w') as f:\n    f.write('x')", "write_file")

    assert step.raised is None
    assert effects == [Effect("write_file", "out.csv", True)]
    assert (tmp_path / "out.csv").read_text() == "x"


def test_a_rehearsal_has_no_effects_even_if_they_are_approved(step: Step, tmp_path: Path) -> None:
    effects = step.run("open('out/report.csv', 'w')", "write_file", rehearsing=True)

    assert str(step.raised) == "not done in a rehearsal: would write 'out/report.csv'"
    assert effects == [Effect("write_file", "out/report.csv", False)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("source", "capability"),
    [
        ("import os\nos.system('true')", "process"),
        ("import subprocess\nsubprocess.run(['true'])", "process"),
        ("import os\nos.kill(os.getpid(), 0)", "process"),
        ("open('/etc/passwd').read()", "read_file"),
        ("import os\nos.listdir('/root')", "read_file"),
        ("import os\nos.remove('a')", "delete_file"),
        ("from pathlib import Path\nPath('a').mkdir()", "write_file"),
        ("import sqlite3\nsqlite3.connect('a.db')", "write_file"),
        ("import socket\nsocket.create_connection(('127.0.0.1', 9))", "network"),
        ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')", "network"),
        ("exec('1')", "dynamic_code"),
        ("import pickle, os\npickle.loads(b\"cos\\nsystem\\n(S'true'\\ntR.\")", "deserialization"),
        ("import ctypes\nctypes.CDLL(None)", "native"),
        ("(lambda: 0).__code__", "introspection"),
        ("import gc\ngc.get_objects()", "introspection"),
        ("import sys\nsys.settrace(None)", "kernel"),
        ("import os\nos.environ['CAVE_A'] = '1'", "secrets"),
    ],
)
def test_each_capability_is_refused_unless_approved(step: Step, source: str, capability: Capability) -> None:
    effects = step.run(source)

    assert isinstance(step.raised, CapabilityRefused), step.raised
    assert [(effect.capability, effect.allowed) for effect in effects] == [(capability, False)]


@pytest.mark.parametrize(
    "source",
    [
        "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': [3, 4]}).query('a > 1').eval('a + b')",
        "import colorsys, wave, mailbox",
        "import collections\nP = collections.namedtuple('P', 'a')\nP(1)",
        "import dataclasses\n@dataclasses.dataclass\nclass D:\n    x: int\nD(1)",
        "import tempfile\nwith tempfile.TemporaryFile() as f:\n    f.write(b'x')",
        "import sqlite3\nsqlite3.connect(':memory:').execute('select 1').fetchall()",
        "import os\nopen(os.devnull, 'w').close()\nos.listdir('.')\nopen('here.txt').read()",
        "import matplotlib\nmatplotlib.use('Agg')\nimport matplotlib.pyplot as plt\n"
        "fig = plt.figure()\nfig.gca().set_title('ä')\nfig.canvas.draw()\nplt.close()",
        "import functools, re\n@functools.lru_cache\ndef f(x):\n    return re.sub('a', 'b', x)\nf('a')",
        "import copy, json\ncopy.deepcopy(json.loads('[1]'))",
        "import inspect, json\ninspect.getsource(json.loads)\ninspect.signature(json.loads)",
        "import warnings, logging\nwarnings.warn('x')\nlogging.getLogger().debug('x')",
        "from concurrent.futures import ThreadPoolExecutor as T\n"
        "with T(2) as pool:\n    list(pool.map(abs, [-1]))",
    ],
)
def test_ordinary_work_is_neither_refused_nor_reported(step: Step, tmp_path: Path, source: str) -> None:
    (tmp_path / "here.txt").write_text("x")

    assert step.run(source) == []
    assert step.raised is None


def test_an_import_may_keep_the_bytecode_of_what_it_read(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "never_imported_before.py").write_text("value = 3")

    effects = step.run("import never_imported_before", "dynamic_code")

    assert step.raised is None
    assert effects == []
    assert list(tmp_path.glob("__pycache__/*.pyc"))


@pytest.mark.parametrize(
    "source",
    [
        "loader.set_data(cache, b'planted')",
        "loader.get_data = lambda path: b'planted = 1'\nloader.get_code('there')",
        "class Planting(SourceFileLoader):\n"
        "    def get_data(self, path):\n"
        "        return b'planted = 1'\n"
        "spec = importlib.util.spec_from_loader('there', Planting('there', 'there.py'))\n"
        "sys.meta_path.insert(0, type('F', (), {'find_spec': lambda *_: spec}))\n"
        "import there",
    ],
)
def test_no_step_plants_bytecode_for_a_module(
    step: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    (tmp_path / "there.py").write_text("value = 3  ")
    setup = (
        "import importlib.util, sys\nfrom importlib.machinery import SourceFileLoader\n"
        "loader = SourceFileLoader('there', 'there.py')\n"
        "cache = importlib.util.cache_from_source('there.py')\n"
    )

    effects = step.run(setup + source, "dynamic_code", "introspection", "kernel", "shadowing")

    assert {(effect.capability, effect.allowed) for effect in effects} == {("write_file", False)}
    assert not list(tmp_path.glob("__pycache__/*.pyc"))


def test_a_new_thread_is_watched(step: Step, tmp_path: Path) -> None:
    effects = step.run(
        "import threading\nt = threading.Thread(target=open, args=('out', 'w'))\nt.start()\nt.join()"
    )

    assert Effect("write_file", "out", False) in effects
    assert list(tmp_path.iterdir()) == []


def test_a_thread_that_outlives_the_step_stays_watched(step: Step, tmp_path: Path) -> None:
    step.run(
        "import threading, time\ndone = []\ndef late():\n    time.sleep(0.3)\n"
        "    try:\n        open('out', 'w')\n"
        "    except PermissionError as error:\n        done.append(error)\n"
        "t = threading.Thread(target=late)\nt.start()"
    )
    step.locals["t"].join()

    assert [type(error) for error in step.locals["done"]] == [CapabilityRefused]
    assert list(tmp_path.iterdir()) == []


def test_threads_that_were_there_before_are_not_disturbed(step: Step, tmp_path: Path) -> None:
    go, wrote = threading.Event(), threading.Event()

    def keep_history() -> None:
        go.wait(30)
        (tmp_path / "history").write_text("x")
        wrote.set()

    thread = threading.Thread(target=keep_history)
    thread.start()
    step.locals.update(go=go, wrote=wrote)
    effects = step.run("go.set()\nwrote.wait(30)")
    thread.join()

    assert effects == []
    assert (tmp_path / "history").read_text() == "x"


def test_after_the_step_the_person_may_do_everything(step: Step, tmp_path: Path) -> None:
    step.run("x = 1")
    (tmp_path / "mine").write_text("x")

    assert subprocess.run(["true"]).returncode == 0
    assert eval("1 + 1") == 2
    time.sleep(0)


def test_the_hook_is_only_installed_when_it_is_needed() -> None:
    source = (
        "import sys\nsys.addaudithook(lambda event, args: event == 'sys.addaudithook' and print(event))\n"
        "from caveagent_magic.security import check, guard\ncheck('1')\nprint('before')\n"
        "with guard([]): pass\nwith guard([]): pass\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)

    assert done.stdout.split() == ["before", "sys.addaudithook"], done.stderr


def test_a_string_that_lies_about_itself_gains_nothing(step: Step, tmp_path: Path) -> None:
    effects = step.run(
        "class Path(str):\n    def startswith(self, *a): return True\n"
        "    def __str__(self): return '/dev/null'\n    __fspath__ = __str__\n"
        "    def __eq__(self, other): return True\n    def __hash__(self): return 0\n"
        "open(Path('out.csv'), 'w')"
    )

    assert effects == [Effect("write_file", "out.csv", False)]
    assert list(tmp_path.iterdir()) == []


def test_dask_may_look_whether_its_own_pickles_come_out_the_same() -> None:
    step = Step()
    step.run("import pandas as pd, dask.dataframe as dd\nframe = pd.DataFrame({'a': [1, 2], 'b': 'xy'})")
    effects = step.run("mean = dd.from_pandas(frame, npartitions=1).groupby('b')['a'].mean().compute()")

    assert effects == []
    assert step.raised is None
