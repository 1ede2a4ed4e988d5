"""A replay whose results differ says so, and a model that has to go on is told what it has missed."""

import pytest

from tests.kernel.replayed import ADD, DONE, DOUBLE, events, notebook, observed, run

pytestmark = pytest.mark.kernel


def test_results_that_differ_are_told_and_the_old_answer_is_not(serve):
    serve(ADD, DOUBLE, DONE)
    run(notebook())

    second = run(notebook(numbers="[1, 2, 4]"))

    ran = [event["differs"] for event in events(second) if event["type"] == "ran"]
    assert [len(differs) for differs in ran] == [2, 2]
    assert ran[0][0].startswith("`total` differs from the record of ")
    assert "2 of them came out otherwise than recorded" in events(second)[-1]["answer"]


def test_a_model_that_has_to_go_on_is_told_what_it_has_missed(serve):
    serve(ADD, "```python\nshare = 1 / (total - 7)\ndouble = 12\n```\n", DONE)
    run(notebook())
    server = serve("", "", "```python\ndouble = 14\n```\n", "Mended.")

    second = run(notebook(numbers="[1, 2, 4]"))

    begun = [event for event in events(second) if event["type"] == "turn_started"]
    assert [(event["step"], event["replayed"]) for event in begun] == [(0, True), (3, False)]
    assert begun[1]["record"] == "Step 2 ended with ZeroDivisionError, and not as it was recorded."
    parts = (
        "numbers: list",
        "Add them up.",
        "total = sum(numbers)",
        "Its output is not repeated",
        "division by zero",
    )
    places = [begun[1]["request_text"].index(part) for part in parts]
    assert places == sorted(places) and begun[1]["tokens"] > 0
    assert (server.asked, second.cells[2].outputs[0].data["text/plain"]) == (2, "(7, 14)")


@pytest.mark.parametrize(("scores", "may_be_told"), [("[4, 5, 9]", True), ("[4, 5, 8]", False)])
def test_what_a_replay_worked_out_may_be_told_later_only_if_it_came_out_the_same(serve, scores, may_be_told):
    def made(scores, ask):
        numbers = f"__import__('pandas').DataFrame({{'k': ['x', 'x', 'y'], 'score': {scores}}})"
        found = notebook("%%cave --auto\nMean of each.", numbers)
        found.cells[2].source = ask
        return found

    serve("```python\nmeans = numbers.groupby('k').score.mean() * 1234\n```\n", DONE)
    run(made("[4, 5, 9]", "1"))
    serve("```python\nmeans\n```\n", DONE)

    second = run(made(scores, "%%cave --auto\nShow them."))

    assert ("5553" in observed(second, 2)[0]) == may_be_told
