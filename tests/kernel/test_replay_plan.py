"""A plan is shown again from the record, and never run."""

import pytest

from tests.kernel.replayed import ADD, events, notebook, run

pytestmark = pytest.mark.kernel


def test_a_plan_is_shown_again_without_a_model_and_runs_nothing(serve):
    def planned(numbers="[1, 2, 3]"):
        made = notebook("%%cave --plan\nAdd them up.", numbers)
        made.cells[2].source = "'total' in globals()"
        return run(made)

    server = serve(ADD, ADD, ADD)
    first, again = planned(), planned()
    asked = server.asked
    other = planned("(1, 2, 3)")
    kinds = [[event["type"] for event in events(made) if event["type"] != "prose"] for made in (first, again)]

    assert (asked, server.asked) == (1, 2)
    assert kinds[0] == kinds[1]
    assert [event["code"] for event in events(again) if event["type"] == "code_proposed"] == [
        "total = sum(numbers)\ntotal"
    ]
    assert (events(again)[0]["replayed"], events(again)[-1]["reason"]) == (True, "plan")
    assert "was planned on" in events(again)[0]["record"] and "another type" in events(other)[0]["record"]
    assert {made.cells[2].outputs[0].data["text/plain"] for made in (first, again, other)} == {"False"}


def test_verify_says_that_a_plan_would_be_shown_and_not_that_it_would_run(serve, begin):
    server = serve(ADD)
    kernel = begin()
    kernel.run("%%cave --plan\nAdd them up.")
    kernel.run("%cave verify")
    as_it_was = kernel.text()
    kernel.run("numbers = (1, 2, 3)\n%cave verify")

    assert as_it_was.endswith("Add them up. (plan): is shown again\n")
    assert "Add them up. (plan): is asked anew: `numbers` has another type" in kernel.text()
    assert (server.asked, kernel.value("'total' in globals()")) == (1, "False")
