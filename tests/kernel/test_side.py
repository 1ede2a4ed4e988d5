"""What a side panel is told by a real kernel, and what it changes there."""

import pytest

pytestmark = pytest.mark.kernel

STAFF = "import pandas as pd\nstaff = pd.DataFrame({'who': ['Kowalska'], 'pay': [51234]})"
SUM = "```python\nstaff.pay.sum()\n```"


def staff_of(look):
    return next(each for each in look["variables"] if each["name"] == "staff")


def test_a_column_hidden_on_the_control_channel_is_in_no_text_that_leaves(kernel, replies):
    kernel.run(STAFF)
    before = kernel.control(verb="look")

    after = kernel.control(verb="privacy", setting="hide", words=["staff.who"])
    kernel.run(f"%%cave --plan --model {replies(SUM)}\nWhat is the sum of pay?")

    sent = kernel.events()[0]["request_text"]
    assert "who" in before["text"] and "who" not in after["text"]
    assert staff_of(after)["columns"] == [
        {"name": "who", "hidden": True, "alias": ""},
        {"name": "pay", "hidden": False, "alias": ""},
    ]
    assert after["text"] in sent


def test_while_a_step_waits_variables_are_not_looked_at_and_nothing_is_changed(kernel, replies):
    kernel.run(STAFF)
    kernel.control(verb="hello", client="test")
    kernel.start(f"%%cave --model {replies(SUM, 'Done.')}\nWhat is the sum of pay?")
    kernel.pending()

    look = kernel.control(verb="look")
    change = kernel.control(verb="privacy", setting="hide", words=["staff"])
    kernel.decide("stop")
    kernel.finish()

    assert (look["status"], change["status"]) == ("busy", "busy")
    assert not staff_of(kernel.control(verb="look"))["hidden"]


def test_a_request_that_came_while_code_ran_is_given_up_and_not_carried_out_later(kernel):
    kernel.run(STAFF)
    kernel.start("import time\ntime.sleep(4)")
    while kernel.control(verb="look")["status"] == "ok":
        pass

    change = kernel.control(verb="privacy", setting="hide", words=["staff"])
    kernel.finish()

    assert change["status"] == "busy"
    assert not staff_of(kernel.control(verb="look"))["hidden"]


def test_a_wrong_name_is_told_in_words_and_the_report_names_the_sources(kernel):
    wrong = kernel.control(verb="privacy", setting="hide", words=["stuff"])
    report = kernel.control(verb="report")

    assert wrong["status"] == "error" and "`stuff`" in wrong["message"]
    assert report["status"] == "ok" and "the shipped default" in report["policy"]


def test_settings_of_the_person_are_defaults_and_what_was_set_here_wins(kernel):
    kernel.run("%config CaveMagics.budget = 500")

    kept = kernel.control(verb="defaults", settings={"budget": 900, "max_steps": 4, "privacy": "names"})

    assert list(kept["kept"]) == ["budget"]
    assert kernel.value("get_ipython().magics_manager.registry['CaveMagics'].max_steps") == "4"
    assert kernel.control(verb="look")["level"] == "names"
