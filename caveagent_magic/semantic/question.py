"""A question that the model asks back: the last line of a reply without code."""

from __future__ import annotations

import re

from caveagent_magic.events import QuestionKind
from caveagent_magic.frozen import frozen
from caveagent_magic.pattern import pattern

_LINE = pattern(r"^[ \t>*_]*ASK:[ *_]*(?P<text>\S[^\n]*?)\s*\[(?P<form>[^\[\]\n]+)\][ .*_]*$", re.M)
_COLUMN = pattern(r"column of (?P<name>\w+)", re.I)
MOST, LONGEST = 12, 80  # choices, and characters of each


@frozen
class Asked:
    """The question as the model wrote it."""

    text: str
    kind: QuestionKind
    of: str = ""  # the variable whose column is asked for
    options: tuple[str, ...] = ()  # of a choice


def question_in(prose: str) -> Asked | None:
    """The question that a reply ends with; None: there is none that can be answered."""
    lines = list(_LINE.finditer(prose))
    if not lines or prose[lines[-1].end() :].strip():
        return None
    text, form = lines[-1]["text"].strip(" *_"), lines[-1]["form"].strip()
    if form.lower() == "number":
        return Asked(text, "number")
    if column := _COLUMN.fullmatch(form):
        return Asked(text, "column", of=column["name"])
    options = tuple(dict.fromkeys(part.strip() for part in form.split("|")))
    if 2 <= len(options) <= MOST and all(0 < len(option) <= LONGEST for option in options):
        return Asked(text, "choice", options=options)
    return None
