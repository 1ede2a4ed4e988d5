"""What loading costs: modules and time, beside importing IPython itself."""

import statistics
import subprocess
import sys

IPYTHON = "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance()"
LOAD = "shell.run_line_magic('load_ext', 'caveagent_magic')"
COUNT = """
import sys, time
start = time.perf_counter()
{first}
middle, before = time.perf_counter(), set(sys.modules)
{second}
after = time.perf_counter()
new = set(sys.modules) - before
ours = sum(name.startswith('caveagent_magic') for name in new)
print(len(before), len(new), middle - start, after - middle, ours)
"""


def measured(first: str, second: str) -> tuple[float, ...]:
    """Modules before, new modules, seconds of each part, new modules that are ours; median of 7."""
    program = COUNT.format(first=first, second=second)
    command = [sys.executable, "-c", program]
    printed = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(7)]
    runs = [[float(word) for word in text.split()] for text in printed]
    return tuple(statistics.median(column) for column in zip(*runs, strict=True))


if __name__ == "__main__":
    for label, first, second in (
        ("import caveagent_magic", "import IPython", "import caveagent_magic"),
        ("%load_ext caveagent_magic", IPYTHON, LOAD),
    ):
        before, new, base, own, ours = measured(first, second)
        print(
            f"{label}: {new:.0f} new modules ({ours:.0f} of them ours) on top of IPython's {before:.0f}; "
            f"{own / base:.3f} of the time that IPython takes to start "
            f"({own * 1000:.0f} ms against {base * 1000:.0f} ms)"
        )
