"""Columns of texts are read from Arrow's memory as Arrow itself would tell their lengths and bytes."""

import os

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from caveagent_magic.record.arrow import texts_of

CASES = int(os.environ.get("CAVEAGENT_ARROW_CASES", "40"))
TEXTS = st.one_of(st.none(), st.text(max_size=5))


@st.composite
def columns(draw):
    """A column in pieces, each a part of a longer array, and some with bytes under what is absent."""
    kind = draw(st.sampled_from([pa.string(), pa.large_string()]))
    pieces = []
    for texts in draw(st.lists(st.lists(TEXTS, max_size=9), max_size=3)):
        whole = pa.array([*texts, "end"], kind)
        if draw(st.booleans()):
            hidden = draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole)))
            _, offsets, content = whole.fill_null("gone").buffers()
            bits = pa.array([not each for each in hidden]).buffers()[1]
            whole = pa.Array.from_buffers(kind, len(whole), [bits, offsets, content])
        start = draw(st.integers(0, len(whole)))
        pieces.append(whole.slice(start, draw(st.integers(0, len(whole)))))
    if len(pieces) == 1 and draw(st.booleans()):
        return pieces[0]
    return pa.chunked_array(pieces, kind)


def told_by_arrow(column):
    lengths = pc.fill_null(pc.binary_length(column), -1).to_pylist()
    texts = "".join(text for text in column.to_pylist() if text is not None)
    return b"".join(each.to_bytes(8, "little", signed=True) for each in lengths), texts.encode()


@settings(max_examples=CASES, deadline=None)
@given(columns())
def test_lengths_and_texts_are_those_that_arrow_tells(column):
    assert tuple(map(bytes, texts_of(column))) == told_by_arrow(column)


def test_a_column_of_anything_else_is_not_read_so():
    assert texts_of(pa.array([1, 2])) is None
    assert texts_of(pa.array([b"a"])) is None
