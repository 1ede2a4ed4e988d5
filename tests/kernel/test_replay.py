"""A notebook runs again from its record, in a fresh kernel and without a model."""

import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from tests.kernel.replayed import ADD, DONE, DOUBLE, events, lines, notebook, observed, run, told

pytestmark = pytest.mark.kernel


def test_run_all_a_second_time_asks_no_model_and_gives_the_same(serve, tmp_path):
    server = serve(ADD, DOUBLE, DONE)
    first = run(notebook())
    asked, kept = server.asked, lines(tmp_path)

    second = run(notebook())

    assert (asked, server.asked) == (3, 3)
    assert lines(tmp_path) == kept
    assert second.cells[2].outputs == first.cells[2].outputs
    assert (told(first), told(second)) == (["policy", "policy"], ["record", "record"])
    assert [event["differs"] for event in events(second) if event["type"] == "ran"] == [[], []]
    assert (events(second)[0]["replayed"], events(second)[-1]["answer"]) == (True, DONE)
    assert (events(second)[0]["request_text"], observed(second)) == ("", [])  # no model, so nothing is told
    assert "runs again: approved by the policy on" in str(second.cells[1].outputs)


def test_a_replay_loads_nothing_that_only_a_live_turn_needs(serve):
    serve(ADD, DOUBLE, DONE)
    parts = ("rehearsal.fork", "models.anthropic", "observation.shape", "egress.around")
    made = notebook()
    made.cells[
        2
    ].source = f"import sys\n[part for part in {parts} if f'caveagent_magic.{{part}}' in sys.modules]"

    live, replayed = (run(made).cells[2].outputs[0].data["text/plain"] for _ in range(2))

    assert (live, replayed) == (str(list(parts)), "[]")


def test_papermill_and_jupyter_execute_pass_with_no_model_at_all(serve, tmp_path, monkeypatch):
    serve(ADD, DOUBLE, DONE)
    run(notebook())
    monkeypatch.delenv("ANTHROPIC_BASE_URL")
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    nbformat.write(notebook("%%cave\nAdd them up."), tmp_path / "in.ipynb")
    jupyter = [str(Path(sys.executable).with_name("jupyter"))]

    papermill.execute_notebook("in.ipynb", "out.ipynb", progress_bar=False)
    executed = subprocess.run([*jupyter, "execute", "--inplace", "in.ipynb"], capture_output=True)
    converted = subprocess.run(
        [*jupyter, "nbconvert", "--to", "html", "--execute", "in.ipynb"], capture_output=True
    )

    assert nbformat.read("out.ipynb", as_version=4).cells[2].outputs[0].data["text/plain"] == "(6, 12)"
    assert (executed.returncode, converted.returncode) == (0, 0)
    assert "The total is 6." in Path("in.html").read_text()
