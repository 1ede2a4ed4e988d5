"""Undo, redo and cells below a turn, asked for by a widget's own messages: pages without the extension."""

import pytest

from tests.kernel.conftest import PATIENCE

pytestmark = pytest.mark.kernel

WIDGET = "application/vnd.jupyter.widget-view+json"
ONE = "```python\nfirst = 1\nnumbers.append(4)\n```"
TWO = "```python\nsecond = 2\n```"
LOOKS = "```python\nprint(len(numbers))\n```"


def offers(kernel):
    """The panels for undo that the last cell shows."""
    return [shown for shown in kernel.displays.values() if "%cave undo" in shown.get("text/plain", "")]


def wish(kernel, panel, verb):
    """Send a request as the widget does; gives the reply."""
    content = {"kind": "request", "id": 7, "request": {"verb": verb}}
    data = {"comm_id": panel[WIDGET]["model_id"], "data": {"method": "custom", "content": content}}
    message = kernel.client.session.msg("comm_msg", data)
    kernel.client.shell_channel.send(message)
    while True:
        heard = kernel.client.get_iopub_msg(timeout=PATIENCE)
        said = heard["content"].get("data", {}).get("content", {})
        if heard["msg_type"] == "comm_msg" and said.get("kind") == "reply":
            assert said["id"] == 7
            return said["reply"]


def turn(kernel, model, client="panel"):
    """A turn of a person whose page is there; gives the panels for undo."""
    kernel.run("numbers = [1, 2, 3]")
    kernel.control(verb="hello", client=client)
    kernel.run(f"%%cave --auto --model {model}\nGo on.")
    return offers(kernel)


def test_a_turn_is_taken_back_and_done_again_by_messages_of_its_own_panel(kernel, replies):
    (panel,) = turn(kernel, replies(ONE, TWO, "Done."))

    step = wish(kernel, panel, "undo_step")
    after_step = kernel.value("('first' in globals(), 'second' in globals())")
    rest = wish(kernel, panel, "undo_turn")
    after_turn = kernel.value("('first' in globals(), numbers)")
    nothing = wish(kernel, panel, "undo_turn")
    again = wish(kernel, panel, "redo")

    assert [step["events"][0]["names"], rest["events"][0]["names"]] == [["second"], ["first", "numbers"]]
    assert (after_step, after_turn) == ("(True, False)", "(False, [1, 2, 3])")
    assert (nothing["status"], again["events"][0]["redo"]) == ("stale", True)
    assert kernel.value("(first, numbers)") == "(1, [1, 2, 3, 4])"


def test_it_makes_cells_stays_below_the_last_turn_only_and_knows_no_other_verb(kernel, replies):
    (first,) = turn(kernel, replies(ONE, "Done."))
    (second,) = turn(kernel, replies(TWO, "Done.", name="two"))

    cells = wish(kernel, second, "cells")
    wrong = wish(kernel, second, "decide")
    kernel.run("%cave undo")
    undone = wish(kernel, second, "undo_step")

    assert first != second
    assert [cell["source"] for cell in cells["cells"]][-1] == "second = 2"
    assert wrong["status"] == "error" and "decide" in wrong["message"]
    assert undone["status"] == "stale" and kernel.value("first") == "1"


def test_after_a_turn_that_changed_nothing_the_panel_of_the_last_change_takes_it_back(kernel, replies):
    (first,) = turn(kernel, replies(ONE, "Done."))
    kernel.run(f"%%cave --auto --model {replies(LOOKS, 'Done.', name='looks')}\nGo on.")
    second = offers(kernel)

    undone = wish(kernel, first, "undo_step")

    assert second == []
    assert undone["events"][0]["names"] == ["first", "numbers"]
    assert kernel.value("('first' in globals(), numbers)") == "(False, [1, 2, 3])"


def test_where_the_extension_offers_undo_no_panel_does(kernel, replies):
    assert turn(kernel, replies(ONE, "Done."), client="lab") == []
