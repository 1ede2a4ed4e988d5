"""Libraries whose threads stay behind when the kernel is copied still work in the copy."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = str(Path(__file__).parents[2])
HUNG = "hung: it waits for a lock, or for a thread that only the kernel itself has"

TRY = """
import os, sys
sys.path.insert(0, {root!r})
from caveagent_magic.rehearsal.fork import Limits, rehearse
names = {{}}
exec({before!r}, names)
trial = rehearse(lambda emit: exec({code!r}, names), names, Limits(seconds=25), str, used=list(names))
print("RESULT", repr("".join(each.get("text", "") for each in trial.outputs)), "|", trial.stopped, flush=True)
os._exit(0)
"""


def tried(before, code):
    """What the code says, and why it was ended, in a copy of a process where something else ran before."""
    program = TRY.format(root=ROOT, before=textwrap.dedent(before), code=f"import os\n{code}")
    # Waiting threads of OpenMP would else take the processors from one another on a busy machine.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    (line,) = [line for line in ran.stdout.splitlines() if line.startswith("RESULT")]
    said, _, stopped = line.removeprefix("RESULT ").partition(" | ")
    return said.strip("'"), stopped


@pytest.mark.parametrize(
    ("before", "code"),
    [
        pytest.param("import numpy as np; a = np.ones((600, 600)); a @ a", "a @ a", id="BLAS"),
        pytest.param(
            "import pyarrow as pa; t = pa.table({'a': [1, 2] * 50_000}); t.group_by('a').aggregate([])",
            "t.group_by('a').aggregate([])",
            id="pyarrow",
        ),
        pytest.param(
            """
            import numpy as np
            from sklearn.ensemble import HistGradientBoostingRegressor
            x = np.random.rand(500, 3)
            HistGradientBoostingRegressor(max_iter=2).fit(x, x.sum(1))
            """,
            "HistGradientBoostingRegressor(max_iter=2).fit(x, x.sum(1))",
            id="OpenMP",
        ),
        pytest.param(
            "import duckdb; c = duckdb.connect(); c.sql('select sum(i) from range(5000000) t(i)').fetchall()",
            "c.sql('select sum(i) from range(5000000) t(i)').fetchall(); c.close(); del c",
            id="DuckDB",
        ),
        pytest.param(
            """
            import duckdb, tempfile
            files = tempfile.mkdtemp() + "/a.parquet"
            duckdb.sql("select i from range(200000) t(i)").write_parquet(files)
            c = duckdb.connect(); c.execute(f"select sum(i) from '{files}'").fetchall()
            """,
            "[each.execute(f\"select sum(i) from '{files}'\").fetchall() for each in (c, duckdb)]",
            id="DuckDB on Parquet",
        ),
        pytest.param(
            "from concurrent.futures import ThreadPoolExecutor as Pool; p = Pool(2); list(p.map(str, 'ab'))",
            "list(p.map(str, 'ab'))",
            id="threads",
        ),
        pytest.param(
            "import dask; one = dask.delayed(sum)([1]); two = dask.delayed(sum)([one, one]); two.compute()",
            "two.compute()",
            id="dask",
        ),
        pytest.param(
            """
            import polars as pl, narwhals
            from polars import col
            f = pl.DataFrame({'a': [1, 2, 1], 'o': ['x', None, 'y'], 'l': [[1], [], None]})
            by = f.lazy().group_by('a').agg(pl.col('o').len().alias('n'), pl.col('l')).sort('a')
            held, kind, made = {'same': [f], 'expr': col('a') * 2}, pl.List(pl.Int64), by.collect()
            tall = pl.concat([made, made], rechunk=False)
            def largest(frame): return frame.group_by('a').agg(col('n').max()).sort('a')
            """,
            "assert held['same'][0] is f and f.schema['l'] == kind and by.collect().equals(made)\n"
            "assert largest(tall)['n'].to_list() == [2, 1] and f.select(held['expr']).sum().item() == 8\n"
            "assert narwhals.from_native(f).group_by('a').agg(narwhals.len()).shape == (2, 2)\n"
            "assert isinstance(f, pl.DataFrame) and f.to_pandas()['o'].isna().sum() == 1",
            id="polars",
        ),
    ],
)
def test_what_used_threads_in_the_kernel_works_in_its_copy(before, code):
    assert tried(before, f"{code}\nos.write(1, b'worked')") == ("worked", "")


def test_waiting_for_a_thread_that_stayed_behind_ends_long_before_the_time_is_up():
    before = """
        import queue, threading
        asked, answered = queue.Queue(), queue.Queue()
        def work():
            while True: answered.put(asked.get())
        threading.Thread(target=work, daemon=True).start()
        """

    assert tried(before, "os.write(1, b'asked')\nasked.put(1); answered.get()") == ("asked", HUNG)


def test_waiting_for_a_program_or_for_a_moment_is_no_hang():
    code = "import subprocess, time; subprocess.run(['sleep', '2.5']); time.sleep(2); os.write(1, b'done')"

    assert tried("", code) == ("done", "")


def test_an_import_that_another_thread_is_in_the_middle_of_is_waited_for(tmp_path):
    (tmp_path / "slow.py").write_text("begun.set()\nimport time\ntime.sleep(1)\n")
    before = f"""
        import builtins, sys, threading
        sys.path.insert(0, {str(tmp_path)!r})
        builtins.begun = threading.Event()
        threading.Thread(target=__import__, args=("slow",), daemon=True).start()
        builtins.begun.wait()
    """

    assert tried(before, "import slow; os.write(1, b'done')") == ("done", "")
