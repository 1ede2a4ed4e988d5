"""Recorded replies come in order, in chunks, and say when they are used up."""

import pytest

from caveagent_magic.errors import ModelError, NoModel
from caveagent_magic.events import Message, Request
from caveagent_magic.models.base import Spent
from caveagent_magic.models.recorded import RecordedModel, Recording
from caveagent_magic.models.tokens import estimate, estimate_request

REQUEST = Request("Be brief.", (Message("user", "x" * 35),))
FILE = """\
# Two replies and a failure

<!-- reply chunk=7 -->

First, with `code`:

```python
x = 1
```

<!-- reply delay=0.001 -->
Second.
<!-- reply fail="No connection." -->
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "replies.md"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_replies_come_in_order_and_in_chunks(path):
    model = RecordedModel.read(path)
    first, second = list(model.reply(REQUEST, 9)), list(model.reply(REQUEST, 9))

    assert "".join(first) == "First, with `code`:\n\n```python\nx = 1\n```"
    assert {len(chunk) for chunk in first[:-1]} == {7}
    assert second == ["Second."]


def test_a_recorded_failure_is_an_error_with_its_sentence(path):
    model = RecordedModel.read(path)
    list(model.reply(REQUEST, 9)), list(model.reply(REQUEST, 9))

    with pytest.raises(ModelError, match=r"^No connection\.$"):
        list(model.reply(REQUEST, 9))


def test_a_reply_to_words_is_given_whenever_they_are_asked_and_what_follows_comes_after_it():
    model = RecordedModel([Recording("a", to="first"), "b", Recording("c", to="second")])

    def asked(words):
        return list(model.reply(Request("", (Message("user", words),)), 9))

    assert [asked("second"), asked("earlier: second\n\nfirst"), asked("<output>"), asked("first")] == [
        ["c"],
        ["a"],
        ["b"],
        ["a"],
    ]
    with pytest.raises(ModelError, match=r"^The recording has no reply to this\."):
        asked("<output>"), asked("third")


def test_after_the_last_reply_the_error_names_the_file(path):
    model = RecordedModel.read(path)
    model._position = 3

    with pytest.raises(ModelError) as caught:
        list(model.reply(REQUEST, 9))
    assert str(caught.value) == f"{path} has no further reply; all 3 were given."


def test_a_reply_that_is_never_read_is_not_used_up():
    model = RecordedModel(["one"])
    model.reply(REQUEST, 9).close()

    assert list(model.reply(REQUEST, 9)) == ["one"]


def test_tokens_are_estimated_from_what_was_read():
    model = RecordedModel([Recording("x" * 70, chunk=7)])
    reply = model.reply(REQUEST, 9)
    pieces = iter(reply)
    next(pieces)
    reply.close()

    assert list(pieces) == []
    assert reply.spent == Spent(estimate_request(REQUEST), 0, estimate("x" * 7), cost=0.0, estimated=True)
    assert model.count_tokens(REQUEST) == (estimate_request(REQUEST), True)


BAD = {
    "no mark": ("Just text.", "holds no line `<!-- reply -->`"),
    "unknown": (
        "<!-- reply speed=3 -->\nx",
        "unknown attribute 'speed'; there are to, delay, chunk, fail",
    ),
    "no number": ("<!-- reply delay=soon -->\nx", "has an attribute that is no number"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_file_that_is_no_recording_says_why(tmp_path, bad):
    (tmp_path / "bad.md").write_text(BAD[bad][0])

    with pytest.raises(NoModel, match=BAD[bad][1]):
        RecordedModel.read(tmp_path / "bad.md")


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(NoModel, match=r"nowhere\.md cannot be read: No such file"):
        RecordedModel.read(tmp_path / "nowhere.md")
