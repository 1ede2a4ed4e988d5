"""Which capability is allowed, asked about or denied on what, and which layer says so.

The shipped default counts only where nothing else speaks. The files – the administrator's, the user's,
the notebook's – replace it for what they mention, and where several speak of the same thing the strictest
decides. What the person said in this notebook session comes last: it replaces the shipped default and
lifts an `ask` of the user's and the notebook's file, but neither a `deny` of theirs nor anything that the
administrator's file says. Inside one layer the strictest scope that fits decides, then `otherwise`. A
target that is not known, and so may be one that is denied, is asked about; the guard refuses the denied
one when it is used. Above all stands what is built in: no policy lets a step write the policies or reach
for this package. An answer without "always" is about its step alone.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from pathlib import Path

from caveagent_magic.events import Capability, Judgement
from caveagent_magic.frozen import frozen
from caveagent_magic.security.policies.caps import NONE, Caps
from caveagent_magic.security.policies.clauses import STRICTNESS, Clause, Layer, read, stricter
from caveagent_magic.security.policies.places import ADMINISTRATOR, user_file
from caveagent_magic.security.policies.said import Session
from caveagent_magic.security.policies.scopes import within

SHIPPED = Path(__file__).parent
PACKAGE = Path(__file__).parents[2]
OWN_NAMES = ("caveagent_magic", "caveagent_magic.*", "%cave", "%%cave", "%config CaveMagics")


@frozen
class Ruling:
    """A judgement and the layer that made it."""

    judgement: Judgement
    layer: Layer


NOTHING_SAID = Ruling("ask", Layer("built in", "no layer speaks of it"))


@frozen
class Policy:
    """The layers that are files, and what was said in the session."""

    layers: tuple[Layer, ...]
    session: Session = field(default_factory=Session)
    folder: Path | None = None  # what paths are relative to; None: the working directory

    @staticmethod
    def load(
        *notebook: str | os.PathLike[str],
        user: Path | None = None,
        administrator: Path | None = None,
        session: Session | None = None,
    ) -> Policy:
        """The shipped default below these files; raises `PolicyError` naming file and key."""
        files = [read(Path(path), "notebook") for path in notebook]
        if user is not None:
            files.append(read(user, "user"))
        if administrator is not None:
            files.append(read(administrator, "administrator"))
        own = _built_in([user_file().parent, *(Path(layer.source) for layer in files)])
        return Policy((_shipped(), *files, own), session or Session())

    @staticmethod
    def here(
        notebook: str = "", session: Session | None = None, administrator: Path = ADMINISTRATOR
    ) -> Policy:
        """What applies on this machine: the files that are there, under the notebook's if one is set."""
        user = user_file()
        return Policy.load(
            *filter(None, [notebook]),
            user=user if os.path.lexists(user) else None,
            administrator=administrator if os.path.lexists(administrator) else None,
            session=session,
        )

    @property
    def unattended(self) -> bool:
        """Whether a step whose verdict is allow may run where nobody can answer; one file's no is enough."""
        said = [layer.unattended for layer in self._of("administrator", "user", "notebook")]
        return True in said and False not in said

    @property
    def caps(self) -> Caps:
        """What the administrator lets no session go beyond."""
        return next((layer.caps for layer in self._of("administrator")), NONE)

    def decide(self, capability: Capability, target: str | None = None) -> Judgement:
        """What applies to a use of the capability; None is a target that is not known."""
        return self.ruling(capability, target).judgement

    def ruling(self, capability: Capability, target: str | None = None) -> Ruling:
        """What applies, and the layer that says so."""
        folder = self.folder or Path.cwd()

        def strictest_of(layers: Iterable[Layer]) -> Ruling | None:
            said = ((layer.says(capability, target, folder), layer) for layer in layers)
            found = (Ruling(judgement, layer) for judgement, layer in said if judgement is not None)
            return max(found, key=lambda ruling: STRICTNESS[ruling.judgement], default=None)

        administrator = strictest_of(self._of("administrator"))
        files = self._of("user", "notebook")
        person = strictest_of(files)
        doubtful = any(layer.may_deny(capability, target, folder) for layer in files)
        said = strictest_of([self.session.layer])
        if person is not None and (person.judgement == "deny" or doubtful):  # then nothing loosens it
            said = said if said is not None and said.judgement == "deny" else None
        person = said or person
        if person is None and administrator is None:
            person = strictest_of(self._of("shipped")) or NOTHING_SAID
        rulings = (self._built_in(capability, target), administrator, person)
        return max(filter(None, rulings), key=lambda ruling: STRICTNESS[ruling.judgement])

    def names(self, capability: Capability, target: str, judgement: Judgement) -> bool:
        """Whether some layer gives a scope with the target in it this judgement."""
        folder = self.folder or Path.cwd()
        return any(
            clause.scope and within(capability, target, clause.scope, folder) == "yes"
            for clause in self._clauses(capability, judgement)
        )

    def _clauses(self, capability: Capability, judgement: Judgement) -> Iterator[Clause]:
        for layer in self.all_layers:
            for clause in layer.clauses:
                if clause.capability == capability and clause.judgement == judgement:
                    yield clause

    def with_session(self, clauses: Iterable[Clause]) -> Policy:
        """As if the person had also said this; the session itself stays as it is."""
        return replace(self, session=self.session.with_clauses(clauses))

    def unscoped(self) -> Policy:
        """Only what is said of everything else, for showing."""
        layers = tuple(_unscoped(layer) for layer in self.layers)
        return replace(self, layers=layers, session=Session(_unscoped(self.session.layer).clauses))

    @property
    def all_layers(self) -> tuple[Layer, ...]:
        """Every layer, the nearest to the person first."""
        return (self.session.layer, *self._of("notebook", "user", "administrator", "shipped", "built in"))

    def _of(self, *kinds: str) -> list[Layer]:
        return [layer for kind in kinds for layer in self.layers if layer.kind == kind]

    def _built_in(self, capability: Capability, target: str | None) -> Ruling | None:
        """Only where the target is known: what is not known the guard looks at when it happens."""
        folder = self.folder or Path.cwd()
        for layer in self._of("built in") if target else ():
            if layer.says(capability, target, folder) == "deny":
                return Ruling("deny", layer)
        return None


def _unscoped(layer: Layer) -> Layer:
    return replace(layer, clauses=tuple(clause for clause in layer.clauses if not clause.scope))


@functools.cache
def _shipped() -> Layer:
    return read(SHIPPED / "default.toml", "shipped")


def _built_in(policies: Iterable[Path]) -> Layer:
    """Neither the gate nor its rules are a step's to change."""
    paths = [str(path.absolute()) for path in (PACKAGE, ADMINISTRATOR.parent, *policies)]
    clauses = [Clause("kernel", "deny", name) for name in OWN_NAMES]
    for path in dict.fromkeys(paths):
        clauses += [Clause("write_file", "deny", path), Clause("delete_file", "deny", path)]
    return Layer("built in", "built in", tuple(clauses))


__all__ = ["ADMINISTRATOR", "SHIPPED", "Policy", "Ruling", "stricter"]
