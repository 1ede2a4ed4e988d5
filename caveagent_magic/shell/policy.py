"""`%cave policy`: what applies and from where, and what the person says about it in this notebook."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caveagent_magic.errors import UsageError
from caveagent_magic.events import CAPABILITIES, Capability, Judgement
from caveagent_magic.security.policies.clauses import JUDGEMENTS, STRICTNESS, Clause, Layer, read
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.security.policies.scopes import mistakes
from caveagent_magic.shell.policy_file import append

if TYPE_CHECKING:
    from caveagent_magic.shell.magic import CaveMagics

USAGE = (
    "%cave policy · %cave policy CAPABILITY [SCOPE] allow|ask|deny · %cave policy forget N · "
    "%cave policy reset · %cave policy use FILE · %cave policy save [FILE]"
)
Row = tuple[str, str, str, str, str]  # capability, number, judgement, scope, source


def run(words: Sequence[str], magics: CaveMagics) -> str:
    """The text of `%cave policy …`."""
    match [word.strip("\"'") for word in words]:
        case []:
            return shown(magics.driver.policy())
        case ["reset"]:
            magics.driver.said.clauses = ()
            return "What was said in this notebook is forgotten. The policy files are as they were."
        case ["forget", number]:
            return _forget(number, magics)
        case ["use", file]:
            return _use(file, magics)
        case ["save", *file] if len(file) < 2:
            return _save("".join(file), magics)
        case [capability, *scope, judgement] if capability in CAPABILITIES and len(scope) < 2:
            return _say(capability, "".join(scope), judgement, magics)
        case [first, *_]:
            known = first in (*CAPABILITIES, "forget", "use", "save", "reset")
            names = "" if known else f" {first!r} is no capability; there are {', '.join(CAPABILITIES)}."
            raise UsageError(f"Write {USAGE}.{names}")
    raise AssertionError(words)


def sources(policy: Policy) -> str:
    """In one line, what the policy is made of."""
    files = [f"{layer.source} ({layer.kind})" for layer in policy.layers if layer.kind in FILES]
    said = len(policy.session.clauses)
    here = [f"{said} said in this notebook"] if said else []
    limited = [policy.caps.words] if policy.caps.words else []
    return ", ".join(["the shipped default", *files, *here, *limited])


FILES = ("administrator", "user", "notebook")


def shown(policy: Policy) -> str:
    """The policy as a table: what applies to each scope, and which layer says so."""
    rows = rules(policy)
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    table = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]])
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in (*table, "", *remarks(policy)))


def rules(policy: Policy) -> list[Row]:
    """What applies to each scope; the capability stands in its first row only."""
    return [row for capability in CAPABILITIES for row in _rows(capability, policy)]


def _rows(capability: Capability, policy: Policy) -> Iterator[Row]:
    said = [clause for clause in policy.session.clauses if clause.capability == capability]
    numbers = {clause.scope: str(policy.session.clauses.index(clause) + 1) for clause in said}
    name: str = capability
    for scope in _scopes(capability, policy):
        ruling = policy.ruling(capability, scope)
        yield name, numbers.get(scope, ""), ruling.judgement, scope, _source(ruling.layer)
        name = ""
    rest = policy.unscoped().ruling(capability)
    words = "everything else" if not name else "everything"
    yield name, numbers.get("", ""), rest.judgement, words, _source(rest.layer)


def _scopes(capability: Capability, policy: Policy) -> list[str]:
    """Every scope that still counts; the shipped ones are replaced where something else speaks of all."""
    found: dict[str, None] = {}
    for layer in policy.all_layers:
        for clause in layer.clauses:
            if layer.kind == "built in" or clause.capability != capability or not clause.scope:
                continue
            if layer.kind != "shipped" or policy.ruling(capability, clause.scope).layer.kind == "shipped":
                found[clause.scope] = None
    return list(found)


def _source(layer: Layer) -> str:
    match layer.kind:
        case "shipped":
            return "the shipped default"
        case "administrator" | "user" | "notebook":
            return f"{_short(layer.source)} ({layer.kind})"
    return layer.source


def _short(path: str) -> str:
    home = os.path.expanduser("~")
    return f"~{path[len(home) :]}" if path.startswith(f"{home}{os.sep}") else path


def remarks(policy: Policy) -> Iterator[str]:
    """What holds beside the rules."""
    yield "Whatever is said here, no step may write the policies or reach for caveagent_magic itself."
    if policy.unattended:
        yield "Where nobody can answer, steps whose verdict is allow run."
    if policy.session.clauses:
        yield "Numbered rules were said in this notebook: %cave policy forget N, or %cave policy save FILE."


def _say(capability: Capability, scope: str, said: str, magics: CaveMagics) -> str:
    judgement = next((each for each in JUDGEMENTS if each == said), None)
    if judgement is None:
        raise UsageError(f"{said!r} is no judgement: write allow, ask or deny. {USAGE}.")
    for mistake in mistakes(capability, scope) if scope else ():
        raise UsageError(f"The scope {mistake}.")
    clause = Clause(capability, judgement, scope)
    magics.driver.said.say([clause])
    return f"In this notebook, {clause.words} is {WORDS[judgement]} from now on.{_not_so(clause, magics)}"


WORDS: dict[Judgement, str] = {"allow": "allowed", "ask": "asked about", "deny": "denied"}


def _not_so(clause: Clause, magics: CaveMagics) -> str:
    """What a stricter layer makes of it."""
    policy = magics.driver.policy()
    ruling = (policy if clause.scope else policy.unscoped()).ruling(clause.capability, clause.scope or None)
    if STRICTNESS[ruling.judgement] <= STRICTNESS[clause.judgement]:
        return ""
    return f" But it stays {WORDS[ruling.judgement]}: {_source(ruling.layer)} says so."


def _forget(number: str, magics: CaveMagics) -> str:
    clauses = magics.driver.said.clauses
    if not number.isdecimal() or not 0 < int(number) <= len(clauses):
        there = f"the numbers 1 to {len(clauses)}" if clauses else "nothing that was said in this notebook"
        raise UsageError(f"There is no rule {number!r}; there is {there}.")
    clause = clauses[int(number) - 1]
    magics.driver.said.forget(clause)
    return f"Forgotten: {clause.words} {clause.judgement}."


def _use(file: str, magics: CaveMagics) -> str:
    """Make a file this notebook's policy, if it is one."""
    read(Path(file), "notebook")
    magics.policy_file = file
    return f"The policy of this notebook is {file} from now on."


def _save(file: str, magics: CaveMagics) -> str:
    """Write what was said into the notebook's policy file, which applies from then on."""
    driver = magics.driver
    target = file or driver.policy_file()
    if not target:
        raise UsageError("There is no policy file for this notebook yet: %cave policy save policy.toml.")
    if not driver.said.clauses:
        raise UsageError("Nothing was said in this notebook that could be saved.")
    path = Path(os.path.abspath(os.path.expanduser(target)))
    append(path, driver.said.clauses)
    read(path, "notebook")
    magics.policy_file = str(path)
    count = len(driver.said.clauses)
    return (
        f"{count} {'rule is' if count == 1 else 'rules are'} saved in {path}, which applies to this notebook."
    )
