"""The second baseline: code as the action, but text-bound: what was computed lives on as text only."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Callable

from counting import Metered, said

from caveagent_magic.events import Message, Request
from caveagent_magic.semantic.reply import ReplyReader

SYSTEM = """\
You solve tasks by writing Python. Reply with one ```python block; it is executed and you are shown what it \
printed. Variables do not survive a block: print all that you need later. When the task is done, reply \
without code."""


def converse(
    model: Metered,
    system: str,
    words: str,
    namespace: Callable[[], dict[str, object]],
    limit: int = 0,
    reminder: str = "",
) -> str:
    """Until a reply holds no code; every block runs in a fresh namespace."""
    messages = [Message("user", words)]
    while True:
        reply = said(model, Request(system, tuple(messages)))
        messages.append(Message("assistant", reply))
        if (code := code_in(reply)) is None:
            return reply
        shown = run(code, namespace())
        if limit and len(shown) > limit:
            shown = f"{shown[:limit]}\n[{len(shown) - limit:,} characters cut]"
        messages.append(Message("user", f"Observation:\n{shown}{reminder}"))


def code_in(reply: str) -> str | None:
    """The block in a reply, found as ours finds it."""
    reader = ReplyReader()
    for _ in reader.read([reply]):
        pass
    return reader.code


def run(code: str, namespace: dict[str, object]) -> str:
    """What the code printed; an error as its traceback."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(code, "<block>", "exec"), namespace)
        except Exception:  # it is the agent's code that raises: the model is shown how
            printed.write(traceback.format_exc(limit=-2))
    return printed.getvalue().rstrip("\n")
