"""The conversation keeps its order, its budget and its stable beginning."""

from caveagent_magic.events import Message
from caveagent_magic.semantic.stream import Stream


def talk(stream, turns, size):
    for number in range(turns):
        stream.tell(f"question {number} " + "x" * size)
        stream.answered(f"answer {number}")


def test_two_messages_of_the_person_in_a_row_become_one():
    stream = Stream()

    stream.tell("a")
    stream.tell("b")

    assert stream.messages == (Message("user", "a\n\nb"),)


def test_a_conversation_within_its_budget_is_sent_as_it_is():
    stream = Stream(context_tokens=10_000)
    talk(stream, 5, 100)

    request = stream.request("system")

    assert request.messages == stream.messages
    assert "left out" not in "".join(message.text for message in request.messages)


def test_old_output_is_shortened_openly_when_the_budget_is_full():
    stream = Stream(context_tokens=3000)
    talk(stream, 8, 2000)

    texts = [message.text for message in stream.request("system").messages]

    assert "1,811 characters of this earlier message left out" in texts[2]
    assert texts[0].endswith("x" * 2000) and texts[-2].endswith("x" * 2000)


def test_what_still_does_not_fit_loses_its_oldest_exchange_and_keeps_the_newest():
    stream = Stream(context_tokens=1500)
    talk(stream, 30, 2000)

    request = stream.request("system")

    assert request.messages[-1].text == "answer 29"
    assert sum(len(message.text) for message in request.messages) / 3.5 <= 1500


def test_restoring_gives_the_conversation_back_as_it_was():
    stream = Stream()
    talk(stream, 1, 3)
    known = stream.copy()

    stream.tell("lost")
    stream.restore(known)

    assert stream.messages == known.messages
