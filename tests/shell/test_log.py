"""The list of events stays short, and the notebook keeps what is not elsewhere."""

from caveagent_magic.events import Changes, CodeProposed, Progress, Prose, Ran, Rehearsed
from caveagent_magic.shell.log import Log

AT = {"turn": "t", "step": 1}
IMAGE = {
    "output_type": "display_data",
    "data": {"image/png": "x" * 99_999, "text/plain": "<Figure>"},
    "metadata": {},
}


def logged(*events):
    log = Log()
    for event in events:
        log.add(event)
    return log


def test_streamed_prose_becomes_one_event():
    log = logged(Prose("Hello ", **AT), Prose("there.", **AT))

    assert [event["text"] for event in log.events] == ["Hello there."]


def test_streamed_code_is_replaced_and_edited_code_is_a_new_event():
    log = logged(
        CodeProposed("x", complete=False, **AT),
        CodeProposed("x = 1", complete=True, **AT),
        CodeProposed("x = 2", by="user", **AT),
    )

    assert [event["code"] for event in log.events] == ["x = 1", "x = 2"]


def test_the_notebook_keeps_neither_progress_nor_images():
    log = logged(
        Progress("loading", 0.5, **AT),
        Rehearsed((IMAGE,), Changes(), (), 0.1, "", **AT),
        Ran((IMAGE,), Changes(), 0.1, **AT),
    )

    kept = log.kept()

    assert [event["type"] for event in kept] == ["rehearsed", "ran"]
    assert [event["outputs"][0]["data"] for event in kept] == [{"text/plain": "<Figure>"}] * 2


def test_long_text_is_cut_openly():
    long = {"output_type": "stream", "name": "stdout", "text": "y" * 50_000}

    text = logged(Ran((long,), Changes(), 0.1, **AT)).kept()[0]["outputs"][0]["text"]

    assert text.endswith("… 42,000 more characters are not shown here")
