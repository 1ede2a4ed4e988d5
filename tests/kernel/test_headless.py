"""Where nobody watches: nbclient and papermill, as CI runs notebooks."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from caveagent_magic.events import MIME_TYPE
from caveagent_magic.security.policies.policy import SHIPPED

pytestmark = pytest.mark.kernel

COUNT = "I add them up.\n```python\ntotal = sum(numbers)\ntotal\n```"
BROKEN = "```python\n1 / 0\n```"


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """No key, a fresh profile, no policy of the machine's."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    monkeypatch.delenv("CAVEAGENT_POLICY", raising=False)


def asking(cell):
    """A notebook that asks once and uses the result."""
    cells = ("%load_ext caveagent_magic\nnumbers = [1, 2, 3]", cell, "total")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def test_without_a_policy_it_is_one_clear_error_and_the_notebook_stops(replies):
    notebook = asking(f"%%cave --model {replies(COUNT)}\nAdd them up.")

    with pytest.raises(CellExecutionError) as error:
        NotebookClient(notebook, timeout=60).execute()

    assert error.value.ename == "NobodyToAsk"
    assert notebook.cells[1].outputs[-1].traceback == [f"NobodyToAsk: {error.value.evalue}"]
    assert notebook.cells[2].execution_count is None


def test_a_policy_that_allows_it_lets_the_step_run(replies, monkeypatch):
    monkeypatch.setenv("CAVEAGENT_POLICY", str(SHIPPED / "demo.toml"))
    notebook = asking(f"%%cave --model {replies(COUNT, 'It is 6.')}\nAdd them up.")

    NotebookClient(notebook, timeout=60).execute()

    kept = [output.data for output in notebook.cells[1].outputs if MIME_TYPE in output.get("data", {})]
    assert notebook.cells[2].outputs[0].data["text/plain"] == "6"
    assert "It is 6." in kept[0]["text/plain"]
    assert "widgets" not in notebook.metadata


def test_papermill_does_not_take_an_error_that_was_mended_for_a_failure(replies, tmp_path):
    model = replies(BROKEN, COUNT, "It is 6.")
    source, result = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(asking(f"%%cave --auto --model {model}\nAdd them up."), source)

    papermill.execute_notebook(source, result, progress_bar=False)

    assert nbformat.read(result, as_version=4).cells[2].outputs[0].data["text/plain"] == "6"


def test_nbconvert_shows_the_turn_as_static_html(replies):
    from nbconvert import HTMLExporter

    notebook = asking(f"%%cave --auto --model {replies(COUNT, 'It is 6.')}\nAdd them up.")
    NotebookClient(notebook, timeout=60).execute()

    page, _ = HTMLExporter().from_notebook_node(notebook)

    assert "total = sum(numbers)" in page and "It is 6." in page and "<summary><b>Step 1</b>" in page


@pytest.mark.parametrize(
    "command",
    [
        ["jupyter", "execute", "in.ipynb"],
        ["papermill", "--no-progress-bar", "in.ipynb", "out.ipynb"],
        ["jupyter", "nbconvert", "--to", "notebook", "--execute", "in.ipynb", "--output", "out"],
    ],
    ids=lambda command: command[1].lstrip("-"),
)
def test_what_ci_runs_fails_at_once_with_one_sentence_or_passes_with_a_policy(
    replies, tmp_path, monkeypatch, command
):
    monkeypatch.chdir(tmp_path)
    nbformat.write(asking(f"%%cave --model {replies(COUNT, 'It is 6.')}\nAdd them up."), "in.ipynb")
    program = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    rules = {"CAVEAGENT_POLICY": str(SHIPPED / "demo.toml")}

    def done(**more):
        with open(os.devnull) as nothing:
            return subprocess.run(
                program,
                stdin=nothing,
                capture_output=True,
                text=True,
                timeout=120,
                env={**os.environ, **more},
            )

    refused, allowed = done(), done(**rules)

    assert (refused.returncode, allowed.returncode) == (1, 0)
    sentence = "NobodyToAsk: A step waits for approval and nobody can answer here, so it was not run."
    assert sentence in refused.stderr
    assert "site-packages/caveagent_magic" not in refused.stderr and "shell/drive.py" not in refused.stderr
