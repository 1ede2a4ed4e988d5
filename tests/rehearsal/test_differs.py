"""A run is compared with its rehearsal: what means nothing is passed over, what means something is said."""

from __future__ import annotations

import base64

import pytest

from caveagent_magic.events import Change, Changes
from caveagent_magic.rehearsal.differs import Result, differences


def result(*outputs, changes=Changes(), marks=None, plain=False):  # noqa: B008
    return Result(outputs, changes, marks or {}, plain)


def printed(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data):
    bundle = {kind.replace("_", "/"): value for kind, value in data.items()}
    return {"output_type": "execute_result", "data": bundle, "metadata": {}}


def failed(name, value):
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": []}


def png(width, height, pixels=b""):
    head = b"\x89PNG\r\n\x1a\n" + bytes(8) + width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return base64.b64encode(head + pixels).decode()


def changed(summary, mark=None):
    changes = Changes(changed=(Change("x", summary),))
    return result(changes=changes, marks={} if mark is None else {"x": mark})


ALIKE = {
    "addresses": (printed("<A at 0x7f1234567890>"), printed("<A at 0x7fabcdef0000>")),
    "durations": (printed("done in 1.25 seconds"), printed("done in 3 ms")),
    "streams in other pieces": (printed("a\nb\n"), printed("a\nb")),
    "files of cells": (printed("/tmp/ipykernel_12/345.py"), printed("/tmp/ipykernel_98/765.py")),
    "styles": (shown(text_html="<style id=T_ab12>"), shown(text_html="<style id=T_cd34>")),
}


@pytest.mark.parametrize(("before", "now"), ALIKE.values(), ids=ALIKE)
def test_what_is_another_at_every_run_is_no_difference(before, now):
    assert differences(result(before), result(now)) == ()


OTHER = {
    "text": (
        printed("a\n1\n"),
        printed("a\n2\n"),
        "The printed text differs from the rehearsal: it was “1”, and is “2”.",
    ),
    "more text": (
        printed("a\n"),
        printed("a\nb\n"),
        "The printed text differs from the rehearsal: it was 1 lines, and is 2 lines.",
    ),
    "a result": (
        shown(text_plain="1"),
        shown(text_plain="2"),
        "The result differs from the rehearsal: it was “1”, and is “2”.",
    ),
    "pixels": (
        shown(image_png=png(4, 3, b"a")),
        shown(image_png=png(4, 3, b"b")),
        "A figure differs from the rehearsal: other pixels.",
    ),
    "a figure's size": (
        shown(image_png=png(4, 3)),
        shown(image_png=png(5, 3)),
        "A figure differs from the rehearsal: 5 × 3 pixels here, 4 × 3 there.",
    ),
    "an error": (
        failed("KeyError", "a"),
        failed("ValueError", "a"),
        "The error differs from the rehearsal: it was “KeyError: a”, and is “ValueError: a”.",
    ),
}


@pytest.mark.parametrize(("before", "now", "sentence"), OTHER.values(), ids=OTHER)
def test_another_output_is_said_in_one_sentence(before, now, sentence):
    assert differences(result(before), result(now)) == (sentence,)


def test_what_programs_print_cannot_be_compared():
    assert differences(result(printed("of ls"), plain=True), result()) == ()


NAMES = {
    "other values": (
        changed("3 rows", 1),
        changed("3 rows", 2),
        "`x` differs from the rehearsal: other values.",
    ),
    "another summary": (
        changed("3 rows"),
        changed("4 rows"),
        "`x` differs from the rehearsal: 4 rows here, 3 rows there.",
    ),
    "only there": (changed("3 rows"), result(), "`x` was changed in the rehearsal, and not here."),
    "only here": (result(), changed("3 rows"), "`x` was changed here, and not in the rehearsal."),
    "another kind of change": (
        changed("3 rows"),
        result(changes=Changes(removed=(Change("x", "3 rows"),))),
        "`x` was changed in the rehearsal, and removed here.",
    ),
}


@pytest.mark.parametrize(("before", "now", "sentence"), NAMES.values(), ids=NAMES)
def test_a_name_that_came_out_otherwise_is_said(before, now, sentence):
    assert differences(before, now) == (sentence,)


def test_equal_content_is_equal_whatever_the_summaries_say():
    assert differences(changed("new object", 7), changed("changed in place", 7)) == ()


def test_a_name_that_was_not_looked_at_is_not_said_to_differ():
    unchecked = result(changes=Changes(note="Not checked for changes in place, for want of time: x."))

    assert differences(changed("3 rows"), unchecked) == differences(unchecked, changed("3 rows")) == ()


def test_many_differences_are_counted():
    many = Changes(added=tuple(Change(f"n{number}", "int") for number in range(12)))

    said = differences(result(changes=many), result())

    assert (len(said), said[-1]) == (9, "4 more things differ from the rehearsal.")


@pytest.mark.parametrize(
    "piece", ["y", "1.", "1e-", "a ", "sk-", "\x1b[1", "ipykernel_1/", "<ipython-input-"]
)
def test_a_million_characters_without_a_break_are_read_once_and_not_for_each_character(piece):
    text = piece * (1_000_000 // len(piece))

    assert differences(result(printed(text)), result(printed(text))) == ()
