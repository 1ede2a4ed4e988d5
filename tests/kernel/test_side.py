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
    assert report["status"] == "ok" and len(report["remarks"]) == 1
    assert {"capability": "network", "judgement": "ask", "scope": "everything",
            "source": "the shipped default"} in report["rules"]  # fmt: skip


def test_settings_of_the_person_are_defaults_and_what_was_set_here_wins(kernel):
    kernel.run("%config CaveMagics.budget = 500")

    kept = kernel.control(verb="defaults", settings={"budget": 900, "max_steps": 4, "privacy": "names"})

    assert list(kept["kept"]) == ["budget"]
    assert kernel.value("get_ipython().magics_manager.registry['CaveMagics'].max_steps") == "4"
    assert kernel.control(verb="look")["level"] == "names"


def test_while_a_step_waits_changed_code_is_judged_and_nothing_else_happens(kernel, replies):
    kernel.run(STAFF)
    kernel.control(verb="hello", client="test")
    kernel.start(f"%%cave --model {replies(SUM, 'Done.')}\nWhat is the sum of pay?")
    nonce = kernel.pending()["nonce"]

    dangerous = kernel.control(verb="judge", nonce=nonce, code="import os\nos.system('ls')")
    harmless = kernel.control(verb="judge", nonce=nonce, code="staff.pay.max()")
    mistaken = kernel.control(verb="judge", nonce=nonce)
    of_another = kernel.control(verb="judge", nonce="x", code="1")
    still = kernel.pending()["nonce"]
    kernel.decide("stop")
    kernel.finish()
    late = kernel.control(verb="judge", nonce=nonce, code="1")

    assert [finding["capability"] for finding in dangerous["verdict"]["findings"]] == ["process"]
    assert (harmless["verdict"]["decision"], len(harmless["verdict"]["findings"])) == ("allow", 0)
    assert (mistaken["status"], of_another["status"], late["status"]) == ("error", "stale", "stale")
    assert still == nonce


def test_what_is_foreseen_of_a_step_is_what_the_model_is_told(kernel, replies):
    kernel.run(STAFF)
    kernel.control(verb="hello", client="test")
    kernel.start(f"%%cave --model {replies(SUM, 'Done.')}\nWhat is the sum of pay?")

    foreseen = kernel.control(verb="foresee", nonce=kernel.pending()["nonce"])
    kernel.decide("run")
    kernel.finish()

    told = next(event["text"] for event in kernel.events() if event["type"] == "observed")
    assert foreseen["text"] and foreseen["text"] in told
    assert foreseen["tokens"] > 0


def test_nothing_is_foreseen_where_the_rehearsal_was_held_back(kernel, replies):
    kernel.control(verb="hello", client="test")
    risky = "```python\nimport os\nos.system('true')\nprint('told')\n```"
    kernel.start(f"%%cave --model {replies(risky, 'Done.')}\nDo it.")

    foreseen = kernel.control(verb="foresee", nonce=kernel.pending()["nonce"])
    kernel.decide("stop")
    kernel.finish()

    assert (foreseen["status"], foreseen["text"]) == ("ok", "")


def test_the_output_of_a_step_can_be_kept_from_the_model(kernel, replies):
    kernel.run("numbers = [4711, 815]")
    kernel.control(verb="hello", client="test")
    kernel.start(
        f"%%cave --model {replies('```python' + chr(10) + 'sum(numbers)' + chr(10) + '```', 'Done.')}\nAdd."
    )
    kernel.decide("run", untold=True)
    kernel.finish()

    told = next(event["text"] for event in kernel.events() if event["type"] == "observed")
    assert any("5526" in str(output) for output in kernel.outputs)
    assert "5526" not in told and "keeps it to themselves" in told
    assert "5526" not in kernel.value("list(_cave.out.values())")


def test_the_configuration_of_the_kernel_wins_over_the_settings_of_a_front_end(kernel):
    kernel.run("get_ipython().config.CaveMagics.max_steps = 3\n%unload_ext caveagent_magic")
    kernel.run("%load_ext caveagent_magic")

    kept = kernel.control(verb="defaults", settings={"max_steps": 9, "approval": "auto"})
    steps = kernel.value("get_ipython().magics_manager.registry['CaveMagics'].max_steps")
    kernel.run("del get_ipython().config.CaveMagics\n%reload_ext caveagent_magic")

    assert kept["kept"] == {"max_steps": "stays 3: the configuration of the kernel says so"}
    assert steps == "3"


def test_what_an_administrator_allows_at_most_wins_over_settings_and_cells(kernel, replies, tmp_path):
    file = tmp_path / "administrator.toml"
    file.write_text('[limits]\napproval = "ask"\nmax_steps = 1\nprivacy = "names"')
    kernel.run(STAFF)
    kernel.run(
        "from pathlib import Path\n"
        f"get_ipython().magics_manager.registry['CaveMagics'].driver.administrator = Path({str(file)!r})"
    )

    kept = kernel.control(
        verb="defaults", settings={"approval": "auto", "max_steps": 9, "privacy": "samples"}
    )
    look = kernel.control(verb="look")
    more = kernel.control(verb="privacy", setting="privacy", words=["stats"])
    report = kernel.control(verb="report")
    kernel.control(verb="hello", client="test")
    kernel.start(f"%%cave --auto --model {replies(SUM, 'Done.')}\nWhat is the sum of pay?")
    waits = kernel.pending()["actions"]
    kernel.decide("run")
    reply = kernel.finish()

    assert list(kept["kept"]) == ["approval", "max_steps", "privacy"]
    assert look["level"] == "names" and "pay" not in look["text"]
    assert more["status"] == "error" and "allows at most 'names'" in more["message"]
    assert "max_steps 1" in report["sources"]
    assert "run" in waits
    assert reply["ename"] == "LimitReached"
