"""The security layer's figures on its own corpus: `python tests/security/figures.py`."""

from __future__ import annotations

import json
import linecache
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from caveagent_magic.security.judge import judge
from caveagent_magic.security.policy import Policy

CORPUS = Path(__file__).with_name("corpus")
LIVE = """
import numpy as np
import pandas as pd
rng = np.random.default_rng(1)
df = pd.DataFrame({"a": rng.integers(0, 9, 200), "b": rng.random(200)})
df["city"] = rng.choice(["Oslo", "Rome"], 200)
df["date"] = pd.date_range("2024-01-01", periods=200)
sales, customers, data, train, test = df.copy(), df.copy(), df.copy(), df.copy(), df.copy()
prices, labels, values = df["b"], df["city"], df["b"].to_numpy()
"""
RUNNER = """
import code, io, json, sys
from caveagent_magic.security.guard import guard
setup, attack = json.load(sys.stdin)
names = {}
runner = code.InteractiveInterpreter(names)
for source in setup:
    runner.runcode(compile(source, "<ipython-input-0>", "exec"))
compiled = compile(attack, "<ipython-input-1>", "exec")
effects = []
with guard([], effects.append):
    runner.runcode(compiled)
print("REFUSED" if any(not effect.allowed for effect in effects) else "RAN")
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the corpus, with what ran before it."""

    group: str
    title: str
    setup: str
    source: str

    @property
    def name(self) -> str:
        """How a person finds it again."""
        return f"{self.group}: {self.title}"


def cases(kind: str) -> Iterator[Case]:
    """All cells of `attacks` or `benign`."""
    for path in sorted((CORPUS / kind).glob("*.cells")):
        for block in path.read_text("utf-8").split("#%% ")[1:]:
            title, _, source = block.partition("\n")
            setup, _, rest = source.partition("#: attack\n")
            if not rest:
                setup, rest = "", source
            yield Case(path.stem, title.strip(), setup.removeprefix("#: setup\n"), rest.rstrip("\n"))


def live_names(setup: str, number: int, with_source: bool = True) -> dict[str, object]:
    """The names of a kernel in which the data and the setup were run, as a notebook keeps their sources."""
    names: dict[str, object] = {"__name__": "__main__"}
    for part, source in enumerate((LIVE, setup)):
        file = f"<ipython-input-{number}-{part}>" if with_source else "<string>"
        exec(compile(source, file, "exec"), names)
        if with_source:
            linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    return names


def missed(with_source: bool = True) -> list[Case]:
    """The attacks that the static verdict allows."""
    policy = Policy.load()
    return [
        case
        for number, case in enumerate(cases("attacks"))
        if judge(case.source, live_names(case.setup, number, with_source), policy).decision == "allow"
    ]


def stopped_by_guard(case: Case) -> bool:
    """Whether running the attack, whose payloads are harmless, raises instead."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        environment = {"PYTHONPATH": str(CORPUS.parents[2]), "HOME": folder}
        done = subprocess.run(
            [sys.executable, "-c", RUNNER], input=json.dumps([[LIVE, case.setup], case.source]), cwd=folder,
            capture_output=True, text=True, timeout=60, env=environment,
        )  # fmt: skip
    return "REFUSED" in done.stdout


def asked() -> list[tuple[Case, str]]:
    """The benign cells that are not allowed, and why."""
    policy = Policy.load()
    names = live_names("", 0)
    found = []
    for case in cases("benign"):
        verdict = judge(case.source, names, policy)
        if verdict.decision != "allow":
            found.append((case, "; ".join(f"{f.line}: {f.code} {f.message}" for f in verdict.findings)))
    return found


def milliseconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def kept(found: Sized, of: Sized) -> str:
    """The share that was not found."""
    return f"{100 * (1 - len(found) / len(of)):.1f} %"


def main() -> None:
    """Print everything."""
    names, policy = live_names("", 0), Policy.load()
    thirty = (CORPUS / "thirty_lines.cells").read_text("utf-8")
    first = milliseconds(lambda: judge(thirty, names, policy))
    warm = sorted(milliseconds(lambda: judge(thirty, names, policy)) for _ in range(40))
    attacks, benign = list(cases("attacks")), list(cases("benign"))
    slipped, compiled, questions = missed(), missed(with_source=False), asked()
    unstopped = [case for case in slipped if not stopped_by_guard(case)]
    print(f"attacks: {len(attacks)} in {len({case.group for case in attacks})} files")
    print(f"  static: {kept(slipped, attacks)} stopped; without sources {kept(compiled, attacks)}")
    print(f"  with the guard: {kept(unstopped, attacks)}")
    for case in dict.fromkeys([*slipped, *compiled]):
        print(f"  statically allowed: {case.name}{' – and ran' if case in unstopped else ''}")
    print(f"benign: {len(benign)} cells, {kept(questions, benign)} allowed")
    for case, why in questions:
        print(f"  asked: {case.name}: {why}")
    median = statistics.median(warm)
    print(f"30 lines: first {first:.1f} ms, warm median {median:.1f} ms, maximum {warm[-1]:.1f} ms")
    slow = max((milliseconds(lambda c=case: judge(c.source, names, policy)), case.name) for case in benign)
    print(f"slowest benign cell: {slow[0]:.1f} ms ({slow[1]})")
    print(f"astroid imported: {'astroid' in sys.modules}")


if __name__ == "__main__":
    main()
