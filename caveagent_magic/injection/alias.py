"""Columns under other names: in what is told to the model, and back in the code that it writes.

Code is changed at exact places, so that comments and layout stay; what could be meant in two ways is
refused with a reason.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence

from caveagent_magic.errors import CaveError, UsageError
from caveagent_magic.frozen import frozen
from caveagent_magic.injection import static
from caveagent_magic.injection.card import labels
from caveagent_magic.injection.levels import Alias

PREFIX = "col_"
F_STRINGS_APART = hasattr(tokenize, "FSTRING_MIDDLE")  # Python 3.12
QUERIES = frozenset({"query", "eval"})


class AmbiguousAlias(CaveError):
    """Code uses an alias in a way that cannot be mapped back for certain."""


def new_alias(entry: str, label: str, taken: Sequence[Alias], names: Mapping[str, object]) -> Alias:
    """An alias for a column; raises `UsageError` where its name means something else too."""
    if label in names:
        raise UsageError(f"`{label}` is also a variable, so an alias would be ambiguous. Rename one of them.")
    if keyword.iskeyword(label) or _is_attribute(label, names[entry.partition(".")[0]]):
        raise UsageError(
            f"`{label}` is also an attribute of tables, so an alias would be ambiguous. "
            f"Rename the column, or hide it: %cave hide {entry}"
        )
    if not re.search(r"\w", label):
        raise UsageError(f"The name {label!r} cannot be told from other text. Rename the column.")
    used = {alias.token for alias in taken} | set(names)
    for obj in names.values():
        used.update(labels(obj))
    number = len(taken) + 1
    while f"{PREFIX}{number:02}" in used:
        number += 1
    return Alias(entry, label, f"{PREFIX}{number:02}")


def _is_attribute(label: str, obj: object) -> bool:
    return static.class_member(type(obj), label) is not None or label in ("name", "index", "dtype", "values")


@frozen
class Aliases:
    """The aliases that are in force."""

    known: tuple[Alias, ...] = ()

    def told(self, text: str) -> str:
        """The text for the model: whole words that are real names become aliases."""
        for alias in sorted(self.known, key=lambda alias: -len(alias.label)):
            text = _words(alias.label).sub(alias.token, text)
        return text

    def read(self, text: str) -> str:
        """The model's text for the person: aliases become real names."""
        for alias in self.known:
            text = alias.label.join(_words(alias.token).split(text))
        return text

    def code(self, code: str, names: Mapping[str, object]) -> str:
        """The code as it will run; raises `AmbiguousAlias`."""
        if not self.known or PREFIX[:-1] not in code:
            return code
        self._check_data(names)
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError):
            if any(_words(alias.token).search(code) for alias in self.known):
                raise AmbiguousAlias(
                    "This is no valid Python, so its columns cannot be told apart."
                ) from None
            return code
        edits = list(_Editor(self.known, code).edits(tree))
        return _edited(code, edits)

    def _check_data(self, names: Mapping[str, object]) -> None:
        for alias in self.known:
            for name, obj in names.items():
                if name == alias.token or alias.token in labels(obj):
                    raise AmbiguousAlias(
                        f"`{alias.token}` is an alias, and now a name in `{name}` too. Rename it there."
                    )


Edit = tuple[int, int, str]  # start, end in characters, what takes the place


class _Editor:
    """Finds the places where code speaks of an alias."""

    def __init__(self, known: Iterable[Alias], code: str) -> None:
        self.labels = {alias.token: alias.label for alias in known}
        self.code = code
        self.starts = _line_starts(code)
        self.seen: set[int] = set()

    def edits(self, tree: ast.AST) -> Iterator[Edit]:
        for node in ast.walk(tree):
            self._note_query(node)
        inside = self._in_f_strings(tree)
        for node in ast.walk(tree):
            self._refuse_name(node)
            if node in inside:
                continue
            if isinstance(node, ast.Attribute) and node.attr in self.labels:
                yield self._attribute(node)
            elif isinstance(node, ast.keyword) and node.arg in self.labels:
                yield self._keyword(node)
        yield from self._strings()

    def _in_f_strings(self, tree: ast.AST) -> set[ast.AST]:
        """What is inside f-strings: before Python 3.12 it has no places, and is replaced as text."""
        inside = {n for f in ast.walk(tree) if isinstance(f, ast.JoinedStr) for n in ast.walk(f)}
        for node in inside:
            attribute = node.attr if isinstance(node, ast.Attribute) else ""
            if not self.labels.get(attribute, "_").isidentifier():
                raise AmbiguousAlias(f"`{attribute}` inside an f-string: compute it before, in a variable.")
        return inside if not F_STRINGS_APART else set()

    def _note_query(self, node: ast.AST) -> None:
        """Remember the text of `query` and `eval`, where a real name may need backticks."""
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in QUERIES
        ):
            return
        for argument in node.args[:1]:
            for part in ast.walk(argument):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    self.seen.add(self._place(part.lineno, part.col_offset))

    def _refuse_name(self, node: ast.AST) -> None:
        names: list[str] = []
        if isinstance(node, ast.Name):
            names = [node.id]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.arg):
            names = [node.arg]
        elif isinstance(node, ast.alias):
            names = [node.name, node.asname or ""]
        elif isinstance(node, ast.Global | ast.Nonlocal):
            names = node.names
        for name in names:
            if name in self.labels:
                raise AmbiguousAlias(f"`{name}` is the name of a column. Give the variable another name.")

    def _attribute(self, node: ast.Attribute) -> Edit:
        end = self._place(node.end_lineno or 0, node.end_col_offset or 0)
        start, label = end - len(node.attr), self.labels[node.attr]
        if label.isidentifier():
            return start, end, label
        dot = self.code.rindex(".", 0, start)
        return dot, end, f"[{label!r}]"

    def _keyword(self, node: ast.keyword) -> Edit:
        assert node.arg is not None
        label, start = self.labels[node.arg], self._place(node.lineno, node.col_offset)
        if label.isidentifier() and not keyword.iskeyword(label):
            return start, start + len(node.arg), label
        raise AmbiguousAlias(
            f"`{node.arg}` cannot be a keyword argument: write **{{'{node.arg}': …}} instead."
        )

    def _strings(self) -> Iterator[Edit]:
        """Each piece of text in the code, f-strings too, found by the tokenizer."""
        for start, _end, text, quote in _texts(self.code):
            for token, label in self.labels.items():
                for match in _words(token).finditer(text):
                    name = label if start not in self.seen or label.isidentifier() else f"`{label}`"
                    yield start + match.start(), start + match.end(), _escaped(name, quote)
            rest = text
            for token in self.labels:
                rest = _words(token).sub("", rest)
            if _is_piece(rest, self.labels):
                raise AmbiguousAlias(
                    f"The code seems to build the name of a column from pieces ({rest.strip()!r}). "
                    "Write the names of columns out."
                )

    def _place(self, line: int, column: int) -> int:
        """Where in the code a place of the syntax tree is; its columns count bytes."""
        start = self.starts[line - 1]
        text = self.code[start:].split("\n", 1)[0]
        return start + len(text.encode()[:column].decode(errors="ignore"))


def _is_piece(text: str, tokens: Iterable[str]) -> bool:
    """Whether a text is the beginning or the end of an alias, and so may become one."""
    inner = re.sub(r"^[rbfuRBFU]*['\"]+|['\"]+$", "", text)
    if re.search(rf"(?<!\w){PREFIX}(?!\w)", inner):
        return True
    return len(inner) >= 2 and any(
        token != inner and (token.startswith(inner) or token.endswith(inner)) for token in tokens
    )


def _texts(code: str) -> Iterator[tuple[int, int, str, str]]:
    """Start, end, source and quotation mark of each string, and of each piece of text in an f-string."""
    starts = _line_starts(code)
    middle = getattr(tokenize, "FSTRING_MIDDLE", -1)
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.STRING or token.type == middle:
            start = starts[token.start[0] - 1] + token.start[1]
            end = starts[token.end[0] - 1] + token.end[1]
            source = code[start:end]
            quote = "'" if source.lstrip("rbfuRBFU")[:1] == "'" else '"'
            yield start, end, source, quote


def _escaped(label: str, quote: str) -> str:
    return label.replace("\\", "\\\\").replace(quote, f"\\{quote}")


def _edited(code: str, edits: Iterable[Edit]) -> str:
    for start, end, text in sorted(set(edits), reverse=True):
        code = code[:start] + text + code[end:]
    return code


def _line_starts(code: str) -> list[int]:
    starts = [0]
    for line in code.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _words(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")


class Reading:
    """Streamed prose with real names; the end of a piece is kept back while it may become an alias."""

    def __init__(self, aliases: Aliases) -> None:
        self._aliases, self._kept = aliases, ""

    def feed(self, text: str) -> str:
        """What can be shown so far."""
        if not self._aliases.known:
            return text
        text = self._kept + text
        word = re.search(r"\w*$", text)
        start = word.start() if word and len(word[0]) < 40 else len(text)
        self._kept = text[start:]
        return self._aliases.read(text[:start])

    def rest(self) -> str:
        """What was kept back."""
        text, self._kept = self._aliases.read(self._kept), ""
        return text
