"""What was undone is not replayed, and what is replayed can be undone."""

import nbformat
import pytest

from tests.kernel.replayed import ADD, DONE, DOUBLE, notebook, run, told

pytestmark = pytest.mark.kernel


def test_what_was_undone_by_a_button_is_not_replayed_until_it_is_done_again(serve, begin):
    server = serve(ADD, DOUBLE, DONE)
    kernel = begin()
    kernel.run("%%cave --auto\nAdd them up.")
    kernel.run("%cave undo", store_history=False)

    kernel.run("%cave verify")
    undone = kernel.text()
    kernel.run("%cave redo", store_history=False)
    kernel.run("%cave verify")
    redone = kernel.text()

    assert "was undone" in undone and "runs again" in redone
    assert server.asked == 3


def test_what_was_undone_in_a_cell_is_run_and_undone_again(serve):
    made = notebook()
    made.cells[2].source = "%cave undo"
    made.cells.append(nbformat.v4.new_code_cell("'total' in globals()"))
    server = serve(ADD, DOUBLE, DONE)
    run(made)

    second = run(made)

    assert (server.asked, told(second)) == (3, ["record", "record"])
    assert second.cells[3].outputs[0].data["text/plain"] == "False"


def test_a_cell_that_was_undone_is_asked_anew_in_the_same_session_and_replayed_after_that(serve, begin):
    server, cell = serve(*(ADD, DOUBLE, DONE) * 2), "%%cave --auto\nAdd them up."
    kernel = begin()
    kernel.run(cell)
    kernel.run("%cave undo")
    undone = kernel.value("'total' in globals()")
    kernel.run(cell)
    anew, value = kernel.events()[0], kernel.value("total, double")
    kernel.run(cell)

    assert (undone, value, server.asked) == ("False", "(6, 12)", 6)
    assert not anew["replayed"] and anew["record"].endswith("was undone.")
    assert kernel.events()[0]["replayed"]


IN_PLACE = "```python\nnumbers.sort()\nif more:\n    others.append(4)\n```\n"


def changed_in_place_and_undone(more):
    made = notebook("%%cave --auto\nSort them.", "[3, 1, 2]")
    made.cells[0].source += f"\nothers, same, more = [1], numbers, {more}"
    made.cells[2].source = "%cave undo"
    made.cells.append(nbformat.v4.new_code_cell("numbers, same is numbers, others"))
    run(made)
    return made.cells[2].outputs[0].data["text/plain"], made.cells[3].outputs[0].data["text/plain"]


def test_with_nobody_there_a_replayed_step_is_undone_as_far_as_it_changed_what_it_changed_when_recorded(
    serve,
):
    server = serve(IN_PLACE, DONE)
    first = changed_in_place_and_undone(more=False)

    as_recorded, otherwise = changed_in_place_and_undone(more=False), changed_in_place_and_undone(more=True)

    assert server.asked == 2
    assert as_recorded == first == (first[0], "([3, 1, 2], True, [1])")
    assert otherwise[1] == "([3, 1, 2], True, [1, 4])"
    assert "others: the step did not change it when it was recorded" in otherwise[0]
