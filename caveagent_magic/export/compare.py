"""Results of a session against those of another kernel that ran the same code: same, different or unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from caveagent_magic.events import Output
from caveagent_magic.frozen import frozen
from caveagent_magic.record.fingerprint import mark_of_outputs, marks_of
from caveagent_magic.record.key import Key


@frozen
class Comparison:
    """What came out the same, what not, and what could not be compared."""

    same: tuple[str, ...]
    differs: tuple[str, ...]
    unknown: tuple[str, ...]


def shows(outputs: Iterable[Output]) -> bool:
    """Whether something was printed or shown."""
    return any(output["output_type"] != "error" for output in outputs)


def mark_of_shown(outputs: Sequence[Output], key: Key) -> str:
    """The mark of what was printed and shown as text; empty: there was none."""
    texts = [output for output in outputs if _is_comparable(output)]
    return mark_of_outputs(texts, key) if texts else ""


def marks_as_json(namespace: Mapping[str, object], names: Iterable[str], secret: str) -> str:
    """The marks of these names, for the kernel that asks; the secret is in hexadecimal."""
    return json.dumps(marks_of(namespace, names, Key(bytes.fromhex(secret))))


def compared(here: Mapping[str, str | None], there: Mapping[str, str | None]) -> Comparison:
    """Compare marks; what has none cannot be compared, and what is missing there differs."""
    same, differs, unknown = list[str](), list[str](), list[str]()
    for name, mark in here.items():
        if name in there and (mark is None or there[name] is None):
            unknown.append(name)
        else:
            (same if name in there and there[name] == mark else differs).append(name)
    return Comparison(tuple(same), tuple(differs), tuple(unknown))


def _is_comparable(output: Output) -> bool:
    """Text of the code's own; warnings name files of the kernel, and pictures are no text."""
    if output["output_type"] == "stream":
        return bool(output["name"] == "stdout")
    return "data" in output and not any(kind.startswith("image/") for kind in output["data"])
