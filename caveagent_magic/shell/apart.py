"""Running code through the shell inside a forked copy of the kernel, where nothing may reach the front end.

For the child alone: nothing here is given back.
"""

from __future__ import annotations

import base64
import builtins
import getpass
import io
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

from caveagent_magic.events import Output
from caveagent_magic.shell.collect import ends_quietly
from caveagent_magic.shell.figures import as_read, describing
from caveagent_magic.shell.literal import literally

if TYPE_CHECKING:
    from caveagent_magic.rehearsal.fork import Emit

_BY_LINE = 1 << 16  # characters of text that are sent line by line; after them a flood goes in blocks
_BLOCK = 1 << 12
_TRUSTED_CALLBACKS = frozenset({"IPython", "ipykernel", "matplotlib", "matplotlib_inline"})


def run_apart(shell: Any, code: str, emit: Emit) -> object:
    """Run code as a cell, handing over each output in nbformat's form as it comes; gives its last value."""
    text = TextBuffer(emit)
    publisher = _Publisher(text, shell)
    _mute_kernel(shell)
    _replace_streams(text)
    _replace_display(shell, publisher, text, code)
    _forget_user_callbacks(shell)
    _forget_event_loop()
    with literally(shell):
        ran = shell.run_cell(code, store_history=False, silent=False)
    publisher.emit_updates()
    text.flush()
    return ran.result


class TextBuffer:
    """Gathers stream text into few outputs, without keeping a finished line back."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = threading.RLock()
        self._name = ""
        self._pieces: list[str] = []
        self._waiting = 0
        self._sent = 0

    def write(self, name: str, text: str) -> None:
        """Add text of a stream."""
        with self._lock:
            if name != self._name:
                self.flush()
            self._name = name
            self._pieces.append(text)
            self._waiting += len(text)
            if self._waiting >= _BLOCK or ("\n" in text and self._sent < _BY_LINE):
                self.flush()

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            if self._pieces:
                pieces, self._pieces = self._pieces, []
                self._sent += self._waiting
                self._waiting = 0
                self._emit({"output_type": "stream", "name": self._name, "text": "".join(pieces)})

    def emit(self, output: Output) -> None:
        """Send another output, after the text that came before it."""
        with self._lock:
            self.flush()
            self._emit(output)


class _Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a rehearsal."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, text: TextBuffer, name: str, descriptor: int) -> None:
        super().__init__()
        self._text, self._name, self._descriptor = text, name, descriptor
        self.name = f"<{name}>"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self._text.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        self._text.flush()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


class _Publisher(DisplayPublisher):
    """Takes what `display` shows."""

    def __init__(self, text: TextBuffer, shell: Any) -> None:
        super().__init__(shell=shell)
        self._text = text
        self._updates: dict[str, Output] = {}  # the last of each display: progress bars send thousands

    def publish(self, data: Any, metadata: Any = None, *args: Any, **options: Any) -> None:
        """Hand over a display; updates of one wait for the end of the run."""
        output = {"output_type": "display_data", **_bundle(data, metadata)}
        if options.get("update"):
            self._updates[str((options.get("transient") or {}).get("display_id"))] = output
        else:
            self._text.emit(output)

    def clear_output(self, wait: bool = False) -> None:
        """Nothing is cleared: what the code has shown stays visible in the rehearsal."""

    def emit_updates(self) -> None:
        """Hand over the last state of every display that was updated."""
        for output in self._updates.values():
            self._text.emit(output)


class _Hook(DisplayHook):
    """Takes the value of the last expression."""

    def __init__(self, shell: Any, text: TextBuffer, code: str) -> None:
        super().__init__(shell=shell, cache_size=0)
        self._text, self._code = text, code

    def quiet(self) -> bool:
        return ends_quietly(self, self._code)

    def write_output_prompt(self) -> None:
        """The front end writes one."""

    def log_output(self, format_dict: Any) -> None:
        """The log is the parent's."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        self._text.emit(
            {"output_type": "execute_result", "execution_count": None, **_bundle(format_dict, md_dict)}
        )


def _bundle(data: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    encoded = {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for kind, value in as_read(data).items()
    }
    return {"data": encoded, "metadata": dict(metadata or {})}


def _mute_kernel(shell: Any) -> None:
    """Nothing may be sent, asked or stored by the parts that belong to the parent."""
    history = getattr(shell, "history_manager", None)
    if history is not None:
        history.enabled = False
    shell.system = shell.system_raw  # for `!`: the usual way asks for a terminal
    logging.raiseExceptions = False  # a log file of the parent can only be read here
    builtins.input = getpass.getpass = _refuse_input
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return
    kernel.session.send = _drop
    kernel.raw_input = kernel.getpass = _refuse_input
    thread = getattr(kernel, "iopub_thread", None)
    if thread is not None:
        thread.send_multipart = thread.schedule = _drop


def _drop(*_: object, **__: object) -> None:
    """Take the place of whatever sends."""


def _refuse_input(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("input() is not available in a rehearsal: nobody can answer it there")


def _replace_streams(text: TextBuffer) -> None:
    for old in (sys.stdout, sys.stderr):
        vars(old).pop("write", None)  # IPython 9 keeps a copy of outputs by patching the object
    sys.stdout, sys.stderr = _Stream(text, "stdout", 1), _Stream(text, "stderr", 2)
    kernel_streams = sys.modules.get("ipykernel.iostream")
    if kernel_streams is not None:  # log handlers still hold the kernel's streams
        stream: Any = kernel_streams.OutStream
        stream.write = lambda self, words: getattr(sys, self.name, sys.stdout).write(words)
        stream.flush = _drop


def _replace_display(shell: Any, publisher: _Publisher, text: TextBuffer, code: str) -> None:
    shell.display_pub = publisher
    hook: Callable[[object], None] = _Hook(shell, text, code)
    shell.displayhook = shell.display_trap.hook = sys.displayhook = hook
    shell.display_formatter.format = describing(shell.display_formatter.format)

    def show(kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
        told = {"ename": kind.__name__, "evalue": _message(error), "traceback": list(lines)}
        text.emit({"output_type": "error", **told})

    shell._showtraceback = show


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # it is a user's exception whose own text raises
        return ""


def _forget_user_callbacks(shell: Any) -> None:
    """Keep what draws figures; whatever else listens may speak to the outside."""
    for callbacks in shell.events.callbacks.values():
        callbacks[:] = [
            callback
            for callback in callbacks
            if str(getattr(callback, "__module__", "")).partition(".")[0] in _TRUSTED_CALLBACKS
        ]


def _forget_event_loop() -> None:
    """IPython keeps a loop of its own for top-level `await`; it is the parent's."""
    helpers = sys.modules.get("IPython.core.async_helpers")
    if helpers is not None:
        vars(helpers)["_asyncio_event_loop"] = None
