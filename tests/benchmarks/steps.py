"""What many steps leave behind in one real kernel that is driven through `%%cave`: `steps.py [STEPS]`."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.kernel.conftest import Kernel

STEPS = 1000
OF_A_TURN = 20
BEGINNING = (
    "import numpy as np, pandas as pd\nbig = pd.DataFrame(np.ones((200_000, 10)))\nnumbers, x = [1, 2], 2"
)
CODES = (
    "x = len(numbers)",
    "numbers[0] += 1",
    "y = big.head() * 2",
    "big.iloc[0, 0] = 5",
    "print(x)",
    "big.describe()",
)


@dataclass(frozen=True)
class Left:
    """What a kernel holds at one moment."""

    descriptors: Counter[str]
    children: int
    threads: int
    shared_memory: int
    files: int
    resident: int  # bytes


def left(pid: int, folder: Path) -> Left:
    """What this kernel holds now; the folder for temporary files is its own."""
    process = Path(f"/proc/{pid}")
    paths = [re.sub(r"\d+", "N", os.readlink(entry)) for entry in (process / "fd").iterdir()]
    return Left(
        descriptors=Counter(
            path for path in paths if "history.sqlite" not in path
        ),  # IPython's comes and goes
        children=len((process / f"task/{pid}/children").read_text().split()),
        threads=len(list((process / "task").iterdir())),
        shared_memory=len(re.findall("/dev/shm/|/memfd:", (process / "maps").read_text())),
        files=len(list(folder.iterdir())),
        resident=int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
    )


def turn(kernel: Kernel, folder: Path, number: int) -> None:
    """One `%%cave` cell of many steps."""
    replies = [f"```python\n{CODES[(number + step) % len(CODES)]}\n```" for step in range(OF_A_TURN)]
    path = folder / f"replies-{number}.md"
    path.write_text("".join(f"<!-- reply -->\n{text}\n" for text in (*replies, "Done.")))
    reply = kernel.run(f"%%cave --auto --max-steps {OF_A_TURN + 1} --model recorded:{path}\nGo on, {number}.")
    assert (reply["status"], kernel.types().count("ran")) == ("ok", OF_A_TURN), kernel.types()
    path.unlink()


def main(steps: int) -> None:
    """Print what there is after a tenth of the steps, after half of them and after all."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "tmp").mkdir()
        environment = {name: str(folder / name) for name in ("IPYTHONDIR", "XDG_DATA_HOME")}
        kernel = Kernel(sys.executable, {**environment, "TMPDIR": str(folder / "tmp")})
        try:
            kernel.run(f"%cd -q {folder}\n%load_ext caveagent_magic\n{BEGINNING}")
            pid = int(kernel.value("__import__('os').getpid()"))
            turns = steps // OF_A_TURN
            for number in range(1, turns + 1):
                turn(kernel, folder, number)
                if number in (max(1, turns // 10), turns // 2, turns):
                    print(f"after {number * OF_A_TURN} steps: {left(pid, folder / 'tmp')}", flush=True)
        finally:
            kernel.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else STEPS)
