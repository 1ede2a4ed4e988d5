"""What the person said in this notebook session, and what an answer to a step could add to it."""

from __future__ import annotations

from collections.abc import Iterable

from caveagent_magic.frozen import slotted
from caveagent_magic.security.policies.clauses import Clause, Layer

SOURCE = "said in this notebook"


@slotted
class Session:
    """The clauses of the session, in the order they were said; the one part of a policy that changes."""

    clauses: tuple[Clause, ...] = ()

    @property
    def layer(self) -> Layer:
        """As a layer of the policy."""
        return Layer("session", SOURCE, self.clauses)

    def say(self, clauses: Iterable[Clause]) -> None:
        """Add clauses; each replaces what was said of the same scope before."""
        self.clauses = self.with_clauses(clauses).clauses

    def with_clauses(self, clauses: Iterable[Clause]) -> Session:
        """A session in which this has been said as well."""
        said = {(clause.capability, clause.scope): clause for clause in (*self.clauses, *clauses)}
        return Session(tuple(said.values()))

    def forget(self, clause: Clause) -> None:
        """Take one clause back."""
        self.clauses = tuple(kept for kept in self.clauses if kept != clause)
