"""The main job, end to end: execute a notebook on a real kernel and print what happened."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from caveagent_magic.events import MIME_TYPE
from caveagent_magic.security.policies.policy import SHIPPED
from caveagent_magic.shell.transcript import as_text

HERE = Path(__file__).parent
SOURCE = HERE / "01_first_cell.ipynb"
RESULT = HERE.parent / "test-artefacts" / "01_first_cell.executed.ipynb"


def main() -> int:
    """Execute the notebook, print each cell when it is done, keep the executed copy."""
    os.environ.setdefault("CAVEAGENT_POLICY", str(SHIPPED / "demo.toml"))
    notebook = nbformat.read(SOURCE, as_version=4)
    client = NotebookClient(
        notebook, timeout=None, resources={"metadata": {"path": HERE}}, on_cell_executed=printed
    )
    started, failed = time.perf_counter(), None
    try:
        client.execute()
    except CellExecutionError as error:
        failed = error
    RESULT.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, RESULT)
    print(totals(notebook, time.perf_counter() - started))
    print(f"The executed notebook is {RESULT.relative_to(HERE.parent)}")
    if failed:
        print(f"\nA cell failed: {failed.ename}: {failed.evalue}", file=sys.stderr)
    return 1 if failed else 0


async def printed(cell: nbformat.NotebookNode, cell_index: int, execute_reply: object) -> None:
    """Print a code cell and what it gave."""
    await asyncio.sleep(0)
    print(f"\n{'━' * 78}\n[{cell.execution_count}] {cell.source}\n")
    turns = [output for output in cell.outputs if MIME_TYPE in output.get("data", {})]
    for output in turns or cell.outputs:  # a transcript has the outputs of its steps
        print(text_of(output), flush=True)


def text_of(output: nbformat.NotebookNode) -> str:
    """An output as text; a turn as its transcript."""
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    if MIME_TYPE in output.data:
        return as_text(output.data[MIME_TYPE]["events"]) + "\n"
    return str(output.data.get("text/plain", ", ".join(output.data)))


def totals(notebook: nbformat.NotebookNode, seconds: float) -> str:
    """Tokens, steps and seconds of all turns."""
    events = [event for cell in notebook.cells for event in events_of(cell)]
    usage = [event for event in events if event["type"] == "usage"]
    started = [event for event in events if event["type"] == "turn_started"]
    sums = {kind: sum(reply[kind] for reply in usage) for kind in ("input", "cached", "output")}
    return (
        f"\n{'━' * 78}\n{len(started)} turns, {sum(event['type'] == 'ran' for event in events)} steps run, "
        f"{len(usage)} replies of {started[0]['model'] if started else 'no model'}: "
        f"{sums['input']:,} tokens read, {sums['cached']:,} from cache, {sums['output']:,} written; "
        f"{sum(reply['seconds'] for reply in usage):.0f} s in the model, {seconds:.0f} s in all"
    )


def events_of(cell: nbformat.NotebookNode) -> list[dict[str, object]]:
    """The events of a cell's turns."""
    return [
        event
        for output in cell.get("outputs", [])
        for event in output.get("data", {}).get(MIME_TYPE, {}).get("events", [])
    ]


if __name__ == "__main__":
    sys.exit(main())
