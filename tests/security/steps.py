"""Running code under the guard as a kernel does."""

from __future__ import annotations

import code
import sys

from caveagent_magic.events import Capability, Effect
from caveagent_magic.security import guard


class Step(code.InteractiveInterpreter):
    """Runs code as a kernel does, from a library's frame, and keeps what it raised."""

    def __init__(self) -> None:
        super().__init__({"__name__": "__main__"})
        self.raised: BaseException | None = None

    def showtraceback(self) -> None:
        """Keep instead of print."""
        self.raised = sys.exc_info()[1]

    def run(self, source: str, *allowed: Capability, rehearsing: bool = False) -> list[Effect]:
        """The effects of a run under the guard."""
        compiled, effects, self.raised = compile(source, "<ipython-input-5>", "exec"), [], None
        with guard(allowed, effects.append, rehearsing):
            self.runcode(compiled)
        return effects
