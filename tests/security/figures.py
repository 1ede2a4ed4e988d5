"""The security layer's figures on its own corpus: `python tests/security/figures.py`."""

from __future__ import annotations

import contextlib
import functools
import linecache
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from caveagent_magic.security.judge import judge
from caveagent_magic.security.policies.policy import Policy
from tests.security.trials import Trial, trials

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


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the corpus, with what ran before it."""

    group: str
    title: str
    setup: str
    source: str
    effect: str = ""  # an expression that is true when the attack had its effect

    @property
    def name(self) -> str:
        """How a person finds it again."""
        return f"{self.group}: {self.title}"


def cases(kind: str) -> Iterator[Case]:
    """All cells of `attacks` or `benign`.

    A cell begins with `#%% title`; `#: setup` and `#: attack` part what the person ran before from the
    attack, and `#: effect` begins an expression, evaluated afterwards, for what leaves no file behind.
    """
    for path in sorted((CORPUS / kind).glob("*.cells")):
        for block in path.read_text("utf-8").split("#%% ")[1:]:
            title, _, source = block.partition("\n")
            source, _, effect = source.partition("#: effect\n")
            setup, _, rest = source.partition("#: attack\n")
            if not rest:
                setup, rest = "", source
            yield Case(
                path.stem, title.strip(), setup.removeprefix("#: setup\n"), rest.rstrip("\n"), effect.strip()
            )


def live_names(setup: str, number: int, with_source: bool = True) -> dict[str, object]:
    """The names of a kernel in which the data and the setup were run, as a notebook keeps their sources."""
    names: dict[str, object] = {"__name__": "__main__"}
    for part, source in enumerate((LIVE, setup)):
        file = f"<ipython-input-{number}-{part}>" if with_source else "<string>"
        exec(compile(source, file, "exec"), names)
        if with_source:
            linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    return names


def _forget(names: dict[str, object]) -> None:
    """What native code or pyplot holds of one case must not be there for the next."""
    names.clear()
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


@functools.cache
def missed(with_source: bool = True) -> tuple[Case, ...]:
    """The attacks that the static verdict allows."""
    policy, allowed = Policy.load(), []
    # some setups open files, and what lies among temporary files is nobody's
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder, contextlib.chdir(folder):
        for number, case in enumerate(cases("attacks")):
            names = live_names(case.setup, number, with_source)
            if judge(case.source, names, policy).decision == "allow":
                allowed.append(case)
            _forget(names)
    return tuple(allowed)


@dataclass(frozen=True, slots=True)
class Figure:
    """How one attack fared."""

    case: Case
    static: bool  # reading the code stops it
    seen: bool  # without the guard it has an effect that can be seen from outside
    through: bool  # with the guard it still has
    refused: bool  # the guard refused something of it

    @property
    def stopped(self) -> bool:
        """Whether the guard alone keeps it from its effect, or at least refuses a part of it."""
        return not self.through if self.seen else self.refused


def measured(chosen: Sequence[Case]) -> list[Figure]:
    """Each attack, read by the verdict and, apart from that, run under the guard with nothing approved."""
    slipped = set(missed())
    running = [case for case in chosen if case.group != "exhaustion"]  # those have no effect but time
    ran = dict(zip(running, trials(running, LIVE), strict=True))
    nothing = (Trial("", ()), Trial("", ()))
    return [
        Figure(case, case not in slipped, bool(free.effect), bool(held.effect), bool(held.refused))
        for case in chosen
        for free, held in [ran.get(case, nothing)]
    ]


def asked() -> list[tuple[Case, str]]:
    """The benign cells that are not allowed, and why: in a process in which no attack was set up."""
    policy = Policy.load()
    plain = live_names("", 0)
    found = []
    for number, case in enumerate(cases("benign")):
        names = live_names(case.setup, -number) if case.setup else plain
        verdict = judge(case.source, names, policy)
        if case.setup:
            _forget(names)
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


def table(figures: Sequence[Figure]) -> None:
    """One line for each category: reading alone, the guard alone, both."""
    print("  category            attacks  static  visible  of these held  guard alone  both")
    groups = sorted({figure.case.group for figure in figures})
    for group in [*groups, "all"]:
        part = [figure for figure in figures if group in (figure.case.group, "all")]
        visible = [figure for figure in part if figure.seen]
        held = sum(not figure.through for figure in visible)
        static, alone = sum(figure.static for figure in part), sum(figure.stopped for figure in part)
        both = sum(figure.static or figure.stopped for figure in part)
        print(f"  {group:18} {len(part):8} {static:7} {len(visible):8} {held:14} {alone:12} {both:5}")
    for figure in figures:
        if figure.seen and figure.through:
            print(f"  the guard alone lets through: {figure.case.name}")


def main() -> None:
    """Print everything, or only the benign cells that are asked about."""
    if sys.argv[1:] == ["asked"]:
        print(*(f"{case.name}: {why}" for case, why in asked()), sep="\n", end="")
        return
    names, policy = live_names("", 0), Policy.load()
    thirty = (CORPUS / "thirty_lines.cells").read_text("utf-8")
    first = milliseconds(lambda: judge(thirty, names, policy))
    warm = sorted(milliseconds(lambda: judge(thirty, names, policy)) for _ in range(40))
    attacks, benign = list(cases("attacks")), list(cases("benign"))
    questions = asked()  # before the setups of attacks have run
    slipped, compiled = missed(), missed(with_source=False)
    figures = measured(attacks)
    unstopped = [figure.case for figure in figures if not figure.static and not figure.stopped]
    print(f"attacks: {len(attacks)} in {len({case.group for case in attacks})} files")
    print(f"  static: {kept(slipped, attacks)} stopped; without sources {kept(compiled, attacks)}")
    print(f"  with the guard: {kept(unstopped, attacks)}")
    table(figures)
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
