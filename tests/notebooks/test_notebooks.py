"""Every notebook runs on a fresh machine without a key, and again from its record without a model."""

import re
from pathlib import Path

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

from caveagent_magic.events import MIME_TYPE
from tests.notebooks.messages_server import MessagesServer

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1500)]

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("[0-9]*.ipynb"))
RECORDED = re.compile(r"^%cave model recorded:.*$", re.MULTILINE)
ASKS_A_SERVER = "%cave model claude-sonnet-5-5"
OWN_KERNELS = "08_headless_and_replay"  # its turns are those of the notebooks that it runs itself


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A user who has never run anything here."""
    for name in ("CAVEAGENT_REPLAY", "ANTHROPIC_MODEL", "ANTHROPIC_BASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "")
    monkeypatch.setenv("CAVEAGENT_POLICY", str(FOLDER / "unattended.toml"))  # for 01, which brings none
    monkeypatch.setenv("CAVEAGENT_RECORD", str(tmp_path / "analysis.ipynb"))
    return tmp_path


def served(notebook, recording, monkeypatch):
    """Let a server on loopback answer instead of the recording; it counts."""
    server = MessagesServer(recording)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    for cell in notebook.cells:
        cell.source = RECORDED.sub(ASKS_A_SERVER, cell.source)
    return server


def turns(notebook):
    """The events of each turn."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kept = [output.data[MIME_TYPE]["events"] for output in outputs if MIME_TYPE in output.get("data", {})]
    return [events for events in kept if events[0]["type"] == "turn_started"]  # and not an undo


def ran(notebook):
    return [event for turn in turns(notebook) for event in turn if event["type"] == "ran"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_second_run_all_asks_no_model_and_gives_the_same(path, machine, monkeypatch):
    name = path.stem
    recording = FOLDER / "replies" / f"{name}.md"
    source = nbformat.read(path, as_version=4)
    if not any(RECORDED.search(cell.source) for cell in source.cells):  # 01 asks the model that there is
        server = served(source, recording, monkeypatch)
        nbformat.write(source, machine / "in.ipynb")
        path = machine / "in.ipynb"
    first = papermill.execute_notebook(path, machine / "out.ipynb", cwd=FOLDER, progress_bar=False)

    second = nbformat.read(path, as_version=4)
    server = served(second, recording, monkeypatch)
    NotebookClient(second, timeout=300, resources={"metadata": {"path": FOLDER}}).execute()

    assert server.asked == 0
    assert [turn[0]["replayed"] for turn in turns(second)] == [True] * len(turns(first))
    assert [event["differs"] for event in ran(second)] == [[]] * len(ran(first))
    assert bool(ran(first)) == (name != OWN_KERNELS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_saved_as_it_ran(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in code for output in cell.outputs if output.get("name") == "stderr"]
    assert [turn[-1]["reason"] for turn in turns(notebook)] == ["done"] * len(turns(notebook))
    assert str(FOLDER.parent) not in path.read_text()
