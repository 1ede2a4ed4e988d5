"""A saved turn reads well without a kernel, and nothing in it can act."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

from caveagent_magic.events import EVENTS, EndReason, type_of
from caveagent_magic.shell.transcript import as_text
from caveagent_magic.shell.transcript_html import as_html

EXAMPLES = Path(__file__).parents[1] / "examples" / "events"
ALLOWED = {"div", "p", "b", "i", "ul", "li", "pre", "code", "blockquote", "details", "summary"}


def example(name):
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def hostile(value):
    """The same event with every string replaced by markup."""
    if isinstance(value, dict):
        fixed = ("type", "output_type", "decision", "reason", "action", "by")
        return {key: item if key in fixed else hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return (
        "</code></pre><script>alert(1)</script><img src=x onerror=alert(1)>"
        if isinstance(value, str)
        else value
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, attributes))


@pytest.mark.parametrize("name", [type_of(event) for event in EVENTS])
def test_every_event_has_a_text_and_an_html_form(name):
    as_text([example(name)])
    as_html([example(name)])


@pytest.mark.parametrize("name", [type_of(event) for event in EVENTS])
def test_nothing_in_an_event_becomes_markup(name):
    tags = Tags()
    tags.feed(as_html([hostile(example(name))]))

    assert {tag for tag, _ in tags.seen} <= ALLOWED
    assert [attributes for _, attributes in tags.seen if attributes] == [[("class", "caveagent")]]


@pytest.mark.parametrize("reason", get_args(EndReason))
def test_every_way_to_end_has_its_words(reason):
    ended = {**example("turn_ended"), "reason": reason, "figures": []}

    assert bool(as_text([ended])) == (reason != "done")
    assert as_text([ended]) in as_html([ended])


def test_a_step_is_its_code_and_one_line_that_unfolds():
    names = ("turn_started", "prose", "code_proposed", "usage", "judged", "rehearsed", "decided", "ran")
    page = as_html([{**example(name), "step": int(name != "turn_started")} for name in names])

    assert page.count("<details>") == 2  # what was sent, and the step
    assert page.index("<pre><code>by_region = ") < page.index("<b>Step 1</b>") < page.index("1 reply: ")


def test_back_ticks_and_double_stars_of_an_answer_are_shown_as_they_are_meant():
    prose = {**example("prose"), "text": "**North** lost most: `lost < 3`."}

    assert "<p><b>North</b> lost most: <code>lost &lt; 3</code>.</p>" in as_html([prose])


def test_figures_of_the_answer_are_one_line():
    text = as_text([example("turn_ended")])

    assert text == "figures: 18.2 % found in step 2"
    assert as_html([example("turn_ended")]) == f'<div class="caveagent"><p><i>{text}</i></p></div>'
