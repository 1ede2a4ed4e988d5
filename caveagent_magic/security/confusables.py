"""Names whose letters only look like others: `оs` with a Cyrillic letter is not `os`.

A name is found where all its foreign letters have a Latin twin, and it either mixes alphabets inside one word
or reads like a name that exists. Greek single letters, accented names and names in other scripts stay quiet.
"""

from __future__ import annotations

import ast
import builtins
import unicodedata
from collections.abc import Iterator, Mapping

from caveagent_magic.security.known import CONVENTIONS

TWINS = str.maketrans(
    "аеорсухѕіјһԁԛԝӏкАВЕКМНОРСТХУЅІЈԌԚԜ" + "οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" + "օսոհցɡɑıⲟ",
    "aeopcyxsijhdqwlkABEKMHOPCTXYSIJGQW" + "oABEZHIKMNOPTYX" + "ounhqgaio",
)
"""Cyrillic, Greek, Armenian and other letters that common fonts draw like a Latin one."""


def confusables(tree: ast.Module, namespace: Mapping[str, object]) -> Iterator[tuple[ast.AST, str, str]]:
    """Where such a name stands, the name, and what it reads like."""
    named = [(node, name) for node in ast.walk(tree) for name in _names(node)]
    foreign = [(node, name) for node, name in named if not name.isascii()]
    if not foreign:
        return
    known = {name for _, name in named if name.isascii()} | set(builtins.__dict__) | set(CONVENTIONS)
    for node, name in foreign:
        like = name.translate(TWINS)
        if like == name:
            continue
        if _mixed(name) or ((like in known or like in namespace) and not _letter(name)):
            yield node, name, like


def _letter(name: str) -> bool:
    """Whether it is a single Greek letter, as formulas have them."""
    return len(name) == 1 and unicodedata.name(name, "").startswith("GREEK")


def _mixed(name: str) -> bool:
    """Whether a word of it is of Latin letters but for twins from another alphabet."""
    for word in name.split("_"):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word if letter.isalpha()}
        if len(scripts) > 1 and "LATIN" in scripts and word.translate(TWINS).isascii():
            return True
    return False


def _names(node: ast.AST) -> Iterator[str]:
    for field in ("id", "attr", "arg", "name", "asname", "rest", "module"):
        found = getattr(node, field, None)
        if isinstance(found, str):
            yield from found.split(".")
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
