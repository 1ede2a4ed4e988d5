"""What an administrator lets no session go beyond, whatever its settings say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

from caveagent_magic.errors import PolicyError
from caveagent_magic.frozen import frozen

Approval = Literal["ask", "auto"]
PrivacyLevel = Literal["names", "schema", "stats", "samples"]
NUMBERS = ("budget", "max_steps")
WORDS = {"approval": get_args(Approval), "privacy": get_args(PrivacyLevel)}


@frozen
class Caps:
    """The most that is possible; what nothing is said of is not limited."""

    approval: Approval = "auto"  # "ask": no step runs without a question
    privacy: PrivacyLevel = "samples"  # the highest level
    budget: int = 0  # tokens of a turn; 0: no limit
    max_steps: int = 0  # replies of a turn; 0: no limit
    source: str = ""  # the file

    def beyond(self, name: str, value: Any) -> str:
        """Why a setting cannot have this value; empty: it can."""
        limit = getattr(self, name, None)
        if name in NUMBERS and limit:
            too_much = not value or value > limit
        else:
            order = WORDS.get(name, ())
            too_much = value in order and order.index(value) > order.index(limit)
        return f"{self.source} allows at most {limit!r}" if too_much else ""

    @property
    def words(self) -> str:
        """What is limited, in one line; empty: nothing is."""
        said = [f"{name} {value}" for name in (*WORDS, *NUMBERS) if (value := self._said(name))]
        return f"limited by {self.source}: {', '.join(said)}" if said else ""

    def _said(self, name: str) -> Any:
        value = getattr(self, name)
        return "" if value == getattr(NONE, name) else value


NONE = Caps()


def read(data: Any, kind: str, path: str) -> Caps:
    """The table `limits` of a policy file; raises `PolicyError` naming file and key."""
    if data is None:
        return NONE
    if kind != "administrator":
        raise PolicyError(f"{path}: limits can only stand in the administrator's file.")
    for mistake in _mistakes(data):
        raise PolicyError(f"{path}: limits{mistake}")
    return Caps(**data, source=path)


def _mistakes(data: Any) -> Iterator[str]:
    if not isinstance(data, dict):
        yield " must be a table."
        return
    for key, value in data.items():
        if key in NUMBERS:
            if type(value) is not int or value < 1:
                yield f".{key} must be a number from 1, not {value!r}."
        elif key not in WORDS:
            yield f".{key} is unknown; there are {', '.join((*WORDS, *NUMBERS))}."
        elif value not in WORDS[key]:
            yield f".{key} is {value!r}; it must be one of {', '.join(WORDS[key])}."
