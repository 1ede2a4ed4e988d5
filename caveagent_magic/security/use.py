"""One use of a qualified name in the code: what rules look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from caveagent_magic.frozen import frozen
from caveagent_magic.security.flow.values import Values, texts

Kind = Literal["call", "pass", "read", "import", "store", "unknown", "code"]


@frozen
class Span:
    """Where in the code; lines count from 1, columns from 0, ends are exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@frozen(eq=False)
class Use:
    """A name that is called, passed on to where it cannot be followed, read, imported or stored to.

    `unknown` is something that could not be worked out, `code` a construct; `detail` says it in words.
    """

    kind: Kind
    names: tuple[str, ...]  # every name it goes by, the canonical one first
    span: Span
    args: tuple[Values, ...] = ()
    keywords: Mapping[str, Values] = field(default_factory=dict)
    open_ended: bool = False  # there may be further arguments
    receiver: Values = ()
    given: Mapping[str, Values] = field(default_factory=dict)  # positional arguments by their parameters
    via: str = ""  # the person's own function in which it was found
    detail: str = ""
    _words: list[str] | None = field(default=None, init=False)

    def argument(self, position: int, *names: str) -> Values | None:
        """What is given at a position or under a keyword; None if nothing is, UNRESOLVED if who knows."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.args[position] if 0 <= position < len(self.args) else None

    @property
    def words(self) -> list[str]:
        """All strings among the arguments."""
        if self._words is None:
            found = [word for values in (*self.args, *self.keywords.values()) for word in texts(values)]
            object.__setattr__(self, "_words", found)
            return found
        return self._words

    @property
    def name(self) -> str:
        """The name that is shown."""
        return self.names[0].removeprefix("?.").removeprefix("builtins.")
