"""What is kept of any session gives the same values as all of it did."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from caveagent_magic.export.piece import Piece
from caveagent_magic.export.prune import select

EXAMPLES = int(os.environ.get("CAVEAGENT_EXAMPLES", "60"))
START = """a, b, c = [1], [2], [3]
def grow(x):
    x.append(len(c))
    return x
def touch():
    b.append(5)
    return a
"""
NAME = st.sampled_from("abc")
STATEMENT = st.one_of(
    st.builds("{} = list({})".format, NAME, NAME),
    st.builds("{} = {}".format, NAME, NAME),
    st.builds("{0} = {1} + {2}".format, NAME, NAME, NAME),
    st.builds("{} += [7]".format, NAME),
    st.builds("{}.append(sum({}))".format, NAME, NAME),
    st.builds("{}[0] = len({})".format, NAME, NAME),
    st.builds("grow({})".format, NAME),
    st.builds("{} = grow({})".format, NAME, NAME),
    st.just("touch()"),
    st.builds("{} = touch()".format, NAME),
    st.builds("{} = [len({}), *{}]".format, NAME, NAME, NAME),
    st.builds("for each in list({}):\n    {}.append(each)".format, NAME, NAME),
    st.builds("if {} > {}:\n    {} = [0]".format, NAME, NAME, NAME),
)
PIECE = st.tuples(st.booleans(), st.lists(STATEMENT, min_size=1, max_size=3).map("\n".join))


@given(st.lists(PIECE, max_size=7))
@settings(max_examples=EXAMPLES, deadline=None)
def test_kept_pieces_give_the_results_that_the_whole_session_gave(session):
    pieces = [Piece(START, START, cell=1)]
    for number, (is_step, code) in enumerate(session):
        pieces.append(Piece(code, code, cell=number, turn="t" if is_step else "", step=number))
    live = {}
    for piece in pieces:
        exec(piece.source, live)

    found = select(pieces, live)
    fresh = {}
    for piece in found.kept:
        exec(piece.source, fresh)

    assert {name: fresh[name] for name in found.results} == {name: live[name] for name in found.results}
