"""Regular expressions of which a package can have many and still start fast."""

from __future__ import annotations

import re
from typing import Any, cast

_compile = re.compile  # as it is here, whatever becomes of the name


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, but compiled when it is first used."""
    return cast(re.Pattern[str], _Pattern(text, flags))


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._asked = text, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(_compile(*self._asked), name)
        setattr(self, name, found)  # the next time it is there
        return found
