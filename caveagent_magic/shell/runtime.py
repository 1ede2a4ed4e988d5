"""The runtime stream: the person's namespace, and running code in their cell."""

from __future__ import annotations

import base64
import io
import sys
import types
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from caveagent_magic.errors import CaveError
from caveagent_magic.events import Output
from caveagent_magic.ports import Run
from caveagent_magic.rehearsal.fork import Emit
from caveagent_magic.shell.apart import run_apart
from caveagent_magic.shell.names import Names

HANDLE = "_cave"
KEPT_CHARS = 5_000_000
NOTHING = object()


class Runtime:
    """Runs code through the shell, in the cell, while collecting what it puts out."""

    def __init__(self, names: Names) -> None:
        self.shell, self._names = names.shell, names
        self._kept: dict[int, str] = {}
        self._last: object = NOTHING
        self._at_start: dict[str, int] = {}

    @property
    def namespace(self) -> MutableMapping[str, object]:
        """The person's live namespace itself."""
        namespace: MutableMapping[str, object] = self.shell.user_ns
        return namespace

    def variables(self) -> Mapping[str, object]:
        """The person's own names, without IPython's."""
        return self._names.variables()

    def recent(self) -> Sequence[str]:
        """Names by their last assignment, newest first."""
        return self._names.recent()

    def begin(self) -> None:
        """A turn begins: its results are not there yet."""
        self._kept.clear()
        self._last = NOTHING
        self._at_start = {name: id(value) for name, value in self.variables().items()}

    def plain(self, code: str) -> str:
        """The code with IPython's syntax turned into ordinary Python."""
        try:
            plain: str = self.shell.transform_cell(code)
        except SyntaxError:
            return code  # the judge says what is wrong with it
        return plain

    def run(self, code: str) -> Run:
        """Run in the cell, on the main thread; errors become outputs, an interrupt is reported."""
        outputs = Collected()
        with self._handle(), teed(self.shell, outputs):
            result = self.shell.run_cell(code, store_history=False, silent=False)
        error = result.error_before_exec or result.error_in_exec
        if error is None and result.result is not None:
            self._last = result.result
        return Run(tuple(outputs), isinstance(error, KeyboardInterrupt))

    def run_apart(self, code: str, emit: Emit) -> None:
        """Run in a forked child of the kernel."""
        with self._handle():
            run_apart(self.shell, code, emit)

    def keep(self, step: int, text: str) -> None:
        """Keep a step's full output for `_cave.out[step]`."""
        self._kept[step] = text

    def bind(self, name: str) -> None:
        """See that the final result has this name."""
        value = self.namespace.get(name, NOTHING)
        if value is not NOTHING and self._at_start.get(name) != id(value):
            return
        if self._last is NOTHING:
            raise CaveError(
                f"The turn ended without a result, so `{name}` was not set. Ask for one, or run it again."
            )
        self.namespace[name] = self._last

    @contextmanager
    def _handle(self) -> Iterator[None]:
        """The full outputs of earlier steps are reachable while a step runs, and only then."""
        if HANDLE in self.namespace:
            yield
            return
        self.namespace[HANDLE] = handle = types.SimpleNamespace(out=dict(self._kept))
        try:
            yield
        finally:
            if self.namespace.get(HANDLE) is handle:
                del self.namespace[HANDLE]


class Collected(list[Output]):
    """Outputs in order; adjacent text of one stream is one output."""

    def text(self, name: str, text: str) -> None:
        """Add stream text, up to a limit that only a runaway loop meets."""
        if not (self and self[-1]["output_type"] == "stream" and self[-1]["name"] == name):
            self.append({"output_type": "stream", "name": name, "text": ""})
        if len(self[-1]["text"]) < KEPT_CHARS:
            self[-1]["text"] += text

    def data(
        self, kind: str, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, **more: Any
    ) -> None:
        """Add rich output, as JSON would hold it."""
        plain = {
            name: base64.b64encode(value).decode() if isinstance(value, bytes) else value
            for name, value in data.items()
        }
        self.append({"output_type": kind, "data": plain, "metadata": dict(metadata or {}), **more})

    def error(self, kind: type[BaseException], value: BaseException, lines: Sequence[str]) -> None:
        """Add an exception as it would have been shown."""
        self.append(
            {"output_type": "error", "ename": kind.__name__, "evalue": str(value), "traceback": list(lines)}
        )


class Tee(io.TextIOBase):
    """Writes to a stream and collects what is written."""

    def __init__(self, stream: Any, collect: Callable[[str], None]) -> None:
        self._stream, self._collect = stream, collect

    def write(self, text: str) -> int:
        self._stream.write(text)
        self._collect(text)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return bool(self._stream.isatty())

    def fileno(self) -> int:
        return int(self._stream.fileno())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def teed(shell: Any, outputs: Collected) -> Iterator[None]:
    """What the code puts out appears in the cell and is collected; errors are only collected.

    An error that the model mends in its next step must not mark the cell as failed for papermill.
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
            (shell.displayhook, "write_format_data", written),
            (shell, "_showtraceback", failed),
            (sys, "stdout", Tee(sys.stdout, lambda text: outputs.text("stdout", text))),
            (sys, "stderr", Tee(sys.stderr, lambda text: outputs.text("stderr", text))),
        ):
            stack.enter_context(replaced(owner, name, replacement))
        yield


@contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """Set an attribute for a while, and leave the object as it was, down to its own dictionary."""
    own = vars(owner)
    before = own.get(name, NOTHING)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is NOTHING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
