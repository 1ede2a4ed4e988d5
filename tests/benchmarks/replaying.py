"""What a replay costs: each notebook run from its record, no front end, beside its code in plain cells."""

import compileall
import operator
import os
import re
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill
from nbclient import NotebookClient

from caveagent_magic.events import MIME_TYPE

FOLDER = Path(__file__).parents[2] / "notebooks"
OURS = re.compile(r"^( *)(%load_ext caveagent_magic|%cave |%config CaveMagics).*$", re.MULTILINE)


def with_a_model(notebook, name):
    """The notebook, and the model that it does not bring itself."""
    if "%cave model" not in notebook.cells[1].source + notebook.cells[2].source:
        first = next(cell for cell in notebook.cells if cell.cell_type == "code")
        first.source = first.source.replace(
            "%load_ext caveagent_magic", f"%load_ext caveagent_magic\n%cave model recorded:replies/{name}.md"
        )
    return notebook


def steps_of(cell):
    """The code that ran in a cell, as it ran."""
    kept = [
        output.data[MIME_TYPE]["events"] for output in cell.outputs if MIME_TYPE in output.get("data", {})
    ]
    code = ""
    for event in kept[-1]:
        if event["type"] == "code_proposed":
            code = event["code"]
        elif event["type"] == "ran":
            yield code


def plain(ran):
    """The same analysis without us: the approved code as cells, and no line that is for us."""
    cells = []
    for cell in ran.cells:
        if cell.cell_type != "code":
            continue
        if not cell.source.startswith("%%cave"):
            cells.append(OURS.sub(r"\1pass", cell.source))
            continue
        cells += steps_of(cell)
        if name := re.match(r"%%cave.*--out (\w+)", cell.source):
            cells.append(f"{name[1]} = globals().get({name[1]!r}, _)")
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    made.metadata["kernelspec"] = ran.metadata["kernelspec"]
    return made


def by_nbclient(notebook):
    """As `jupyter execute` does it."""
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": FOLDER}}).execute()


def by_papermill(notebook):
    """To a file, as in CI."""
    with tempfile.TemporaryDirectory() as folder:
        nbformat.write(notebook, f"{folder}/in.ipynb")
        papermill.execute_notebook(
            f"{folder}/in.ipynb", f"{folder}/out.ipynb", cwd=FOLDER, progress_bar=False
        )


def spent(run, notebook):
    """Seconds of a whole run, and of the processors in its kernel, the start of the kernel included."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run(notebook)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(path, runs):
    """For each way of running it `runs` pairs: plain, then replayed."""
    asks = with_a_model(nbformat.read(path, as_version=4), path.stem)
    os.environ["CAVEAGENT_RECORD"] = str(Path(os.environ["XDG_DATA_HOME"], path.name))
    os.environ.pop("CAVEAGENT_REPLAY", None)
    by_nbclient(asks)
    without = plain(asks)
    if any(cell.source.startswith("%%cave") for cell in asks.cells):
        os.environ["CAVEAGENT_REPLAY"] = "only"  # else the notebook runs others, and says itself which replay
    ways = (by_nbclient, by_papermill)
    return {
        way.__name__[3:]: [
            (spent(way, nbformat.from_dict(without)), spent(way, nbformat.from_dict(asks)))
            for _ in range(runs)
        ]
        for way in ways
    }


def told(name, pairs):
    """One line: medians of both, of the ratio of neighbours, and what the fastest of each come to.

    What else the machine does makes a run slower and never faster, so the fastest say most of the code.
    """
    parts = []
    for part, what in enumerate(("", "processors ")):
        plain, replay = ([run[part] for run in column] for column in zip(*pairs, strict=True))
        ratio = statistics.median(map(operator.truediv, replay, plain))
        parts.append(
            f"{what}{statistics.median(plain):6.2f} s → {statistics.median(replay):6.2f} s: {ratio:.3f}, "
            f"fastest {min(replay) / min(plain):.3f}"
        )
    print(f"{name:36}", *parts, sep="   ", flush=True)


def added(rounds):
    """One round of all notebooks: seconds and processors, of the plain runs and of the replays."""
    return [tuple(map(sum, zip(*runs, strict=True))) for runs in zip(*rounds, strict=True)]


def main(runs, names):
    """All notebooks, or those whose names begin so; and all together."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is recorded first compiles all, as at any person's
    os.environ |= {
        "XDG_DATA_HOME": tempfile.mkdtemp(prefix="replaying"),
        "CAVEAGENT_POLICY": str(FOLDER / "unattended.toml"),
        "ANTHROPIC_API_KEY": "",
    }
    compileall.compile_dir(FOLDER.parent / "caveagent_magic", quiet=1)  # as it is where it was installed
    total = {}
    for path in sorted(FOLDER.glob("[0-9]*.ipynb")):
        if names and not path.name.startswith(names):
            continue
        for way, pairs in measured(path, runs).items():
            told(f"{path.stem}, {way}", pairs)
            total.setdefault(way, []).append(pairs)
    for way, each in total.items():
        told(f"together, {way}", [added(rounds) for rounds in zip(*each, strict=True)])


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["5"])[0]), tuple(sys.argv[2:]))
