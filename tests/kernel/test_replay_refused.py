"""What the record does not answer is asked anew, or is one clear error: nothing of it runs unasked."""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from tests.kernel.replayed import ADD, DONE, DOUBLE, events, notebook, run

pytestmark = pytest.mark.kernel

FILE = "```python\nfrom pathlib import Path\nPath('out.txt').write_text('x')\n```\n"


@pytest.mark.parametrize(
    ("cell", "numbers", "reason"),
    [
        ("%%cave --auto\nAdd them all up.", "[1, 2, 3]", "This cell, as it is written here, is not in"),
        ("%%cave --auto --hide x\nAdd them up.", "[1, 2, 3]", "This cell, as it is written here, is not in"),
        ("%%cave --auto\nAdd them up.", "(1, 2, 3)", "`numbers` has another type or other columns"),
    ],
)  # fmt: skip
def test_where_only_the_record_may_answer_another_request_is_one_clear_error(
    serve, monkeypatch, cell, numbers, reason
):
    server = serve(ADD, DOUBLE, DONE)
    run(notebook())
    monkeypatch.setenv("CAVEAGENT_REPLAY", "only")
    changed = notebook(cell, numbers)

    with pytest.raises(CellExecutionError) as error:
        run(changed)

    assert (error.value.ename, server.asked) == ("NotReplayed", 3)
    assert error.value.evalue.startswith(reason)
    assert changed.cells[1].outputs[-1].traceback == [f"NotReplayed: {error.value.evalue}"]


def test_a_changed_schema_is_asked_anew_with_the_reason(serve):
    server = serve(ADD, DOUBLE, DONE)
    run(notebook())

    second = run(notebook(numbers="(1, 2, 3)"))

    assert server.asked == 6
    assert events(second)[0]["record"].startswith("Asked anew: `numbers` has another type or other columns")


def test_fresh_asks_the_model_whatever_is_recorded(serve):
    server = serve(ADD, DOUBLE, DONE)
    run(notebook())

    run(notebook("%%cave --auto --fresh\nAdd them up."))

    assert server.asked == 6


def test_a_locked_notebook_runs_only_what_is_recorded(serve):
    server = serve(ADD, DOUBLE, DONE)
    run(notebook())
    locked = notebook()
    locked.cells.append(nbformat.v4.new_code_cell("%cave lock"))
    run(locked)

    with pytest.raises(CellExecutionError, match="Only what is recorded may run here"):
        run(notebook("%%cave --auto\nSomething else."))

    assert server.asked == 3


def test_an_older_approval_does_not_outlive_a_stricter_policy(serve, tmp_path, monkeypatch):
    serve(FILE, "Written.")
    policy = tmp_path / "policy.toml"
    policy.write_text("unattended = true\n[capabilities]\nwrite_file = 'allow'\n")
    monkeypatch.setenv("CAVEAGENT_POLICY", str(policy))
    made = notebook("%%cave\nWrite the file.")
    made.cells[2].source = "1"
    run(made)
    (tmp_path / "out.txt").unlink()
    policy.write_text("unattended = true\n[capabilities]\nwrite_file = 'ask'\n")

    with pytest.raises(CellExecutionError) as error:
        run(made)

    assert error.value.ename == "NobodyToAsk"
    assert not (tmp_path / "out.txt").exists()


def test_where_a_replay_would_break_a_guard_on_the_data_nothing_runs(serve, monkeypatch):
    serve("```python\nnumbers.append(2 * max(numbers))\n```\n", "Done.")
    guarded = "%%cave --auto\nDouble the largest."

    def guarding(numbers):
        made = notebook(guarded, numbers)
        made.cells[2].source = "numbers"
        made.cells.insert(1, nbformat.v4.new_code_cell("%cave guard numbers: max(numbers) < 10"))
        return made

    first = run(guarding("[1, 4]"))
    monkeypatch.setenv("CAVEAGENT_REPLAY", "only")
    again, other = run(guarding("[2, 3]")), guarding("[1, 6]")
    with pytest.raises(CellExecutionError) as error:
        run(other)

    shown = [made.cells[3].outputs[0].data["text/plain"] for made in (first, again)]
    assert shown == ["[1, 4, 8]", "[2, 3, 6]"]
    assert error.value.evalue == (
        "Step 1 was not run as it was recorded: it would break a guard on the data. "
        "Only what is recorded may run here."
    )
