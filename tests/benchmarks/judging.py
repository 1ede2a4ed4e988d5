"""What a verdict costs: the first one, the 30-line cells, the benign corpus, the worst input, the warm-up.

Run with `python tests/benchmarks/judging.py`; times are of this machine as it is.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "security"))

import figures  # noqa: E402

from caveagent_magic.security.flow import infer  # noqa: E402
from caveagent_magic.security.judge import judge  # noqa: E402
from caveagent_magic.security.policies.policy import Policy  # noqa: E402

COLD = """
import time
start = time.perf_counter()
from caveagent_magic.security import check
check("import pandas as pd\\npd.DataFrame({'a': [1]}).groupby('a').sum()")
print((time.perf_counter() - start) * 1000)
"""
ROUNDS = 60
WORST = {
    "5,000 lines": "total = df.groupby('a')['b'].mean()\n" * 5000,
    "99,000 elements": "x = [" + "1," * 99_000 + "]",
    "200,000 characters of markup": 'x = "' + "<a " * 66_000 + '"',
    "3,000 terms": "x = " + "+".join(["'a'"] * 3000),
    "containers of themselves": "x = []\n" + "x = [x, x]\n" * 200,
    "sums of themselves": "x = [1]\n" + "x = x + x\n" * 60,
    "functions of each other": "".join(
        f"def f{i}(x):\n    f{i}(x)\n" + "".join(f"    f{j}([x, {j}])\n" for j in range(i)) for i in range(40)
    )
    + "f39(1)",
    "19 loops": "".join(" " * depth + "for i in x:\n" for depth in range(19)) + " " * 19 + "y = 1",
}


def spread(title: str, times: Iterable[float]) -> None:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(times)
    high = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    print(f"{title}: median {statistics.median(ordered):.1f} ms, p99 {high:.1f} ms, {len(ordered)} verdicts")


def main() -> None:
    """Print everything."""
    cold = [float(subprocess.check_output([sys.executable, "-c", COLD])) for _ in range(5)]
    print(f"first verdict of a process, imports and rules with it: {statistics.median(cold):.0f} ms")
    names, policy = figures.live_names("", 0), Policy.load()
    thirty = (figures.CORPUS / "thirty_lines.cells").read_text("utf-8")
    first = figures.milliseconds(lambda: judge(thirty, names, policy))
    print(f"30 lines, first: {first:.1f} ms")
    cells = [case.source for case in figures.cases("benign")]
    for stage in ("before the warm-up", "after it"):
        spread(
            f"30 lines, {stage}",
            (figures.milliseconds(lambda: judge(thirty, names, policy)) for _ in range(ROUNDS)),
        )
        spread(
            f"benign cells, {stage}",
            [figures.milliseconds(lambda c=c: judge(c, names, policy)) for c in cells],
        )
        if not infer.ready():
            started = time.process_time()
            infer.warm_up().join()
            print(f"warm-up: {time.process_time() - started:.1f} s of CPU in the background")
    for title, code in WORST.items():
        spent = figures.milliseconds(lambda code=code: judge(code, names, policy))
        print(f"  {title}: {spent:.0f} ms, {judge(code, names, policy).decision}")
    sys.stdout.flush()
    subprocess.run([sys.executable, __file__, "attacks"], check=True)


def attacked() -> None:
    """The attacks, in a process and a folder of their own: what they plant makes every verdict slower."""
    policy = Policy.load()
    attacks = [
        (figures.live_names(case.setup, n), case.source) for n, case in enumerate(figures.cases("attacks"))
    ]
    before = [judge(source, live, policy) for live, source in attacks]
    infer.warm_up().join()
    after = [judge(source, live, policy) for live, source in attacks]
    more = sum(not set(new.findings) <= set(old.findings) for old, new in zip(before, after, strict=True))
    print(f"attacks of which astroid names more: {more} of {len(attacks)}")
    spread(
        "attacks, after it", [figures.milliseconds(lambda a=a: judge(a[1], a[0], policy)) for a in attacks]
    )
    parsed = infer.parsed_modules()
    print(f"astroid parsed: {len(parsed.standard)} standard modules, {len(parsed.third_party)} others")


if __name__ == "__main__":
    if sys.argv[1:] == ["attacks"]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            attacked()
    else:
        main()
