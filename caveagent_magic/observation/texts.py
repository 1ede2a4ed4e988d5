"""The texts inside an output, put through a function, or told by their size alone."""

from __future__ import annotations

from collections.abc import Callable

from caveagent_magic.events import Output
from caveagent_magic.observation.outputs import READABLE, joined
from caveagent_magic.observation.shapers import Shaped, drop_ansi

Change = Callable[[str], str]


def with_texts(output: Output, change: Change) -> Output:
    """The output with every text of it that may be told changed."""
    match output["output_type"]:
        case "stream":
            return {**output, "text": change(_plain(joined(output.get("text"))))}
        case "error":
            lines = "\n".join(map(str, output.get("traceback") or ()))
            return {
                **output,
                "evalue": change(_plain(str(output.get("evalue", "")))),
                "traceback": change(_plain(lines)).split("\n") if lines else [],
            }
    data = output.get("data") or {}
    return {**output, "data": {**data, **{k: change(_plain(joined(data[k]))) for k in READABLE if k in data}}}


def by_size(output: Output, words: Change) -> Output:
    """An output that is told by its kind and size; of an error its name stays."""
    match output["output_type"]:
        case "stream":
            text = joined(output.get("text"))
            name = output.get("name", "text")
            what = f"{name}: {text.count(chr(10)) or 1:,} lines, {len(text):,} characters"
        case "error":
            return {**output, "evalue": words("its message"), "traceback": []}
        case kind:
            what = f"{kind}: {', '.join(output.get('data') or ())}"
    return printed(words(what))


def printed(text: str) -> Output:
    """A text as an output."""
    return {"output_type": "stream", "name": "stdout", "text": f"\n{text}\n"}


def _plain(text: str) -> str:
    """Without terminal colours, which would stand between the letters of a value."""
    return drop_ansi(Shaped(text)).text
