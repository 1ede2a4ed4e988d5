"""A notebook that asks once, and what is in it after a run."""

import json

import nbformat
from nbclient import NotebookClient

from caveagent_magic.events import MIME_TYPE

ADD = "I add.\n```python\ntotal = sum(numbers)\ntotal\n```\n"
DOUBLE = "```python\ndouble = 2 * total\nprint(double)\n```\n"
DONE = "The total is 6."


def notebook(cell="%%cave --auto\nAdd them up.", numbers="[1, 2, 3]"):
    cells = (f"%load_ext caveagent_magic\nnumbers = {numbers}", cell, "total, double")
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def run(made):
    NotebookClient(made, timeout=60).execute()
    return made


def events(made, cell=1):
    (kept,) = [o.data[MIME_TYPE] for o in made.cells[cell].outputs if MIME_TYPE in o.get("data", {})]
    return kept["events"]


def told(made):
    """The kinds of events, and who decided."""
    return [event.get("by", event["type"]) for event in events(made) if event["type"] == "decided"]


def observed(made, cell=1):
    """What the model was told of the steps of a cell."""
    return [event["text"] for event in events(made, cell) if event["type"] == "observed"]


def lines(tmp_path):
    return (tmp_path / "analysis.cave.jsonl").read_bytes().splitlines()


def recorded(tmp_path):
    return [json.loads(line)["record"] for line in lines(tmp_path)]
