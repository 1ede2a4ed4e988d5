"""Prints what three kinds of agents spend on the same work; every figure names its baseline.

Run with `python tests/benchmarks/tokens [tau2|heavy|drift|live] [--every N] [--questions N]`; without a
name all parts but the live one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from counting import MESSAGE_TOKENS, TOKENIZER, Count, saved

PARTS = ("tau2", "heavy", "drift")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="tau2, heavy, drift, live; none: all but live")
    parser.add_argument("--domains", nargs="*", default=["retail", "airline"], help="of τ²-bench")
    parser.add_argument("--every", type=int, default=1, help="play only every n-th task of τ²-bench")
    parser.add_argument("--questions", type=int, default=0, help="ask only so many live questions")
    parser.add_argument("--agents", nargs="*", default=(), help="ask only these live agents")
    parser.add_argument("--weights", default="1.5b", help="of the embedded model: 1.5b, 0.5b or a path")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    asked = parser.parse_args()
    print(
        f"Tokens by {TOKENIZER}, {MESSAGE_TOKENS} more for each message; a total is prompt + completion of "
        "all requests, the whole context being sent with each. `cached`: the part of the prompts that is the "
        "common prefix with the request before."
    )
    figures = {}
    for part in asked.parts or PARTS:
        figures[part] = RUN[part](asked)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1))


def tau2(asked: argparse.Namespace) -> dict[str, object]:
    """τ²-bench."""
    from tau2_replay import AGENTS, COMPACT, GROUPED, ONE_BY_ONE, OURS, SAME_STEPS, replay

    figures: dict[str, object] = {}
    for domain in asked.domains:
        played = replay(domain, asked.every)
        print(
            f"\n## τ²-bench {domain}: oracle replay of the {played.tasks} tasks that need calls, "
            f"{played.calls} right calls"
        )
        parallel = [name for name in AGENTS if name.startswith("JSON, parallel")]
        best = min(parallel, key=lambda name: played.counts[name].total)
        table(played.counts, {"sequential": ONE_BY_ONE, "compact": COMPACT, "best case": best})
        for name, wrong in played.wrong.items():
            print(f"{name}: reward 1.0 on all {played.tasks}" if not wrong else f"{name}: {wrong}")
        print(f"`sequential`: {ONE_BY_ONE}. `compact`: {COMPACT}. `best case`: {best}. Batching: each row.")
        parts(played.counts, (OURS, SAME_STEPS, ONE_BY_ONE, best))
        ours, same = played.counts[OURS], played.counts[SAME_STEPS]
        bar(f"{OURS} below `sequential`", saved(ours, played.counts[ONE_BY_ONE]), 65)
        for name, baseline in (("compact", COMPACT), ("best case", best)):
            bar(f"{OURS} below `{name}`", saved(ours, played.counts[baseline]), 50)
            bar(f"{SAME_STEPS} below `{name}`", saved(same, played.counts[baseline]), 0)
            bar(f"{GROUPED} below `{name}`", saved(played.counts[GROUPED], played.counts[baseline]), 0)
        single = min(
            (each for each in AGENTS if each.startswith("JSON, sequential")),
            key=lambda name: played.counts[name].total,
        )
        bar(f"{SAME_STEPS} below `{single}`", saved(same, played.counts[single]), 0)
        figures[domain] = {
            "tasks": played.tasks,
            "wrong": {name: wrong for name, wrong in played.wrong.items() if wrong},
            "totals": {name: count.total for name, count in played.counts.items()},
        }
    return figures


def heavy(asked: argparse.Namespace) -> dict[str, object]:
    """Work on tables."""
    from heavy import CODEACT, JSON, OURS, OURS_OPEN, PAGE, TASKS, answerable, play, rows_matter

    counts, wrong = play()
    print("\n## Data-heavy: oracle replies")
    for family, found in counts.items():
        print(f"\n{family}")
        table(found, {"JSON": JSON, "CodeAct": CODEACT})
    whole = {name: Count() for name in next(iter(counts.values()))}
    for found in counts.values():
        for name, count in found.items():
            whole[name].add(count)
    print("\nall")
    table(whole, {"JSON": JSON, "CodeAct": CODEACT})
    parts(whole, (OURS, OURS_OPEN, JSON, CODEACT))
    print(f"wrong results: {wrong or 'none'}")
    print(f"`JSON`: {JSON}; compact schemas and results. `CodeAct`: {CODEACT}.")
    for most in (PAGE, 5 * PAGE):
        print(
            f"JSON with {most} rows at most has what a right answer needs in {answerable(most)} "
            f"of {len(TASKS)} tasks"
        )
    for name in (OURS, OURS_OPEN):
        bar(f"{name}, below JSON", saved(whole[name], whole[JSON]), 80)
        bar(f"{name}, below CodeAct", saved(whole[name], whole[CODEACT]), 60)
    by_rows = {level: rows_matter(level) for level in ("schema", "samples")}
    for level, found in by_rows.items():
        print(f"ours, one task, level {level}: {found} tokens at 1,000, 336,776 and 1,000,000 rows")
    totals = {name: count.total for name, count in whole.items()}
    return {"totals": totals, "wrong": wrong, "by rows": by_rows}


def drift(asked: argparse.Namespace) -> dict[str, object]:
    """A long session."""
    from drift import play

    session = play()
    print(f"\n## Drift: {len(session.contexts)} turns in one notebook")
    print("largest context of each turn:", " ".join(f"{each:,}" for each in session.contexts))
    print(f"comparisons: {session.compared}, different: {len(session.different)} {session.different[:5]}")
    ratio = session.contexts[-1] / session.contexts[4]
    print(f"context of the last turn by that of turn 5: {ratio:.2f} (bar: 1.5 at most)")
    return {"contexts": session.contexts, "compared": session.compared, "different": session.different}


def live(asked: argparse.Namespace) -> dict[str, object]:
    """The embedded model."""
    from live import ask_all

    return ask_all(asked.questions, asked.weights, asked.agents)


RUN = {"tau2": tau2, "heavy": heavy, "drift": drift, "live": live}


def table(counts: Mapping[str, Count], baselines: Mapping[str, str]) -> None:
    """One row for each agent."""
    print(f"{'agent':46}{'requests':>9}{'prompt':>12}{'cached':>12}{'completion':>11}{'total':>12}", end="")
    print("".join(f"{'vs ' + name:>16}" for name in baselines))
    for name, count in counts.items():
        row = f"{name:46}{count.requests:9,}{count.prompt:12,}{count.cached:12,}{count.completion:11,}"
        against = (f"{-saved(count, counts[base]):+15.1f}%" for base in baselines.values())
        print(f"{row}{count.total:12,}{''.join(against)}")


def parts(counts: Mapping[str, Count], names: tuple[str, ...]) -> None:
    """What the prompts consist of."""
    kinds = dict.fromkeys(kind for name in names for kind in counts[name].parts)
    print("; ".join(f"[{place}] {name}" for place, name in enumerate(names, 1)))
    print(
        f"{'prompt tokens by part':46}" + "".join(f"{f'[{place}]':>12}" for place, _ in enumerate(names, 1))
    )
    for kind in kinds:
        print(f"{kind:46}" + "".join(f"{counts[name].parts[kind]:12,}" for name in names))


def bar(what: str, per_cent: float, wanted: float) -> None:
    """A figure and whether it reaches its bar."""
    print(
        f"{what}: {per_cent:.1f} % (bar {wanted:g} %): {'reached' if per_cent >= wanted else 'NOT reached'}"
    )


if __name__ == "__main__":
    main()
