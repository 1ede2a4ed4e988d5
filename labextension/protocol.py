"""Writes `src/protocol.ts` from `caveagent_magic/events.py`; `--check` only compares."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parent / "caveagent_magic" / "events.py"
TARGET = HERE / "src" / "protocol.ts"
HEAD = "// Generated from caveagent_magic/events.py by labextension/protocol.py: change it there.\n"
PLAIN = {"str": "string", "int": "number", "float": "number", "bool": "boolean", "Any": "unknown"}
WORDS = {"None": "null", "True": "true", "False": "false"}


def generate(source: str) -> str:
    """The TypeScript for the Python source of the protocol."""
    tree, lines = ast.parse(source), source.splitlines()
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    aliases = dict(_aliases(tree))
    events = _events(tree)
    wanted = _reachable(events, classes, aliases)
    parts = [HEAD, *_constants(tree)]
    parts += [_alias(name, *aliases[name]) for name in aliases if name in wanted]
    parts += [_interface(classes[name], lines, classes, name in events) for name in classes if name in wanted]
    union = "".join(f"\n  | {name}" for name in events)
    parts.append(f"/** Everything that can happen in a turn. */\nexport type CaveEvent ={union};\n")
    return "\n".join(parts)


def _constants(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            target = node.targets[0]
            assert isinstance(target, ast.Name)
            yield f"export const {target.id} = {json.dumps(node.value.value)};\n"


def _aliases(tree: ast.Module) -> Iterator[tuple[str, tuple[ast.expr, str]]]:
    """Names of types, each with what it stands for and the string that stands below it."""
    for node, below in zip(tree.body, [*tree.body[1:], ast.Pass()], strict=True):
        doc = ast.literal_eval(below.value) if isinstance(below, ast.Expr) else ""
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Subscript) and target.id[0].isupper():
            yield target.id, (value, str(doc))


def _events(tree: ast.Module) -> list[str]:
    """The names in the tuple EVENTS, in its order."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "EVENTS":
            assert isinstance(node.value, ast.Tuple)
            return [item.id for item in node.value.elts if isinstance(item, ast.Name)]
    raise SystemExit(f"{SOURCE} has no tuple EVENTS: name there every event of the protocol.")


def _reachable(
    events: Sequence[str], classes: dict[str, ast.ClassDef], aliases: dict[str, tuple[ast.expr, str]]
) -> set[str]:
    """The events and every type that they are made of; the rest never leaves Python."""
    found: set[str] = set()
    waiting = list(events)
    while waiting:
        name = waiting.pop()
        if name in found or name not in classes | aliases:
            continue
        found.add(name)
        types = _annotations(classes[name]) if name in classes else [aliases[name][0]]
        waiting += [item.id for part in types for item in ast.walk(part) if isinstance(item, ast.Name)]
    return found - {"Event"}


def _annotations(node: ast.ClassDef) -> list[ast.expr]:
    return [item.annotation for item in node.body if isinstance(item, ast.AnnAssign)]


def _alias(name: str, value: ast.expr, doc: str) -> str:
    return f"{_comment(doc)}export type {name} = {_type(value)};\n"


def _interface(node: ast.ClassDef, lines: list[str], classes: dict[str, ast.ClassDef], event: bool) -> str:
    own = [_field(item, lines) for item in node.body if isinstance(item, ast.AnnAssign)]
    if event:
        base = [_field(item, lines) for item in classes["Event"].body if isinstance(item, ast.AnnAssign)]
        own = [f"  readonly type: {json.dumps(_tag(node.name))};", *base, *own]
    body = "\n".join(own)
    return f"{_comment(ast.get_docstring(node) or '')}export interface {node.name} {{\n{body}\n}}\n"


def _field(item: ast.AnnAssign, lines: list[str]) -> str:
    assert isinstance(item.target, ast.Name)
    behind = lines[(item.end_lineno or 1) - 1].encode()[item.end_col_offset or 0 :].decode().strip()
    words = re.sub(r"\b(None|True|False)\b", lambda word: WORDS[word[0]], behind.lstrip("# "))
    comment = f"  /** {words} */\n" if behind.startswith("#") else ""
    return f"{comment}  readonly {item.target.id}: {_type(item.annotation)};"


def _type(node: ast.expr) -> str:
    match node:
        case ast.Name(name):
            return PLAIN.get(name, name)
        case ast.Constant(None):
            return "null"
        case ast.BinOp(left, ast.BitOr(), right):
            return f"{_type(left)} | {_type(right)}"
        case ast.Subscript(ast.Name("Literal"), ast.Tuple(items)):
            return " | ".join(json.dumps(ast.literal_eval(item)) for item in items)
        case ast.Subscript(ast.Name("tuple"), ast.Tuple([item, ast.Constant(value)])) if value is ...:
            return f"readonly {_type(item)}[]"
        case ast.Subscript(ast.Name("dict"), ast.Tuple([key, value])):
            return f"Readonly<Record<{_type(key)}, {_type(value)}>>"
    where = f"{SOURCE}:{node.lineno}"
    raise SystemExit(f"{where}: {ast.unparse(node)} has no TypeScript yet: add it to {Path(__file__).name}.")


def _comment(doc: str) -> str:
    return f"/** {' '.join(doc.split())} */\n" if doc else ""


def _tag(name: str) -> str:
    sys.path.insert(0, str(HERE.parent))  # the checkout, installed or not
    from caveagent_magic.events import BY_TYPE

    tags = {event.__name__: tag for tag, event in BY_TYPE.items()}
    return tags[name]


def main(arguments: Sequence[str], target: Path = TARGET) -> int:
    """Write the file, or say whether it is as it should be."""
    text = generate(SOURCE.read_text(encoding="utf-8"))
    if "--check" not in arguments:
        target.write_text(text, encoding="utf-8")
        return 0
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return 0
    print(f"{target} does not match caveagent_magic/events.py: run `python labextension/protocol.py`.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
