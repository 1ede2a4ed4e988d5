"""Adding clauses to a policy file; what the person wrote there, comments included, stays."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

from caveagent_magic.errors import PolicyError
from caveagent_magic.security.policies.clauses import JUDGEMENTS, Clause, read


def append(path: Path, clauses: Iterable[Clause]) -> None:
    """Put the clauses into the file, each in place of what it said of the same scope; made if missing."""
    import tomlkit  # heavy, and only saving needs it

    try:
        if path.exists():
            read(path, "notebook")  # what is not valid is named, and left alone
        document = tomlkit.parse(path.read_text("utf-8") if path.exists() else "")
        capabilities = document.setdefault("capabilities", tomlkit.table(is_super_table=True))
        for clause in clauses:
            _put(capabilities, clause)
        path.write_text(tomlkit.dumps(document), "utf-8")
    except OSError as error:
        raise PolicyError(f"The policy {path} cannot be written: {error.strerror}.") from None


def _put(capabilities: MutableMapping[str, Any], clause: Clause) -> None:
    import tomlkit

    said = capabilities.get(clause.capability)
    if not clause.scope and not isinstance(said, dict):
        capabilities[clause.capability] = clause.judgement
        return
    if not isinstance(said, dict):
        table = tomlkit.table()
        if said is not None:
            table["otherwise"] = str(said)
        capabilities[clause.capability] = said = table
    if not clause.scope:
        said["otherwise"] = clause.judgement
        return
    for judgement in JUDGEMENTS:
        while clause.scope in said.get(judgement, []):
            said[judgement].remove(clause.scope)
    said.setdefault(clause.judgement, []).append(clause.scope)
