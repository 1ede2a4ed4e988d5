"""What an SQL command does, as far as its text shows."""

from __future__ import annotations

import re

_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_DOES_MORE = re.compile(
    r"\b(?:attach|copy|into|create|insert|update|delete|drop|export|install|load|pragma|vacuum|alter|detach|call|read_\w+|"
    r"scan_\w+|\w+_scan|parquet_\w+|sniff_\w+|glob|getenv|\w*secrets?|query_table|load_extension|writefile|"
    r"readfile)\b|\bquery\s*\(|://|\b(?:from|join)\s*['\"]|;\s*\w",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\b(from|join)\s*(?:'([^'\":]+)'|read_(?:csv|csv_auto|parquet|json|json_auto)\s*\(\s*'([^'\":]+)'\s*\))",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"\bfrom\b(?:(?!\b(?:where|group|order|having|limit|select|on)\b).)*,\s*['\"]", re.IGNORECASE | re.DOTALL
)
_TEMPORARY = re.compile(
    r"^\s*create\s+(?:or\s+replace\s+)?temp(?:orary)?\s+(?:table|view)\s+(?:if\s+not\s+exists\s+)?\w+\s+as\b",
    re.IGNORECASE,
)
"""Keeps a selection under a name until the connection is closed."""


def selects(text: str) -> bool:
    """Whether a command only selects, from tables and from files that are named where a table would be."""
    rest = _TEMPORARY.sub("", _FILE.sub(r"\1 a_file", _COMMENT.sub(" ", text)))
    begins = re.match(r"\s*(?:select|with|explain|from)\b|\s*\w+\s*$", rest, re.IGNORECASE)
    return bool(begins) and not _DOES_MORE.search(rest) and not _ANOTHER.search(rest)


def files(text: str) -> list[str]:
    """The files that it selects from."""
    return [first or second for _, first, second in _FILE.findall(_COMMENT.sub(" ", text))]
