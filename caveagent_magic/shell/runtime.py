"""The runtime stream: the person's namespace, and running code in their cell."""

from __future__ import annotations

import ast
import types
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from caveagent_magic.errors import CaveError, UsageError
from caveagent_magic.events import Output
from caveagent_magic.ports import Run
from caveagent_magic.shell.collect import Collected, teed
from caveagent_magic.shell.literal import literally
from caveagent_magic.shell.names import Names
from caveagent_magic.shell.native import NativeText

if TYPE_CHECKING:
    from caveagent_magic.rehearsal.adopt import Loaded
    from caveagent_magic.rehearsal.fork import Emit

HANDLE = "_cave"
KEPT_OUTPUTS = 100
KEPT_CHARS = 20_000_000  # of all of them together
NOTHING = object()


class Runtime:
    """Runs code through the shell, in the cell, while collecting what it puts out."""

    def __init__(self, names: Names) -> None:
        self.shell, self._names, self._native = names.shell, names, NativeText()
        self._kept: dict[int, str] = {}  # full outputs by their number in this notebook
        self._count = 0
        self._last: object = NOTHING  # the last value of the turn
        self._results: dict[str, object] = {}  # of turns that are done, by `--out`; the newest under ""
        self._ran: list[str] = []  # the code of the turn
        self._plain: tuple[str, str] | None = None  # code, and what it is in Python, until code has run

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
        self._last = NOTHING
        self._ran = []
        self._plain = None

    def plain(self, code: str) -> str:
        """The code with IPython's syntax turned into ordinary Python."""
        known = self._plain
        if known is None or known[0] != code:
            known = self._plain = code, self._transformed(code)
        return known[1]

    def _transformed(self, code: str) -> str:
        try:
            with literally(self.shell):
                plain: str = self.shell.transform_cell(code)
        except SyntaxError:
            return code  # the judge says what is wrong with it
        return plain

    def run(self, code: str) -> Run:
        """Run in the cell, on the main thread; errors become outputs, an interrupt is reported."""
        outputs, plain = Collected(), self.plain(code)
        self._plain = None  # what runs may change what code means
        with self._handle(), teed(self.shell, code, outputs), literally(self.shell):
            result = self.shell.run_cell(code, store_history=False, silent=False)
            self._native.settle()
        error = result.error_before_exec or result.error_in_exec
        if error is None and result.result is not None:
            self._last = result.result
        self._ran.append(plain)
        return Run(outputs.finished(), isinstance(error, KeyboardInterrupt))

    def adopt(self, code: str, made: Loaded, outputs: Sequence[Output]) -> Run:
        """Bind what a rehearsal of this code made, and show what it put out."""
        made.bind(self.namespace)
        if made.last is not None:
            self._last = made.last
        self._ran.append(self.plain(code))
        from caveagent_magic.shell.shown import show_again

        return Run(show_again(self.shell, outputs, made.last))

    def run_apart(self, code: str, emit: Emit) -> object:
        """Run in a forked child of the kernel; gives the value of the last expression."""
        from caveagent_magic.shell.apart import run_apart

        with self._handle():
            return run_apart(self.shell, code, emit)

    @property
    def kept(self) -> int:
        """The number of the output that was kept last."""
        return self._count

    def keep(self, text: str) -> int:
        """Keep a step's full output for `_cave.out[number]`; the oldest of many are forgotten."""
        self._count += 1
        self._kept[self._count] = text[:KEPT_CHARS]
        while len(self._kept) > KEPT_OUTPUTS or sum(map(len, self._kept.values())) > KEPT_CHARS:
            del self._kept[next(iter(self._kept))]
        return self._count

    def importable(self) -> Collection[str]:
        """The names of all modules that could be imported."""
        from caveagent_magic.shell import nearby

        return nearby.importable()

    def files_beside(self, path: str) -> Collection[str]:
        """The files in the folder of this path."""
        from caveagent_magic.shell import nearby

        return nearby.files_beside(path)

    def assigned(self, name: str) -> bool:
        """Whether code of this turn assigned the name."""
        return name in self.namespace and any(name in assigned_names(code) for code in self._ran)

    def done(self, name: str) -> None:
        """The turn is done: its result stays within reach of `cave.result`, also by its name."""
        found = self.namespace.get(name, NOTHING) if name else self._last
        self._results.pop("", None)
        if found is not NOTHING:
            self._results |= {"": found, name: found}

    def result(self, name: str) -> object:
        """What the last turn gave, or the last one whose `--out` was this name; raises `UsageError`."""
        if name in self._results:
            return self._results[name]
        known = ", ".join(f"`{each}`" for each in self._results if each) or "none"
        what = f"called `{name}`" if name else "of the last turn"
        raise UsageError(f"There is no result {what}. Named by --out so far: {known}.")

    def bind(self, name: str) -> None:
        """Give the last value of this turn a name."""
        if self._last is NOTHING:
            raise CaveError(f"The turn ended without a result, so `{name}` was not set.")
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


def assigned_names(code: str) -> set[str]:
    """The names that code binds at its top level, or anywhere inside it."""
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except (SyntaxError, ValueError):
        return set()
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return stored | {node.name for node in nodes if isinstance(node, defined)}
