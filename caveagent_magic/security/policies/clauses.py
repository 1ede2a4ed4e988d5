"""One layer of the policy: its clauses, and reading them from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, cast, get_args

from caveagent_magic.errors import PolicyError
from caveagent_magic.events import CAPABILITIES, Capability, Judgement
from caveagent_magic.frozen import frozen
from caveagent_magic.security.policies import caps
from caveagent_magic.security.policies.caps import NONE, Caps
from caveagent_magic.security.policies.scopes import mistakes, within

KEYS = ("capabilities", "unattended", "limits")
STRICTNESS: Mapping[Judgement, int] = {"allow": 0, "ask": 1, "deny": 2}
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)
LayerKind = Literal["built in", "shipped", "administrator", "user", "notebook", "session"]


@frozen
class Clause:
    """What is said of one scope of a capability; without a scope, of all that no other clause speaks of."""

    capability: Capability
    judgement: Judgement
    scope: str = ""

    @property
    def words(self) -> str:
        """The clause as a person reads it, without its judgement."""
        return f"{self.capability} {self.scope}".strip()


@frozen
class Layer:
    """The clauses of one file, or of the session."""

    kind: LayerKind
    source: str  # the file, or words
    clauses: tuple[Clause, ...] = ()
    unattended: bool | None = None  # None: it does not say
    caps: Caps = NONE

    def says(self, capability: Capability, target: str | None, folder: Path) -> Judgement | None:
        """The strictest clause that fits the target; None: the layer does not speak of it.

        Of a target that is not known it can only say that it may lie in a stricter scope: that is asked.
        """
        found: list[Judgement] = []
        otherwise: list[Judgement] = []
        hit = False
        for clause in self.clauses:
            if clause.capability != capability:
                continue
            if not clause.scope:
                otherwise.append(clause.judgement)
                continue
            inside = within(capability, target, clause.scope, folder)
            if inside == "yes":
                hit = True
                found.append(clause.judgement)
            elif inside == "maybe" and clause.judgement != "allow":
                found.append("ask")
        return strictest(found if hit else [*found, *otherwise])

    def may_deny(self, capability: Capability, target: str | None, folder: Path) -> bool:
        """Whether the target, of which not all is known, may lie in a scope that is denied."""
        return any(
            clause.capability == capability
            and clause.judgement == "deny"
            and clause.scope != ""
            and within(capability, target, clause.scope, folder) == "maybe"
            for clause in self.clauses
        )


def strictest(judgements: Iterable[Judgement | None]) -> Judgement | None:
    """The strictest of those that say something."""
    said = [judgement for judgement in judgements if judgement is not None]
    return max(said, key=lambda each: STRICTNESS[each], default=None)


def stricter(first: Judgement, second: Judgement) -> Judgement:
    """The stricter of two judgements."""
    return max(first, second, key=STRICTNESS.__getitem__)


def read(path: Path, kind: LayerKind) -> Layer:
    """The layer that a file holds; raises `PolicyError` naming file and key."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PolicyError(f"The policy {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"The policy {path} is not valid TOML: {error}.") from None
    for key in data:
        if key not in KEYS:
            raise PolicyError(f"{path}: the key {key!r} is unknown; there are {', '.join(KEYS)}.")
    unattended = data.get("unattended")
    if unattended is not None and not isinstance(unattended, bool):
        raise PolicyError(f"{path}: unattended must be true or false, not {unattended!r}.")
    capabilities = data.get("capabilities", {})
    if not isinstance(capabilities, dict):
        raise PolicyError(f"{path}: capabilities must be a table.")
    clauses = [clause for key, value in capabilities.items() for clause in _clauses(key, value, str(path))]
    return Layer(kind, str(path), tuple(clauses), unattended, caps.read(data.get("limits"), kind, str(path)))


def _clauses(key: str, value: Any, path: str) -> Iterator[Clause]:
    where = f"{path}: capabilities.{key}"
    if key not in CAPABILITIES:
        raise PolicyError(f"{where} is unknown; there are {', '.join(CAPABILITIES)}.")
    capability: Capability = key
    if not isinstance(value, dict):
        yield Clause(capability, judgement(value, where))
        return
    for part, said in value.items():
        if part == "otherwise":
            yield Clause(capability, judgement(said, f"{where}.otherwise"))
        elif part in JUDGEMENTS:
            yield from _scoped(capability, part, said, f"{where}.{part}")
        else:
            raise PolicyError(f"{where}.{part} is unknown; there are allow, ask, deny and otherwise.")


def _scoped(capability: Capability, said: Judgement, scopes: Any, where: str) -> Iterator[Clause]:
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise PolicyError(f"{where} must be a list of strings, not {scopes!r}.")
    for scope in scopes:
        for mistake in mistakes(capability, scope):
            raise PolicyError(f"{where}: {mistake}.")
        yield Clause(capability, said, scope)


def judgement(value: Any, where: str) -> Judgement:
    """The value as a judgement; raises `PolicyError` saying where it stands."""
    if value not in JUDGEMENTS:
        raise PolicyError(f"{where} is {value!r}; it must be allow, ask or deny.")
    return cast(Judgement, value)
