"""Which capability is allowed, asked about or denied, and where each rule comes from."""

from __future__ import annotations

import fnmatch
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

from caveagent_magic.errors import PolicyError
from caveagent_magic.events import CAPABILITIES, Capability, Judgement

SHIPPED = Path(__file__).with_name("policies")
STRICTNESS: Mapping[Judgement, int] = {"allow": 0, "ask": 1, "deny": 2}
SCOPED = frozenset({"read_file", "write_file", "delete_file", "network"})


@dataclass(frozen=True, slots=True)
class Clause:
    """What one file says of one capability."""

    judgement: Judgement
    source: str  # the file it comes from
    scopes: tuple[str, ...] = ()  # folders or host patterns where `inside` counts
    inside: Judgement | None = None

    def decide(self, capability: Capability, target: str | None, folder: Path) -> Judgement:
        """The judgement for one target; None is a target that is not known."""
        if self.inside is None or target is None:
            return self.judgement if self.inside is None else stricter(self.judgement, self.inside)
        within = _host_within if capability == "network" else _path_within
        return self.inside if within(target, self.scopes, folder) else self.judgement


@dataclass(frozen=True, slots=True)
class Policy:
    """The layered rules; clauses of one capability all count, the strictest decides."""

    clauses: Mapping[Capability, tuple[Clause, ...]]
    unattended: bool = False  # a step whose verdict is allow may run where nobody can answer
    unattended_source: str = ""
    folder: Path | None = None  # what paths are relative to; None: the working directory

    @staticmethod
    def load(*paths: str | os.PathLike[str]) -> Policy:
        """Each file under the ones before it; raises `PolicyError` naming file and key.

        Where several files speak of a capability the strictest decides, so that nothing lifts what an
        administrator denies; where none does, the shipped default counts.
        """
        default = _layer(SHIPPED / "default.toml")
        given = Policy({})
        for path in paths:
            given = given.under(_layer(Path(path)))
        return replace(given, clauses={**default.clauses, **given.clauses})

    @staticmethod
    def demo() -> Policy:
        """The default, and what it allows may run where nobody can answer."""
        return Policy.load(SHIPPED / "demo.toml")

    def under(self, layer: Policy) -> Policy:
        """Both layers together."""
        spoken = [name for name in CAPABILITIES if name in self.clauses or name in layer.clauses]
        merged = {name: (*self.clauses.get(name, ()), *layer.clauses.get(name, ())) for name in spoken}
        if layer.unattended_source and (layer.unattended is False or not self.unattended_source):
            source = layer.unattended_source
            return replace(self, clauses=merged, unattended=layer.unattended, unattended_source=source)
        return replace(self, clauses=merged)

    def decide(self, capability: Capability, target: str | None = None) -> Judgement:
        """What applies to a use of the capability; what no file speaks of is asked about."""
        clauses = self.clauses.get(capability, ())
        folder = self.folder or Path.cwd()
        found: Judgement = clauses[0].decide(capability, target, folder) if clauses else "ask"
        for clause in clauses[1:]:
            found = stricter(found, clause.decide(capability, target, folder))
        return found

    def source(self, capability: Capability) -> str:
        """The file whose rule is the strictest for the capability."""
        clauses = self.clauses.get(capability, ())
        return max(clauses, key=lambda clause: STRICTNESS[clause.judgement]).source if clauses else ""


def stricter(first: Judgement, second: Judgement) -> Judgement:
    """The stricter of two judgements."""
    return max(first, second, key=STRICTNESS.__getitem__)


def _path_within(target: str, scopes: tuple[str, ...], folder: Path) -> bool:
    """Whether a path, links resolved, lies in one of the folders; `…` ends what is known of it."""
    try:
        path = Path(os.path.realpath(folder / os.path.expanduser(target.partition("…")[0])))
        roots = [Path(os.path.realpath(folder / os.path.expanduser(scope))) for scope in scopes]
    except (OSError, ValueError):
        return False
    return any(path == root or root in path.parents for root in roots)


def _host_within(target: str, scopes: tuple[str, ...], folder: Path) -> bool:
    return any(fnmatch.fnmatch(target.lower(), scope.lower()) for scope in scopes)


def _layer(path: Path) -> Policy:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PolicyError(f"The policy {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PolicyError(f"The policy {path} is not valid TOML: {error}.") from None
    for key in data:
        if key not in ("unattended", "capabilities"):
            raise PolicyError(f"{path}: the key {key!r} is unknown; there are capabilities and unattended.")
    unattended = data.get("unattended", False)
    if not isinstance(unattended, bool):
        raise PolicyError(f"{path}: unattended must be true or false, not {unattended!r}.")
    capabilities = data.get("capabilities", {})
    if not isinstance(capabilities, dict):
        raise PolicyError(f"{path}: capabilities must be a table.")
    clauses = {_capability(key, path): (_clause(key, value, path),) for key, value in capabilities.items()}
    return Policy(clauses, unattended, str(path) if "unattended" in data else "")


def _capability(key: str, path: Path) -> Capability:
    if key not in CAPABILITIES:
        raise PolicyError(f"{path}: capabilities.{key} is unknown; there are {', '.join(CAPABILITIES)}.")
    return key


def _clause(key: str, value: Any, path: Path) -> Clause:
    where = f"{path}: capabilities.{key}"
    if isinstance(value, str):
        return Clause(_judgement(value, where), str(path))
    if not isinstance(value, dict) or key not in SCOPED:
        raise PolicyError(f"{where} must be allow, ask or deny.")
    unknown = set(value) - {"otherwise", "inside", "folders", "hosts"}
    scopes = value.get("hosts" if key == "network" else "folders", [])
    if unknown or not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise PolicyError(
            f"{where} has {', '.join(sorted(unknown)) or 'scopes that are no list of strings'}."
        )
    inside = _judgement(value.get("inside", "ask"), f"{where}.inside")
    return Clause(
        _judgement(value.get("otherwise", "ask"), f"{where}.otherwise"), str(path), tuple(scopes), inside
    )


def _judgement(value: Any, where: str) -> Judgement:
    if value not in get_args(Judgement):
        raise PolicyError(f"{where} is {value!r}; it must be allow, ask or deny.")
    return cast(Judgement, value)
