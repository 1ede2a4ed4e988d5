"""What running code puts out: shown in the cell as ever, and collected as nbformat outputs."""

from __future__ import annotations

import base64
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from caveagent_magic.events import Output
from caveagent_magic.shell.figures import as_read, describing
from caveagent_magic.shell.plain import plain

KEPT_CHARS = 2_000_000  # of one stream in one step
NOTHING = object()


class Collected:
    """Outputs in order; adjacent text of one stream is one output. Any thread may add to them."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._outputs: list[Output] = []
        self._pieces: list[str] = []  # of the stream output at the end
        self._room = KEPT_CHARS

    def text(self, name: str, text: str) -> None:
        """Add stream text, up to a limit that only a runaway loop meets."""
        with self._lock:
            last = self._outputs[-1] if self._outputs else {}
            if last.get("name") != name:
                self._add({"output_type": "stream", "name": name, "text": ""})
            if self._room > 0:
                self._pieces.append(text[: self._room])
            self._room -= len(text)

    def data(
        self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, **more: Any
    ) -> None:
        """Add rich output, as JSON would hold it."""
        encoded = {
            name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in as_read(data).items()
        }
        self._add(plain({"output_type": kind, "data": encoded, "metadata": metadata or {}, **more}))

    def error(self, kind: type[BaseException], value: BaseException, lines: Sequence[str]) -> None:
        """Add an exception as it would have been shown."""
        try:
            said = str(value)
        except Exception as error:  # an exception of the person's own may fail at this
            said = f"(its text could not be had: {type(error).__name__})"
        told = {"ename": kind.__name__, "evalue": said, "traceback": list(lines)}
        self._add(plain({"output_type": "error", **told}))

    def finished(self) -> tuple[Output, ...]:
        """All outputs."""
        with self._lock:
            self._close_stream()
            return tuple(self._outputs)

    def _add(self, output: Output) -> None:
        with self._lock:
            self._close_stream()
            self._outputs.append(output)

    def _close_stream(self) -> None:
        if self._pieces:
            left_out = f"\n… {-self._room:,} more characters were not kept\n" if self._room < 0 else ""
            self._outputs[-1]["text"] = plain("".join(self._pieces) + left_out)
        self._pieces, self._room = [], KEPT_CHARS


@contextmanager
def teed(shell: Any, code: str, outputs: Collected) -> Iterator[None]:
    """What the code puts out appears in the cell and is collected; errors are only collected.

    An error that the model mends in its next step must not mark the cell as failed for papermill.
    `clear_output` would wipe the panel, so it does nothing.
    """
    publish, write_result = shell.display_pub.publish, shell.displayhook.write_format_data

    def published(data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        if not kwargs.get("update"):
            outputs.data("display_data", data, metadata)
        publish(data, metadata, *args, **kwargs)

    def written(format_dict: Any, md_dict: Any = None) -> None:
        outputs.data("execute_result", format_dict, md_dict, execution_count=shell.execution_count)
        write_result(format_dict, md_dict)

    def failed(kind: Any, value: BaseException, lines: Sequence[str]) -> None:
        outputs.error(kind, value, lines)

    with ExitStack() as stack:
        for owner, name, replacement in (
            (shell.display_pub, "publish", published),
            (shell.display_pub, "clear_output", lambda wait=False: None),
            (shell.displayhook, "write_format_data", written),
            (shell.display_formatter, "format", describing(shell.display_formatter.format)),
            (shell.displayhook, "quiet", lambda: ends_quietly(shell.displayhook, code)),
            (shell, "_showtraceback", failed),
            (sys.stdout, "write", collecting("stdout", sys.stdout.write, outputs)),
            (sys.stderr, "write", collecting("stderr", sys.stderr.write, outputs)),
        ):
            stack.enter_context(replaced(owner, name, replacement))
        yield


def collecting(name: str, write: Callable[[str], int], outputs: Collected) -> Callable[[str], int]:
    """Writes to a stream and collects what is written; threads of the kernel write there, too."""

    def written(text: str) -> int:
        size = write(text)
        outputs.text(name, text)
        return size

    return written


@contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """Set an attribute for a while, and leave the object as it was, down to its own dictionary."""
    before = vars(owner).get(name, NOTHING)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is NOTHING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def ends_quietly(hook: Any, code: str) -> bool:
    """Whether a semicolon keeps the last value from being shown."""
    try:
        return bool(hook.semicolon_at_end_of_expression(code))
    except (SyntaxError, ValueError):  # tokenize does not read IPython's own syntax
        return code.rstrip().endswith(";")
