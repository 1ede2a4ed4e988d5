"""A fresh kernel in which exported cells run, without this package in reach."""

from __future__ import annotations

import ast
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from subprocess import DEVNULL
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from caveagent_magic.errors import CaveError
from caveagent_magic.events import Output
from caveagent_magic.frozen import slotted
from caveagent_magic.record.key import Key

START = 60.0  # seconds that a kernel may take to start
OUT_OF_REACH = (
    "import sys\n"
    "for name in ['caveagent_magic', *(n for n in sys.modules if n.startswith('caveagent_magic.'))]:\n"
    "    sys.modules[name] = None\n"
    "del name, sys"
)
IN_REACH = (
    "[__import__('sys').modules.pop(n) for n in list(__import__('sys').modules)"
    " if n.partition('.')[0] == 'caveagent_magic']"
)
MARKS = "__import__('caveagent_magic.export.compare', fromlist=['_']).marks_as_json(globals(), {}, {!r})"


@slotted
class Fresh:
    """What came of running cells in a fresh kernel."""

    outputs: list[tuple[Output, ...]] = field(default_factory=list)  # of each cell that ran to its end
    marks: dict[str, str | None] = field(default_factory=dict)  # of the names that were asked for
    error: str = ""  # what the cell after those ended with; empty: all ran
    seconds: float = 0.0


def run(cells: Sequence[str], names: Sequence[str], key: Key) -> Fresh:
    """Run the cells one after another, up to the first that fails; then mark these names."""
    started, found = time.monotonic(), Fresh()
    with _kernel() as client:
        _execute(client, OUT_OF_REACH, silent=True)
        for cell in cells:
            outputs, found.error = _execute(client, cell)
            if found.error:
                break
            found.outputs.append(outputs)
        found.marks = _marks(client, names, key)
    found.seconds = time.monotonic() - started
    return found


@contextmanager
def _kernel() -> Iterator[BlockingKernelClient]:
    manager = KernelManager()
    assert manager.kernel_spec is not None
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager.start_kernel(
        cwd=os.getcwd(), env={**os.environ, "JPY_SESSION_NAME": ""}, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=START)
            yield client
        except RuntimeError as error:
            raise CaveError(f"No fresh kernel could be had: {error}") from None
        finally:
            client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


def _execute(
    client: BlockingKernelClient, code: str, *, silent: bool = False
) -> tuple[tuple[Output, ...], str]:
    """The outputs of a cell, and its error on one line."""
    outputs: list[Output] = []

    def take(message: Any) -> None:
        _take(outputs, message["msg_type"], message["content"])

    content = client.execute_interactive(
        code, silent=silent, store_history=not silent, allow_stdin=False, output_hook=take
    )["content"]
    error = f"{content['ename']}: {content['evalue']}" if content["status"] == "error" else ""
    return tuple(outputs), error


def _take(outputs: list[Output], kind: str, content: Any) -> None:
    """Collect as `collect.Collected` does: adjacent text of one stream is one output."""
    last = outputs[-1] if outputs else {}
    if kind == "stream" and last.get("name") == content["name"]:
        last["text"] += content["text"]
    elif kind == "stream":
        outputs.append({"output_type": "stream", "name": content["name"], "text": content["text"]})
    elif kind in ("display_data", "execute_result"):
        outputs.append({"output_type": kind, "data": content["data"], "metadata": content["metadata"]})


def _marks(client: BlockingKernelClient, names: Sequence[str], key: Key) -> dict[str, str | None]:
    asked = {"ready": IN_REACH, "marks": MARKS.format(list(names), key.secret.hex())}
    content = client.execute_interactive("", silent=True, user_expressions=asked)["content"]
    found = content.get("user_expressions", {}).get("marks", {})
    if found.get("status") != "ok":
        return dict.fromkeys(names)
    marks: dict[str, str | None] = json.loads(ast.literal_eval(found["data"]["text/plain"]))
    return marks
