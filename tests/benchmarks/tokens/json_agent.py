"""The first baseline: JSON function calling, tool schemas in every request, results as JSON in context."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from counting import Metered, said

from caveagent_magic.events import Message, Request

FENCE = re.compile(r"^```(?:json)?\s*|\s*```\s*$")
Call = Mapping[str, Any]  # {"name": …, "arguments": {…}}


def raw(schemas: Sequence[Any]) -> str:
    """The schemas as most clients send them."""
    return json.dumps(list(schemas))


def compact(schemas: Sequence[Any]) -> str:
    """Without needless white space, titles and wrappers."""
    return json.dumps([_without_titles(schema["function"]) for schema in schemas], separators=(",", ":"))


def typescript(schemas: Sequence[Any]) -> str:
    """As a TypeScript namespace, the shortest form that is known to be used by a provider."""
    lines = ["namespace functions {"]
    for schema in schemas:
        function = schema["function"]
        lines.append("// " + " ".join(function.get("description", "").split()))
        lines.append(f"type {function['name']} = (_: {{")
        parameters = function["parameters"]
        kinds = parameters.get("$defs", {})
        for name, kind in parameters.get("properties", {}).items():
            if kind.get("description"):
                lines.append(f"// {kind['description']}")
            optional = "" if name in parameters.get("required", ()) else "?"
            lines.append(f"{name}{optional}: {_type(kind, kinds)},")
        lines.append("}) => any;")
    return "\n".join([*lines, "}"])


SCHEMAS: Mapping[str, Callable[[Sequence[Any]], str]] = {
    "raw": raw,
    "compact": compact,
    "typescript": typescript,
}


def called(call: Call) -> str:
    """A call as the model writes it."""
    return json.dumps({"name": call["name"], "arguments": call["arguments"]}, separators=(",", ":"))


def converse(model: Metered, system: str, words: str, do: Callable[[Call], str], reminder: str = "") -> str:
    """Until a reply holds no calls; each object in a reply is one call, its result one message."""
    messages = [Message("user", words)]
    while True:
        reply = said(model, Request(system, tuple(messages)))
        messages.append(Message("assistant", reply))
        calls = FENCE.sub("", reply).strip()
        if not calls.startswith("{"):
            return reply
        messages += [Message("user", f"{result}{reminder}") for result in _results(calls, do)]


def _results(calls: str, do: Callable[[Call], str]) -> Iterator[str]:
    """What each call gave; what is no JSON is told to the model."""
    while calls:
        try:
            call, end = json.JSONDecoder().raw_decode(calls)
        except json.JSONDecodeError as error:
            yield json.dumps({"error": f"invalid JSON: {error}"})
            return
        yield do(call)
        calls = calls[end:].lstrip()


def _without_titles(value: Any, *, properties: bool = False) -> Any:
    if isinstance(value, list):
        return [_without_titles(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_titles(each, properties=key in ("properties", "$defs"))
        for key, each in value.items()
        if properties or key != "title"
    }


def _type(kind: Mapping[str, Any], kinds: Mapping[str, Any]) -> str:
    if "$ref" in kind:
        return _type(kinds[kind["$ref"].rpartition("/")[2]], kinds)
    if "enum" in kind:
        return " | ".join(json.dumps(value) for value in kind["enum"])
    if "anyOf" in kind:
        return " | ".join(dict.fromkeys(_type(each, kinds) for each in kind["anyOf"]))
    if kind.get("type") == "array":
        inner = _type(kind.get("items", {}), kinds)
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if kind.get("properties"):
        fields = (f"{name}: {_type(each, kinds)}" for name, each in kind["properties"].items())
        return "{" + ", ".join(fields) + "}"
    return str(kind.get("type", "any"))
