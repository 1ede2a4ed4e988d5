"""A streamed reply, taken apart into prose and its first block of Python while it arrives."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import TypeVar

from caveagent_magic.frozen import frozen, slotted
from caveagent_magic.pattern import pattern

FENCE = pattern(r"^[ \t]*(?P<marks>`{3,}|~{3,})[ \t]*(?P<language>[\w+.-]*)[^`]*$")
PYTHON = frozenset({"", "python", "py", "python3", "ipython", "ipython3", "pycon"})
# A first line that begins like code, and a piece of a line that may become one.
BARE = pattern(r"(?:import|from) \w|print\(|[A-Za-z_][\w.]*(?:\[[^\]\n]*\])? ?[-+*/]?=[^=]")
MAY_BE_BARE = pattern(
    r"[A-Za-z_][\w.]*(?:\[[^\]\n]*\]?)? ?(?:[-+*/]?(?:=(?:[^=].*)?)?)?|(?:import|from|print)\b.*"
)
COMPUTES = (ast.Call, ast.Attribute, ast.Subscript, ast.BinOp, ast.Import, ast.ImportFrom)

T = TypeVar("T")


@frozen
class ProsePiece:
    """A further piece of text outside the code."""

    text: str


@frozen
class CodePiece:
    """The code so far; `complete` once its fence has closed."""

    code: str
    complete: bool


@slotted
class ReplyReader:
    """Reads text as it arrives and stops when the first Python block has closed.

    Blocks of other languages are prose: they are shown, never run.
    A reply that is nothing but Python, as small models write it, is a block whose fence was forgotten.
    """

    raw: str = ""  # what was read, up to and with the closing fence
    prose: str = ""
    code: str | None = None  # None: no block of Python yet
    done: bool = False
    _pending: str = ""  # the last line, not ended yet
    _marks: str = ""  # the open fence
    _python: bool = False
    _bare: bool = False  # so far the reply reads like code without a fence
    _lines: list[str] = field(default_factory=list)

    def read(self, parts: Iterable[str | T]) -> Iterator[ProsePiece | CodePiece | T]:
        """The pieces of a reply; parts that are not text are passed on as they are."""
        for part in parts:
            if not isinstance(part, str):
                yield part
                continue
            yield from self.feed(part)
            if self.done:
                return
        yield from self.finish()

    def feed(self, text: str) -> Iterator[ProsePiece | CodePiece]:
        """The pieces that this text completes."""
        self._pending += text
        while not self.done and "\n" in self._pending:
            line, self._pending = self._pending.split("\n", 1)
            self.raw += line + "\n"
            yield from self._line(line + "\n")
        if not self.done and self._pending and not self._marks and not self._held(self._pending):
            text, self._pending = self._pending, ""
            self.raw += text
            yield self._prose(text)

    def finish(self) -> Iterator[ProsePiece | CodePiece]:
        """The pieces that the end of the reply completes; an open block counts as closed."""
        if self.done:
            return
        if self._pending:
            line, self._pending = self._pending, ""
            self.raw += line
            yield from self._line(line)
        if self._marks and self._python and not self.done:
            self.raw += f"\n{self._marks}\n"
            yield self._close()
        elif self._bare and _computes("".join(self._lines)):
            yield self._close()
            self.raw = f"```python\n{self.code}\n```\n"
        elif self._bare:
            yield self._no_code()

    def _held(self, beginning: str) -> bool:
        """Whether this piece of a line has to wait for the rest of it."""
        return self._bare or _may_be_fence(beginning) or (not self.raw and _may_be_bare(beginning))

    def _no_code(self) -> ProsePiece:
        """What read like code so far was prose."""
        text, self._bare = "".join(self._lines), False
        self._lines.clear()
        return self._prose(text)

    def _line(self, line: str) -> Iterator[ProsePiece | CodePiece]:
        # A line whose beginning has been passed on as prose already cannot open a fence.
        at_start = len(self.raw) == len(line) or self.raw[-len(line) - 1] == "\n"
        fence = FENCE.match(line.rstrip()) if at_start else None
        if self._marks:
            yield from self._inside(line, fence)
            return
        if len(self.raw) == len(line) and BARE.match(line):
            self._bare = True
        if self._bare and not fence:
            self._lines.append(line)
            return
        if self._bare:
            yield self._no_code()
        if fence:
            self._marks, self._python = fence["marks"], fence["language"].lower() in PYTHON
            yield self._so_far() if self._python else self._prose(line)
        else:
            yield self._prose(line)

    def _inside(self, line: str, fence: re.Match[str] | None) -> Iterator[ProsePiece | CodePiece]:
        closes = fence is not None and not fence["language"] and fence["marks"].startswith(self._marks)
        if self._python and closes:
            yield self._close()
        elif self._python:
            self._lines.append(line)
            yield self._so_far()
        else:
            yield self._prose(line)
            if closes:
                self._marks = ""

    def _prose(self, text: str) -> ProsePiece:
        self.prose += text
        return ProsePiece(text)

    def _so_far(self, *, complete: bool = False) -> CodePiece:
        self.code = textwrap.dedent("".join(self._lines)).strip("\n")
        return CodePiece(self.code, complete)

    def _close(self) -> CodePiece:
        self.done, self._marks = True, ""
        return self._so_far(complete=True)


def _may_be_fence(beginning: str) -> bool:
    stripped = beginning.lstrip(" \t")
    return not stripped or stripped[0] in "`~"


def _may_be_bare(beginning: str) -> bool:
    return MAY_BE_BARE.fullmatch(beginning) is not None


def _computes(text: str) -> bool:
    """Whether the text is Python that does more than state a value, as an answer may."""
    try:
        return any(isinstance(node, COMPUTES) for node in ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return False
