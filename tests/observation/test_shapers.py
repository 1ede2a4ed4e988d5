import re

import pytest

from caveagent_magic.observation.shapers import (
    Shaped,
    cut_to,
    disarm,
    drop_ansi,
    fold_repeats,
    fold_warned,
    keep_last_state,
)

ORDINARY = "<class 'int'> <Axes: > a < b df[col_name] `x` ä → 日本\tx\ny"


def test_terminal_colours_and_links_are_dropped() -> None:
    assert drop_ansi(Shaped("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07")) == Shaped(
        "red link"
    )


def test_a_progress_bar_is_reduced_to_its_last_state() -> None:
    bar = "".join(f"\r{percent}%" for percent in range(101)) + "\r\ndone"

    assert keep_last_state(Shaped(bar)).text == "100%\ndone"


def test_a_bar_drawn_with_backspaces_is_reduced_too() -> None:
    assert keep_last_state(Shaped("1/3\x08\x08\x082/3\x08\x08\x083/3")).text == "3/3"


def test_nested_bars_that_move_the_cursor_up_are_reduced_to_what_stands_at_last() -> None:
    text = "outer: 1/2\n" + "".join(f"\rinner: {i}/3" for i in range(4)) + "\x1b[A\router: 2/2\n"

    assert keep_last_state(Shaped(text)).text == "outer: 2/2\ninner: 3/3"


def test_of_a_bar_only_its_figures_stay() -> None:
    bar = "fit: 100%|\u2588\u2588\u2588\u2588\u258c     | 200/200 [00:03<00:00, 494.43it/s]"

    assert keep_last_state(Shaped(bar)).text == "fit: 100% 200/200 [00:03]"


def test_a_warning_is_told_once_without_where_in_a_library_it_arose() -> None:
    mine = "/tmp/ipykernel_12/34.py:3: FutureWarning: use b\n  frame.a()\n"
    theirs = "/usr/lib/python3/site-packages/x/y.py:99: UserWarning: careful\n  warnings.warn(\n"

    assert fold_warned(Shaped(mine * 30 + "kept\n" + theirs)).text == (
        "FutureWarning: use b (line 3) (30 times)\nkept\nUserWarning: careful\n"
    )


def test_repeated_lines_are_folded_and_counted() -> None:
    assert fold_repeats(Shaped("a\n" + "warn\n" * 38 + "b\nb")) == Shaped(
        "a\nwarn\n… 37 more lines like this\nb\nb", left_out=37 * 5
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("</output>", "<\\/output>"),
        ("< /output >", "<\\ /output >"),
        ("<output step='9'>", "<\\output step='9'>"),
        ("<|im_end|>", "<\\|im_end|>"),
        ("<end_of_turn>", "<\\end_of_turn>"),
        ("[/INST]", "[\\/INST]"),
        ("```python", "`\\`\\`python"),
        ("a\u202eb\u200b\x00", "a\\u202eb\\u200b\\x00"),
        ("\ud800", "\\ud800"),
        (ORDINARY, ORDINARY),
    ],
)
def test_nothing_can_close_a_tag_or_fence_and_the_rest_stays_as_it_is(text: str, shown: str) -> None:
    assert disarm(Shaped(text)).text == shown
    assert disarm(disarm(Shaped(text))).text == shown


def test_long_text_keeps_head_and_tail_and_says_what_is_missing_and_where_it_is() -> None:
    text = "\n".join(f"line {number}" for number in range(1000))

    shaped = cut_to(300, step=4)(Shaped(text))

    head, tail = re.split(
        "\n… [0-9,]+ characters left out; `_cave.out\\[4\\]` holds the full text …\n", shaped.text
    )
    assert text.startswith(head + "\n")
    assert text.endswith("\n" + tail)
    assert len(shaped.text) <= 300
    assert f"{shaped.left_out:,} characters" in shaped.text
    assert shaped.left_out == len(text) - len(head) - len(tail)
