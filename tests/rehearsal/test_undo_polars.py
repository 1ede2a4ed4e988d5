"""polars changes frames and series in place through its native library: undo gives them back all the same."""

from __future__ import annotations

import polars as pl
import pytest

from caveagent_magic.events import Change
from caveagent_magic.rehearsal.changes import completed, diff, snapshot
from caveagent_magic.rehearsal.checkpoint import Checkpoint

IN_PLACE = [
    "df.insert_column(0, pl.Series('new', [7, 8, 9]))",
    "df.drop_in_place('a')",
    "df.drop_in_place('o'); df.extend(df.clone())",
    "df.columns = ['x', 'y', 'z']",
    "df[0, 'a'] = 100",
    "df.replace_column(0, pl.Series('a', [1, 2, 4]))",
    "df.hstack([pl.Series('h', [1, 2, 3])], in_place=True)",
    "column[0] = 50",
    "column.append(pl.Series([1.0]))",
    "held['frame'][1, 'b'] = 'other'",
    "del held['frame']; df = df.head(1)",
]


def content(namespace):
    """All that is in it, and what is the same object."""
    df, held = namespace["df"], namespace["held"]
    frame = held.get("frame")
    return (
        df.to_dict(as_series=False),
        namespace["column"].to_list(),
        frame is df,
        namespace["lazy"] is held["lazy"],
    )


@pytest.mark.parametrize("code", IN_PLACE)
def test_frames_and_series_of_polars_come_back_and_go_forth(code):
    df = pl.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "o": pl.Series([df_ := object()] * 3)})
    namespace = {"__name__": "__main__", "pl": pl, "df": df, "column": pl.Series("c", [1.5, None, 2.5])}
    namespace |= {"lazy": df.lazy()}
    namespace |= {"held": {"frame": df, "lazy": namespace["lazy"]}}
    before = content(namespace)
    checkpoint, seen = Checkpoint.take(namespace, list(namespace)), snapshot(namespace, str)
    exec(code, namespace)
    checkpoint.narrow(diff(seen, namespace, str), seen)
    after = content(namespace)

    restored = checkpoint.record.restore(namespace)
    undone = content(namespace)
    again = restored.back.restore(namespace)

    assert (undone, content(namespace)) == (before, after)
    assert after != before and (restored.not_undone, again.not_undone) == ((), ())
    assert restored.names != ()
    assert df_ is before[0]["o"][0]


def test_a_change_in_place_that_a_look_at_the_frame_does_not_show_is_told_by_the_checkpoint():
    namespace = {"__name__": "__main__", "df": pl.DataFrame({"a": [1, 2]}), "other": pl.DataFrame({"a": [1]})}
    checkpoint, seen = Checkpoint.take(namespace, ("df",)), snapshot(namespace, str)
    exec("df[0, 'a'] = 5", namespace)
    found = diff(seen, namespace, str)
    checkpoint.narrow(found, seen)

    assert found.changed == ()
    assert completed(found, checkpoint.record.in_place, namespace).changed == (
        Change("df", "changed in place"),
    )


def test_what_only_reads_leaves_nothing_to_undo():
    df = pl.DataFrame({"a": [1, 2, 3], "o": pl.Series([object()] * 3)})
    namespace = {"__name__": "__main__", "pl": pl, "df": df, "expression": pl.col("a") + 1}
    checkpoint, seen = Checkpoint.take(namespace, list(namespace)), snapshot(namespace, str)
    exec("df.select(expression).sum(); df.rechunk(); df.sort('a', descending=True)", namespace)
    checkpoint.narrow(diff(seen, namespace, str), seen)

    assert (checkpoint.record.names, checkpoint.record.said) == ((), {})


def test_the_sign_of_a_zero_comes_back():
    column = pl.Series("c", [0.0, None, 2.5])
    namespace = {"__name__": "__main__", "column": column}
    checkpoint, seen = Checkpoint.take(namespace, list(namespace)), snapshot(namespace, str)
    column[0] = -0.0
    checkpoint.narrow(diff(seen, namespace, str), seen)

    checkpoint.record.restore(namespace)

    assert str(column[0]) == "0.0"
