"""What is left of turns that are no longer in the conversation: one line each, the full text by number."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from caveagent_magic.events import Message
from caveagent_magic.frozen import frozen
from caveagent_magic.pattern import pattern

DIGEST_TOKENS = 400  # of all lines together
PROMPT_CHARS = 140
ANSWER_CHARS = 180
KEPT_LINES = 50
SHOWN_NAMES = 8
SHOWN_NUMBERS = 4
_BLOCK = pattern(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


@frozen
class Turn:
    """One turn of the conversation."""

    number: int  # from 1, in this conversation
    start: int  # the index of its first message
    prompt: str
    names: tuple[str, ...] = ()  # that its code made or changed


@frozen
class Past:
    """The turns that were taken out of the conversation."""

    count: int = 0  # the number of the newest of them
    lines: tuple[str, ...] = ()
    full: tuple[str, ...] = ()  # where the full text of which turns is

    def with_turns(
        self, turns: Sequence[Turn], told: Sequence[Sequence[Message]], keep: Callable[[str], int]
    ) -> Past:
        """These turns too."""
        text = "\n\n".join(f"[{each.role}]\n{each.text}" for messages in told for each in messages)
        first, last = turns[0].number, turns[-1].number
        which = f"{first}" if first == last else f"{first}–{last}"
        lines = (_line(turn, messages) for turn, messages in zip(turns, told, strict=True))
        full = (*self.full, f"{which}: `_cave.out[{keep(text)}]`")
        return Past(last, (*self.lines, *lines)[-KEPT_LINES:], full[-SHOWN_NUMBERS:])


def digest(past: Past, count: Callable[[str], int], room: int) -> str:
    """What the model reads of earlier turns: the newest lines that have room, the others counted."""
    shown: list[str] = []
    room = min(room, DIGEST_TOKENS) - count("".join(past.full))
    for line in reversed(past.lines):
        room -= count(line)
        if room < 0:
            break
        shown.insert(0, line)
    more = past.count - len(shown)
    head = [f"… {more:,} turns before these"] if more else []
    where = f"In full: {', '.join(past.full)}"
    return "\n".join(("<earlier>", *head, *shown, where, "</earlier>"))


def _line(turn: Turn, messages: Sequence[Message]) -> str:
    replies = [message.text for message in messages if message.role == "assistant"]
    answer = _BLOCK.sub("", replies[-1]).strip() if replies else ""
    names = turn.names[:SHOWN_NAMES]
    more = f" and {len(turn.names) - len(names)} more" if len(turn.names) > len(names) else ""
    made = f" [{', '.join(names)}{more}]" if names else ""
    return f"{turn.number}. {_short(turn.prompt, PROMPT_CHARS)}{made} → {_short(answer, ANSWER_CHARS)}"


def _short(text: str, limit: int) -> str:
    """On one line, unable to close the tag around it."""
    text = " ".join(text.split()).replace("<", "<\\").replace("```", "`\\`\\`")
    return text if len(text) <= limit else f"{text[:limit]}…"
