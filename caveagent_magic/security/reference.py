"""The rules in words, generated from their classes: for `%cave explain`, and for RULES.md beside this file.

`python -m caveagent_magic.security.reference --write` writes the file, `--check` compares it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path

from caveagent_magic.errors import UsageError
from caveagent_magic.events import CAPABILITIES
from caveagent_magic.security.rule import Flagged, Rule, all_rules

FILE = Path(__file__).with_name("RULES.md")
HEAD = """# Rules of the security layer

Generated from the classes in `rules/`; `make rules` writes it anew.
A rule finds *one use of one capability*; the policy decides what a finding means.
Nothing here is ever called safe: what is not found may still be there.
What could not be known is asked about.
`%cave explain CODE` shows one rule, `%cave explain CAPABILITY` lists those of a capability.
"""
OF_THE_JUDGE = {
    "CAVE001": (
        "Code with characters that cannot be seen, or names whose letters only look like others.\n\n"
        "It may not be what it looks like. The first is denied, the second asked about."
    ),
    "CAVE002": "Code that is not Python, or is nested too deeply for the parser. It is denied.",
    "CAVE003": (
        "Code that could not be looked at to its end: too long, too much, a fault in a rule.\n\n"
        "What was not looked at is asked about, whatever was found in the rest."
    ),
    "CAVE903": "An `await` outside of a function. It cannot run in a cell that blocks, and is denied.",
}


def explain(wanted: str) -> str:
    """A rule, or the rules of a capability, in Markdown; raises `UsageError` naming what there is."""
    code, capability = wanted.upper(), wanted.lower()
    if code in OF_THE_JUDGE:
        return _of_the_judge(code)
    for rule in all_rules():
        if rule.code == code:
            return _markdown(rule)
    if capability in CAPABILITIES:
        return "\n".join(_row(rule) for rule in all_rules() if rule.capability == capability)
    codes = ", ".join([*OF_THE_JUDGE, *(rule.code for rule in all_rules())])
    raise UsageError(f"No rule is called {wanted}; there are {codes}, and {', '.join(CAPABILITIES)}.")


def overview() -> str:
    """One line for each rule."""
    return "\n".join(_row(rule) for rule in all_rules())


def reference() -> str:
    """Every rule in Markdown."""
    judged = (_of_the_judge(code) for code in OF_THE_JUDGE)
    return "\n\n".join([HEAD.rstrip(), *judged, *(_markdown(rule) for rule in all_rules())]) + "\n"


def says(rule: Rule) -> str:
    """The rule's message, with `…` where the name or path will be."""
    return " ".join(rule.message.format(name="…", target="…", detail="").split())


def _row(rule: Rule) -> str:
    return f"{rule.code}  {rule.capability:<15} {says(rule)}"


def _of_the_judge(code: str) -> str:
    return f"## {code} · before any rule\n\n{OF_THE_JUDGE[code]}"


def _markdown(rule: Rule) -> str:
    lines = [
        f"## {rule.code} · {rule.capability}",
        "",
        inspect.getdoc(rule) or "",
        "",
        f"Says: *{says(rule)}*",
    ]
    for title, kind in (("Found in", True), ("Left alone", False)):
        for example in rule.examples:
            if isinstance(example, Flagged) is kind:
                lines += ["", f"{title}:", "", "```python", example.source, "```"]
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Write or check the file; a difference is 1."""
    if words == ["--write"]:
        FILE.write_text(reference(), "utf-8")
    elif words == ["--check"]:
        written = FILE.read_text("utf-8") if FILE.exists() else ""
        if written != reference():
            print(f"{FILE.name} is not what the rules say: run `make rules`.", file=sys.stderr)
            return 1
    else:
        print(reference(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
