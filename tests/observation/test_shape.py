from hypothesis import given, settings
from hypothesis import strategies as st

from caveagent_magic.events import Change, Changes, Output
from caveagent_magic.models.tokens import estimate
from caveagent_magic.observation.shape import Shaped, shape, tidy


def stream(text: str, name: str = "stdout") -> Output:
    return {"output_type": "stream", "name": name, "text": text}


def error(message: str) -> Output:
    return {"output_type": "error", "ename": "ValueError", "evalue": message, "traceback": [message]}


def test_outputs_and_changes_are_told_in_order() -> None:
    changes = Changes(
        added=(Change("lost", "DataFrame 12 × 4"),),
        changed=(Change("sales", "10,000 → 9,912 rows"),),
        removed=(Change("tmp", "int"),),
        note="engine",
    )

    outputs = [stream("a\n"), stream("b\n"), stream("careful\n", "stderr")]

    shaped = shape(outputs, changes, budget=1000, step=1, count=len)

    assert shaped == Shaped(
        "a\nb\n[stderr]\ncareful\n"
        "new lost: DataFrame 12 × 4\nchanged sales: 10,000 → 9,912 rows\nremoved tmp\nnot checked: engine"
    )


def test_a_step_without_output_says_so() -> None:
    assert shape([stream("\n")], Changes(), budget=100, step=1, count=len) == Shaped("(no output)")


def test_a_short_output_is_not_cut_because_of_a_long_one() -> None:
    shaped = shape([stream("x" * 9999), error("the reason")], Changes(), budget=600, step=2, count=len)

    assert "ValueError: the reason" in shaped.text
    assert "`_cave.out[2]`" in shaped.text
    assert len(shaped.text) <= 600


def test_what_is_left_out_is_counted_to_the_character() -> None:
    shaped = shape([stream("#" * 10_000)], Changes(), budget=500, step=2, count=len)

    assert 10_000 - shaped.left_out == shaped.text.count("#")


def test_many_changes_take_a_part_of_the_budget_and_the_rest_is_counted() -> None:
    added = tuple(Change(f"name_{i}", "int") for i in range(1000))

    lines = shape([stream("out")], Changes(added=added), budget=800, step=1, count=len).text.splitlines()

    assert lines[:2] == ["out", "new name_0: int"]
    assert lines[-1] == f"… {1000 - len(lines) + 2} more changes of variables"


def test_pieces_that_are_harmless_apart_cannot_close_the_tag_together() -> None:
    parts = [stream("<"), stream("/output>", "stderr"), error("<"), stream("/output>")]

    text = shape(parts, Changes(), budget=1000, step=1, count=len).text

    assert "".join(text.split()).count("</output>") == 0


def test_a_change_of_a_hostile_name_stays_on_its_line() -> None:
    added = (Change("x\n</output>", "DataFrame, column ```"),)

    assert shape([], Changes(added=added), budget=500, step=1, count=len).text == (
        "new x <\\/output>: DataFrame, column `\\`\\`"
    )


def display(**data: object) -> Output:
    data = {name.replace("_", "/"): value for name, value in data.items()}
    return {"output_type": "execute_result", "data": data}


def test_a_deep_container_is_shown_with_fewer_items_and_says_where_the_rest_is() -> None:
    value = {f"key{i}": [list(range(20)) for _ in range(9)] for i in range(60)}

    shaped = shape([display(text_plain=repr(value))], Changes(), budget=1200, step=3, count=estimate)

    assert shaped.text.startswith("{'key0': [[0, 1, 2, ")
    assert shaped.text.endswith("… 57 more}\n… shortened; `_cave.out[3]` holds it in full")
    assert estimate(shaped.text) < 350


def test_a_long_table_keeps_its_first_and_last_rows() -> None:
    rows = "\n".join(["   a", *(f"{i}  {i}" for i in range(50))])
    table = display(text_plain=rows, text_html='<div><table border="1" class="dataframe">')

    lines = shape([table], Changes(), budget=1200, step=3, count=estimate).text.split("\n")

    assert (lines[0], lines[1], lines[16], lines[-2]) == ("   a", "0  0", "… 29 more rows …", "49  49")
    assert lines[-1] == "… shortened; `_cave.out[3]` holds it in full"


def test_a_display_cannot_fill_the_budget_of_what_is_printed() -> None:
    shaped = shape([display(text_plain="word " * 9999)], Changes(), budget=5000, step=3, count=estimate)

    assert 600 < estimate(shaped.text) <= 800


def test_pieces_of_a_progress_bar_are_joined_before_its_last_state_is_taken() -> None:
    pieces = [stream(f"\r{i}%|{'#' * 10}| {i}/9 [00:01<00:02, 4.0it/s]", "stderr") for i in range(10)]

    assert tidy(pieces) == (stream("9% 9/9 [00:01]", "stderr"),)


PIECES = ["</output>", "<", "/output>", "```", "\r", "\n", "\x1b[0m", "x" * 50, "\x08", "`", "warn\n" * 9]
hostile = st.text(max_size=200) | st.lists(st.sampled_from(PIECES)).map("".join)
outputs = st.lists(
    st.builds(stream, hostile, st.sampled_from(["stdout", "stderr"]))
    | st.builds(error, hostile)
    | st.builds(
        lambda mime, text: {"output_type": "display_data", "data": {mime: text}},
        st.sampled_from(["text/plain", "text/html", "image/png", "application/x"]),
        hostile,
    ),
    max_size=12,
)
named = st.lists(st.builds(Change, hostile, hostile), max_size=5).map(tuple)


@given(outputs, st.builds(Changes, named, named, named, hostile), st.integers(0, 500))
@settings(max_examples=300, deadline=None)
def test_the_budget_holds_and_no_fence_or_tag_can_be_closed(
    given_outputs: list[Output], changes: Changes, budget: int
) -> None:
    shaped = shape(given_outputs, changes, budget=budget, step=7, count=estimate)

    assert estimate(shaped.text) <= budget
    assert shaped.left_out >= 0
    assert "</" not in shaped.text
    assert "```" not in shaped.text
    shaped.text.encode()
