"""Code, the live names and a policy to a verdict; doubt never allows."""

from __future__ import annotations

import ast
import contextlib
import gc
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace

from caveagent_magic.events import Capability, Finding, Judgement, Verdict
from caveagent_magic.pattern import pattern
from caveagent_magic.security.budget import RULES, Budget, TooMuch
from caveagent_magic.security.confusables import confusables
from caveagent_magic.security.exhaustion.loops import top_level_awaits
from caveagent_magic.security.flow.reader import span_of
from caveagent_magic.security.names import uses_of
from caveagent_magic.security.policies.clauses import STRICTNESS
from caveagent_magic.security.policies.policy import Policy, stricter
from caveagent_magic.security.policies.scopes import TARGETED
from caveagent_magic.security.rule import Rule, rules_for
from caveagent_magic.security.use import Span, Use

AWAIT = "top-level await cannot run in a blocking cell: use ordinary calls"
TOO_LONG = "is longer than what can be looked at in one cell: put the data into a file"
TOO_MUCH = "is more than could be looked at in the time there is"
UNREADABLE = "CAVE002"
LONGEST = 200_000  # characters
MOST_TOKENS = 60_000  # roughly; the parser alone takes four microseconds for each
TOKEN = pattern(r"\w+|[^\w\s]")
HIDDEN = pattern(
    r"[\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b\x0e-\x1f\x7f\x85]|\r(?!\n)"
)
SURROGATE = pattern(r"[\ud800-\udfff]")


def judge(
    code: str, namespace: Mapping[str, object], policy: Policy, budget: Budget | None = None
) -> Verdict:
    """The verdict; nothing of the namespace is run, and nothing here ever raises for bad code."""
    with _uncollected():
        return _judged(code, namespace, policy, budget or Budget())


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: that of a large kernel takes longer than the verdict."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _judged(code: str, namespace: Mapping[str, object], policy: Policy, budget: Budget) -> Verdict:
    hidden = _hidden(code)
    if hidden is not None:
        return Verdict("deny", (hidden,))
    if len(code) > LONGEST or sum(1 for _ in TOKEN.finditer(code)) > MOST_TOKENS:
        return _doubt(TOO_LONG, policy)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Verdict("deny", (_unreadable(error),))
    try:
        return _verdict(tree, code, namespace, policy, budget)
    except RecursionError:
        return _doubt("is nested too deeply to be looked at", policy)
    except Exception as error:  # a fault of ours must never let code pass
        return _doubt(f"could not be looked at: {type(error).__name__}", policy)


def _hidden(code: str) -> Finding | None:
    """A character that makes code look like something else, or that the parser cannot take."""
    plain = code.isascii() and code.replace("\n", "").replace("\t", "").isprintable()
    found = None if plain else HIDDEN.search(code) or SURROGATE.search(code)
    if found is None:
        return None
    before = code[: found.start()]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
    message = (
        f"holds the invisible character U+{ord(found.group()):04X}: the code may not be what it looks like"
    )
    return Finding("CAVE001", "unknown", message, line, column, line, column + 1)


def _unreadable(error: Exception) -> Finding:
    line = max(getattr(error, "lineno", None) or 1, 1)
    column = max((getattr(error, "offset", None) or 1) - 1, 0)
    reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deeply"
    return Finding(
        UNREADABLE, "unknown", f"is not Python that can be read: {reason}", line, column, line, column
    )


def _doubt(message: str, policy: Policy) -> Verdict:
    return Verdict(
        stricter("ask", policy.decide("unknown")), (Finding("CAVE003", "unknown", message, 1, 0, 1, 0),)
    )


def _verdict(
    tree: ast.Module, code: str, namespace: Mapping[str, object], policy: Policy, budget: Budget
) -> Verdict:
    lines = code.splitlines(keepends=True)
    found: dict[Finding, Judgement] = {}
    for node in top_level_awaits(tree) if "await" in code or "async" in code else ():
        found[_finding("CAVE903", "kernel", AWAIT, span_of(node), lines)] = "deny"
    for node, name, like in () if code.isascii() else confusables(tree, namespace):
        message = f"has the name {name}, which reads like {like} but is another one"
        finding = _finding("CAVE001", "unknown", message, span_of(node), lines)
        found[finding] = stricter("ask", policy.decide("unknown"))
    uses, whole = uses_of(tree, namespace, budget)
    try:
        budget.until = RULES
        for use in uses:
            budget.look()
            for rule in rules_for(use.kind, use.names):
                for finding, judgement in _apply(rule, use, policy, lines):
                    found[finding] = stricter(found.get(finding, "allow"), judgement)
    except TooMuch:
        whole = False
    if not whole:
        doubt = _doubt(TOO_MUCH, policy)
        found[doubt.findings[0]] = doubt.decision
    decision: Judgement = "allow"
    for judgement in found.values():
        decision = stricter(decision, judgement)
    kept = _without_repeats(found)
    return Verdict(decision, tuple(sorted(kept, key=lambda f: (f.line, f.column, f.code, f.message))))


def _apply(rule: Rule, use: Use, policy: Policy, lines: list[str]) -> Iterator[tuple[Finding, Judgement]]:
    try:
        hits = list(rule.check(use))
    except Exception as error:  # a rule that crashes must ask, whatever went wrong in it
        message = f"could not be looked at: the rule {rule.code} failed with {type(error).__name__}"
        yield (
            _finding("CAVE003", "unknown", message, use.span, lines),
            stricter("ask", policy.decide("unknown")),
        )
        return
    for hit in hits:
        target = hit.target if hit.target or rule.capability in TARGETED else hit.name
        judgement = stricter(rule.verdict, policy.decide(rule.capability, target))
        if judgement == "allow" and rule.capability == "read_file":
            continue  # part of ordinary computing, which the guard lets through as well
        message = rule.message.format(
            name=hit.name, target=hit.target or "a path that is not known", detail=use.detail
        )
        message = " ".join(message.split())
        inside = f"{message} (in {use.via})" if use.via else message
        found = _finding(rule.code, rule.capability, inside, use.span, lines)
        yield replace(found, target=target or ""), judgement


def _without_repeats(found: Mapping[Finding, Judgement]) -> list[Finding]:
    """One for each rule, place and path or host, the strictest; no unknown where one as strict is known."""
    strictness = {finding: STRICTNESS[judgement] for finding, judgement in found.items()}
    seen: set[tuple[object, ...]] = set()
    kept: list[Finding] = []
    placed: dict[tuple[int, int], int] = {}
    for finding in found:
        if finding.capability != "unknown":
            place = (finding.line, finding.column)
            placed[place] = max(placed.get(place, -1), strictness[finding])
    for finding in sorted(
        found, key=lambda f: (f.line, f.column, -strictness[f], -f.end_line, -f.end_column)
    ):
        key = (
            finding.code,
            finding.line,
            finding.column,
            finding.target if finding.capability in TARGETED else "",
        )
        known = placed.get((finding.line, finding.column), -1)
        vague = finding.capability == "unknown" and known >= strictness[finding]
        if key not in seen and not vague:
            seen.add(key)
            kept.append(finding)
    return kept


def _finding(code: str, capability: Capability, message: str, span: Span, lines: list[str]) -> Finding:
    return Finding(
        code, capability, message, span.line, _column(span.line, span.column, lines), span.end_line,
        _column(span.end_line, span.end_column, lines),
    )  # fmt: skip


def _column(line: int, offset: int, lines: list[str]) -> int:
    """The column in characters; the parser counts bytes."""
    if not 0 < line <= len(lines):
        return 0
    return len(lines[line - 1].encode()[:offset].decode(errors="ignore"))
