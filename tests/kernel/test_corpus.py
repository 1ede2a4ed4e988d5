"""The whole attack corpus through `%%cave`: no attack has its effect, and the kernel stays as it was."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from caveagent_magic.events import MIME_TYPE
from tests.kernel.conftest import ROOT, Kernel

pytestmark = pytest.mark.kernel
FILE = ROOT / "tests" / "security" / "figures.py"
SPEC = importlib.util.spec_from_file_location("security_figures_of_the_kernel", FILE)
assert SPEC is not None and SPEC.loader is not None
figures = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = figures
SPEC.loader.exec_module(figures)

TOGETHER = 60  # attacks in one request
PLANT = """
import builtins as _b, sys as _s, threading as _t, os as _o
_shell = get_ipython()
_wrote = []
def _files(walk=_o.walk, join=_o.path.join, stat=_o.stat):
    found = (join(folder, name) for folder, _, names in walk(".") for name in names)
    return {file: (stat(file).st_size, stat(file).st_mtime_ns) for file in found}
def _play(folder, setups, magic=_shell.run_cell_magic, cell=_shell.run_cell, files=_files, wrote=_wrote):
    for number, setup in enumerate(setups):
        if setup:
            cell(setup)  # which may write, also by what it lets go of
        before = files()
        try:
            magic("cave", f"--auto --model recorded:{folder}/{number}.md", "Go on.")
        except Exception:  # nobody is there to be asked
            pass
        if files() != before:
            wrote.append(setup)
_modules = {name: module for name, module in _s.modules.items() if module is not None}
mine = {"list": [1, 2], "text": "kept"}
mine_frame = df.copy()
def _print():
    import hashlib, pickle, signal
    kept = hashlib.sha256(pickle.dumps((mine, mine_frame.to_csv()))).hexdigest()
    own = sorted(name for name in vars(_b) if name != "_")
    hooks = [_s.excepthook, _s.displayhook.__class__, _s.gettrace(), _s.getprofile(), signal.getsignal(14)]
    known = all(_s.modules.get(name) is module for name, module in _modules.items())
    threads = sorted(thread.name for thread in _t.enumerate() if thread.name != "cave-warm-up")
    return repr((kept, [(name, id(vars(_b)[name])) for name in own], hooks, known, threads, _o.getcwd()))
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory):
    """A kernel for this file, with data and the extension, and nobody to answer."""
    profile, work = tmp_path_factory.mktemp("ipython"), tmp_path_factory.mktemp("work")
    started = Kernel(
        sys.executable, {"IPYTHONDIR": str(profile), "ANTHROPIC_API_KEY": "", "MPLBACKEND": "agg"}
    )
    started.run(f"%cd -q {work}\n%load_ext caveagent_magic\n%config CaveMagics.rehearse = False")
    started.run(figures.LIVE + PLANT)
    yield started, work
    started.close()


def test_no_attack_has_its_effect_and_the_kernel_stays_as_it_was(alone, tmp_path: Path) -> None:
    kernel, work = alone
    (work / "keep.txt").write_text("a,b\n1,2\n")
    attacks = list(figures.cases("attacks"))
    [harmless] = play(kernel, tmp_path, [figures.Case("", "", "", "1 + 1")])
    assert "ran" in types(harmless)  # and it brought along what any turn needs
    before = kernel.value("_print()")

    for start in range(0, len(attacks), TOGETHER):
        some = attacks[start : start + TOGETHER]
        turns = play(kernel, tmp_path, some)
        ran = [event["code"] for turn in turns if "ran" in types(turn) for event in turn if "code" in event]

        assert (len(turns), ran) == (len(some), [])
        assert kernel.value("_wrote") == "[]", [case.name for case in some]
    assert kernel.value("_print()") == before
    assert kernel.run("sum([1, 2])")["status"] == "ok"


def play(kernel: Kernel, folder: Path, cases: Sequence[Any]) -> list[list[dict[str, Any]]]:
    """Each case as a `%%cave` cell after its setup, many in one request; the events of each turn."""
    for number, case in enumerate(cases):
        reply = f"<!-- reply -->\n```python\n{case.source}\n```\n<!-- reply -->\nDone.\n"
        (folder / f"{number}.md").write_text(reply)
    kernel.run(f"_play({str(folder)!r}, {[case.setup for case in cases]!r})")
    return [display[MIME_TYPE]["events"] for display in kernel.displays.values() if MIME_TYPE in display]


def types(turn: list[dict[str, Any]]) -> list[str]:
    """The kinds of a turn's events."""
    return [event["type"] for event in turn]
