"""`%cave cost`: what each turn took, under the words that were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caveagent_magic.events import Usage

SHOWN = 44  # characters of a request
KINDS = ("input", "cached", "output")


def table(usage: Sequence[Usage], asked: Mapping[str, str]) -> str:
    """One line for each turn that a model replied in, and one for all together."""
    if not usage:
        return "Nothing has been used yet."
    rows = [f"{'':{SHOWN}}  replies      input     cached     output   US dollars"]
    for turn in dict.fromkeys(reply.turn for reply in usage):
        rows.append(_row(asked.get(turn, turn), [reply for reply in usage if reply.turn == turn]))
    if len(rows) > 2:
        rows.append(_row("in all", usage))
    return "\n".join(rows)


def _row(words: str, replies: Sequence[Usage]) -> str:
    text = " ".join(words.split())
    text = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    costs = [reply.cost for reply in replies if reply.cost is not None]
    dollars = f"{sum(costs):.4f}" if len(costs) == len(replies) else "unknown"
    sums = "".join(f"{sum(getattr(reply, kind) for reply in replies):>11,}" for kind in KINDS)
    return f"{text:{SHOWN}}{len(replies):>9}{sums}{dollars:>13}"
