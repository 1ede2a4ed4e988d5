"""The model asks one question back, and the turn goes on with the answer."""

import pytest

pytestmark = pytest.mark.kernel

ASK = "Two fit.\nASK: Which price do you mean? [list | paid]"
COLUMN = "ASK: By which column? [column of sales]"
TAKE = "```python\nprice = 'paid'\n```"
SALES = "import pandas as pd\nsales = pd.DataFrame({'region': ['N'], 'city': ['B'], 'secret': [1]})"


def answer(kernel, text):
    waiting = kernel.wait_for(lambda state: state["question"])["question"]
    return kernel.control(verb="answer", nonce=waiting["nonce"], answer=text)


def told(kernel):
    kernel.run("%cave show")
    return kernel.text()


def test_the_person_answers_on_the_control_channel_and_the_model_goes_on(kernel, replies):
    kernel.control(verb="hello", client="test")
    kernel.start(f"%%cave --auto --model {replies(ASK, TAKE, 'Done.')}\nWhat is the price?")
    first = answer(kernel, "paid")
    reply = kernel.finish()

    assert (first["status"], reply["status"], kernel.value("price")) == ("ok", "ok", "'paid'")
    assert [event["type"] for event in kernel.events() if event["type"].startswith("question")] == [
        "question_asked",
        "question_answered",
    ]
    assert kernel.events()[-1]["answer"] == "Done."
    assert "[user]\nThe person answers: paid" in told(kernel)


def test_columns_are_offered_but_not_those_that_are_hidden(kernel, replies):
    kernel.run(SALES)
    kernel.run("%cave hide sales.secret")
    kernel.control(verb="hello", client="test")
    kernel.start(f"%%cave --auto --model {replies(COLUMN, TAKE, 'Done.')}\nGroup them.")
    answer(kernel, "city")
    kernel.finish()

    [asked] = [event for event in kernel.events() if event["type"] == "question_asked"]
    assert asked["question"]["options"] == ["region", "city"]


def test_on_stdin_the_question_is_asked_in_words(kernel, replies):
    kernel.run("%unload_ext caveagent_magic")
    kernel.run("%load_ext caveagent_magic")
    kernel.start(f"%%cave --auto --model {replies(ASK, TAKE, 'Done.')}\nWhat is the price?", allow_stdin=True)
    question = kernel.asked()
    kernel.client.input("2")
    kernel.finish()

    assert question.startswith("Which price do you mean?\n  1  list\n  2  paid\n")
    assert "The person answers: paid" in told(kernel)


def test_where_nobody_can_answer_the_model_goes_on_and_the_question_stands_in_the_answer(kernel, replies):
    reply = kernel.run(f"%%cave --auto --model {replies(ASK, TAKE, 'It is 6, assuming list.')}\nThe price?")

    assert reply["status"] == "ok"
    assert kernel.events()[-1]["answer"] == (
        "It is 6, assuming list.\n\nAsked and left open: Which price do you mean?"
    )
    assert "Nobody can answer here." in told(kernel)


def test_a_second_question_is_the_end_of_the_turn(kernel, replies):
    kernel.run(f"%%cave --auto --model {replies(ASK, COLUMN)}\nThe price?")

    assert kernel.events()[-1]["reason"] == "done"
    assert kernel.types().count("question_asked") == 1


def test_stop_ends_a_turn_that_waits_for_an_answer(kernel, replies):
    kernel.control(verb="hello", client="test")
    kernel.start(f"%%cave --auto --model {replies(ASK, TAKE, 'Done.')}\nWhat is the price?")
    kernel.wait_for(lambda state: state["question"])
    kernel.interrupt()
    kernel.finish()

    assert (kernel.events()[-1]["reason"], kernel.value("price")) == ("stopped", "NameError")


def test_a_replay_asks_nobody_and_says_what_was_answered(kernel, replies, tmp_path):
    kernel.run(f"%cave record {tmp_path / 'analysis'}")
    kernel.control(verb="hello", client="test")
    cell = f"%%cave --auto --model {replies(ASK, TAKE, 'Done.')}\nWhat is the price?"
    kernel.start(cell)
    answer(kernel, "paid")
    kernel.finish()

    kernel.run("del price\n")
    kernel.run(cell)

    assert (kernel.events()[0]["replayed"], kernel.value("price")) == (True, "'paid'")
    assert kernel.types().count("question_asked") == 0
    prose = "".join(event["text"] for event in kernel.events() if event["type"] == "prose")
    assert prose.startswith("Asked when this was recorded: Which price do you mean? paid")
