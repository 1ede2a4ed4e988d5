"""A streamed reply becomes prose and one block of code, wherever the chunks are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caveagent_magic.semantic.reply import CodePiece, ReplyReader

REPLY = "I count.\n\n```python\nx = 1\nprint(x)\n```\nThis is not read any more.\n"


def read(parts):
    reader = ReplyReader()
    pieces = list(reader.read(parts))
    return reader, pieces


@given(st.lists(st.integers(0, len(REPLY)), max_size=12))
def test_where_the_chunks_are_cut_does_not_matter(cuts):
    edges = [0, *sorted(cuts), len(REPLY)]

    reader, _ = read([REPLY[start:end] for start, end in pairwise(edges)])

    assert (reader.prose, reader.code, reader.done) == ("I count.\n\n", "x = 1\nprint(x)", True)


@given(st.text(alphabet="`~ \npython=x1#", max_size=80), st.integers(1, 7))
def test_any_text_gives_the_same_whole_or_in_small_chunks(text, size):
    whole, _ = read([text])
    chunked, _ = read([text[i : i + size] for i in range(0, len(text), size)])

    assert (chunked.prose, chunked.code, chunked.done) == (whole.prose, whole.code, whole.done)


def test_reading_stops_at_the_closing_fence_and_asks_for_no_further_part():
    def parts():
        yield "```python\nx\n```\n"
        raise AssertionError("read on after the block had closed")

    reader, _ = read(parts())

    assert reader.raw == "```python\nx\n```\n"


def test_blocks_of_other_languages_are_prose():
    reader, _ = read(["```sql\nselect 1\n```\n```py\ny = 2\n```\n"])

    assert (reader.prose, reader.code) == ("```sql\nselect 1\n```\n", "y = 2")


@pytest.mark.parametrize("fence", ["```", "````", "~~~"])
def test_longer_and_other_fences_close_by_their_own_kind(fence):
    reader, _ = read([f"{fence}python\nx = '''\n``\n'''\n{fence}\n"])

    assert reader.code == "x = '''\n``\n'''"


def test_backticks_inside_a_line_do_not_open_a_block():
    reader, _ = read(["Use ", "```", "x``` like this.\n"])

    assert (reader.code, reader.prose) == (None, "Use ```x``` like this.\n")


def test_a_block_that_the_reply_leaves_open_counts_as_closed():
    reader, pieces = read(["```python\nx = 1"])

    assert (reader.code, reader.done, pieces[-1]) == ("x = 1", True, CodePiece("x = 1", complete=True))


def test_an_indented_block_is_moved_to_the_margin():
    reader, _ = read(["1. So:\n   ```python\n   if x:\n       y()\n   ```\n"])

    assert reader.code == "if x:\n    y()"


def test_parts_that_are_not_text_are_passed_on():
    _, pieces = read([7, "hello"])

    assert pieces[0] == 7


@pytest.mark.parametrize(
    "code", ["answer = df.shape[0]", "import os\nprint(os.sep)", "df['a'] = df.b * 2\n\ndf.a"]
)
def test_a_reply_that_is_nothing_but_python_is_a_block_without_its_fence(code):
    reader, pieces = read([code[:7], code[7:]])

    assert (reader.code, reader.prose, pieces) == (code, "", [CodePiece(code, complete=True)])
    assert reader.raw == f"```python\n{code}\n```\n"


@pytest.mark.parametrize(
    "text",
    ["answer = 42.5", "from 3 to 5 it is", "total = sum of a\n\nSo it is 3.", "Done.", "mean", "x = (1,\n"],
)
def test_an_answer_that_begins_like_code_is_prose(text):
    reader, _ = read([text])

    assert (reader.code, reader.prose, reader.raw) == (None, text, text)


def test_what_begins_like_code_is_prose_when_a_block_follows():
    reader, _ = read(["x = the mean\n```python\ny = df.mean()\n```\n"])

    assert (reader.prose, reader.code) == ("x = the mean\n", "y = df.mean()")
