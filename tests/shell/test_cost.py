"""`%cave cost` names each turn by what was asked in it."""

from caveagent_magic.events import Usage
from caveagent_magic.shell.cost import table


def reply(turn, cost):
    return Usage(
        input=1_000, cached=20, output=30, cost=cost, seconds=1.0, estimated=False, turn=turn, step=1
    )


def test_each_turn_is_a_line_under_its_words_and_the_last_line_is_the_sum():
    used = [reply("a", 0.01), reply("a", 0.01), reply("b", None)]

    lines = table(used, {"a": "How many\nflights?", "b": "Which airlines are latest? " * 3}).splitlines()

    assert [" ".join(line.split()) for line in lines[1:]] == [
        "How many flights? 2 2,000 40 60 0.0200",
        "Which airlines are latest? Which airlines a… 1 1,000 20 30 unknown",
        "in all 3 3,000 60 90 unknown",
    ]


def test_a_replayed_notebook_has_used_nothing():
    assert table([], {}) == "Nothing has been used yet."
