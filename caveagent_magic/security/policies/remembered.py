"""What "always allow this in this notebook" would save: the narrowest useful scope of each finding.

Files are remembered by folder or by path, the network by host, a function of which nothing is known and
an allocation that is too large by qualified name. All else is asked each time: a name does not say which
program `subprocess.run` starts, what `exec` runs or what a pickle brings along. Nor is a finding
remembered whose target reading the code could not find, or of which another layer would go on asking.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from caveagent_magic.events import Capability, Finding, Verdict
from caveagent_magic.pattern import pattern
from caveagent_magic.security.policies.clauses import Clause
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.security.policies.scopes import CUT, PATHS, mistakes, real, within

BY_NAME: frozenset[Capability] = frozenset({"unknown", "exhaustion"})
_QUALIFIED = pattern(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
SYSTEM = frozenset({"boot", "dev", "etc", "proc", "root", "run", "sys", "System", "Windows"})
HOMES = frozenset({"home", "Users"})
LONGEST = 250  # characters of a scope; what is longer is no path that a person would recognise
_IMPORTS_UNKNOWN = "CAVE992"


def offered(verdict: Verdict, policy: Policy) -> tuple[Clause, ...]:
    """What an answer could save, each clause once; empty: nothing of this step can be remembered."""
    folder = policy.folder or Path.cwd()
    found: dict[Clause, Finding] = {}
    for finding in verdict.findings:
        target = finding.target or None
        if policy.decide(finding.capability, target) != "ask":
            continue
        scope = _scope(finding, folder)
        if not scope:
            continue
        clause = Clause(finding.capability, "allow", scope)
        if policy.with_session([clause]).decide(finding.capability, target) == "allow":
            found.setdefault(clause, finding)
    return tuple(_without_narrower(list(found), folder))


def words(clause: Clause) -> str:
    """The clause as it is offered and shown: "write_file in out/"."""
    inside = clause.capability in PATHS and clause.scope.endswith(("/", os.sep))
    return f"{clause.capability} {'in ' if inside else ''}{clause.scope}"


def _scope(finding: Finding, folder: Path) -> str:
    target = finding.target
    if not target.isprintable() or not 0 < len(target) <= LONGEST:
        return ""
    if finding.capability in PATHS:
        return _path_scope(finding.capability, target, folder)
    if finding.capability == "network":
        known = CUT not in target and "*" not in target and not any(mistakes("network", target))
        return target.lower() if known else ""
    return target if finding.capability in BY_NAME and _own_name(finding) else ""


def _own_name(finding: Finding) -> bool:
    """Whether the name says what it stands for; the standard library's have rules of their own."""
    known = finding.code == _IMPORTS_UNKNOWN or bool(_QUALIFIED.fullmatch(finding.target))
    library = finding.target.partition(".")[0] in sys.stdlib_module_names
    return known and (finding.capability != "unknown" or not library)


def _path_scope(capability: Capability, target: str, folder: Path) -> str:
    """The folder of the file where that is not too much, else the file alone."""
    known, cut, _ = target.partition(CUT)
    if re.search(r"[*?\[]", known):
        return ""
    made = capability == "write_file" and not cut and not os.path.splitext(known)[1]  # a folder that is made
    for holds in (known.rstrip("/") if made else "", os.path.dirname(known)):
        if capability != "delete_file" and holds and _is_narrow(capability, holds, folder):
            return f"{holds}/"
    return "" if cut else known


def _is_narrow(capability: Capability, name: str, folder: Path) -> bool:
    """Written is only below the working directory; read elsewhere too, but not next to everything else."""
    path, here, home = (Path(*real(each, folder)) for each in (name, ".", "~"))
    if any(path == root or path in root.parents for root in (here, home)):
        return False
    if any(part.startswith((".", "__")) for part in path.parts[1:]):
        return False
    if capability == "write_file" or here in path.parents:
        return here in path.parents
    first = path.parts[1] if len(path.parts) > 1 else ""
    return first not in SYSTEM and len(path.parts) > (3 if first in HOMES else 2)


def _without_narrower(clauses: list[Clause], folder: Path) -> Iterator[Clause]:
    for clause in clauses:
        others = (other for other in clauses if other is not clause)
        if not any(_covers(other, clause, folder) for other in others):
            yield clause


def _covers(wide: Clause, narrow: Clause, folder: Path) -> bool:
    if wide.capability != narrow.capability or wide.capability not in PATHS:
        return False
    if within(wide.capability, narrow.scope, wide.scope, folder) != "yes":
        return False
    both = within(wide.capability, wide.scope, narrow.scope, folder) == "yes"
    return not both or wide.scope < narrow.scope
