"""Which recorded turn answers a cell."""

from caveagent_magic.record.match import Match, match
from caveagent_magic.record.schema import digest_of, schema_of

OPTIONS = {"only": [], "hide": [], "show": [], "out": "", "model": ""}


def asked_again(notebook, **namespace):
    notebook.namespace = {"numbers": [1, 2, 3], **namespace}
    return match(notebook.contents(), notebook.asked, notebook.schema())


def test_the_same_request_about_variables_of_the_same_types_is_found_again(notebook):
    notebook.record()

    assert asked_again(notebook, numbers=[4, 5, 6, 7], more="x").turn.id == "t1"


def test_the_newest_of_several_counts(notebook):
    notebook.record("total = 1", turn="t1")
    notebook.record("total = 2", turn="t2")

    assert asked_again(notebook).turn.id == "t2"


def test_an_edited_request_is_another_one(notebook):
    notebook.record()

    assert match(notebook.contents(), digest_of("Add them.", OPTIONS), notebook.schema()) == Match(None)


def test_another_type_is_a_reason_to_ask_anew(notebook):
    notebook.record()

    assert asked_again(notebook, numbers=(1, 2)).reason == (
        "`numbers` has another type or other columns than when this was recorded (2026-11-20 00:00)."
    )


def test_a_variable_that_is_missing_is_a_reason_to_ask_anew(notebook):
    notebook.record()
    notebook.namespace = {}

    assert match(notebook.contents(), notebook.asked, {}).reason == (
        "`numbers` is not there as it was when this was recorded (2026-11-20 00:00)."
    )


def test_a_turn_that_did_not_come_to_its_end_is_not_replayed(notebook):
    notebook.record(reason="stopped")

    assert asked_again(notebook).reason == (
        "The turn recorded on 2026-11-20 00:00 did not come to its end; "
        "if it was the last, `%cave resume` goes on with it."
    )


def test_columns_and_their_types_count_and_rows_and_values_do_not():
    import pandas as pd

    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    same = pd.DataFrame({"a": [5, 6, 7], "b": ["x", "y", "z"]})
    others = [frame.rename(columns={"a": "c"}), frame.astype({"a": float}), frame[["a"]], frame.a]

    digests = [schema_of({"f": each})["f"] for each in (frame, same, *others)]
    assert digests[0] == digests[1]
    assert digests[0] not in digests[2:]
