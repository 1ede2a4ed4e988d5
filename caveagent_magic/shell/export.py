"""`%cave export FILE`: the approved steps as a file of their own, compared with the live results."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caveagent_magic.errors import CaveError, UsageError
from caveagent_magic.events import Effect, Finding
from caveagent_magic.export.compare import Comparison, compared, mark_of_shown
from caveagent_magic.export.piece import Piece
from caveagent_magic.export.prune import OUTSIDE, Selection
from caveagent_magic.export.written import notebook, script
from caveagent_magic.record.fingerprint import marks_of
from caveagent_magic.security.judge import judge
from caveagent_magic.shell.cells import selected

if TYPE_CHECKING:
    from caveagent_magic.shell.drive import Driver
    from caveagent_magic.shell.fresh import Fresh

FORM = "%cave export FILE.py or FILE.ipynb, with --run, --overwrite where wanted"
OPTIONS = frozenset({"--run", "--overwrite"})
WRITTEN: dict[str, Callable[[Sequence[Piece]], str]] = {
    ".py": script,
    ".ipynb": lambda pieces: json.dumps(notebook(pieces), indent=1, ensure_ascii=False) + "\n",
}


def export(words: Sequence[str], driver: Driver) -> str:
    """Write the file, run its code in a fresh kernel, and say what came out as it is here."""
    options = {word for word in words if word.startswith("--")}
    names = [word for word in words if word not in options]
    if len(names) != 1 or options - OPTIONS or Path(names[0]).suffix not in WRITTEN:
        raise UsageError(f"Write {FORM}.")
    path = Path(names[0]).expanduser().absolute()
    found = selected(driver)
    if not any(piece.is_step for piece in found.kept):
        raise UsageError("There is nothing to export: no approved step of this session is left.")
    _write(path, WRITTEN[path.suffix](found.kept), overwrite="--overwrite" in options)
    print("\n".join(_about(path, found, driver)))
    again = sorted(_repeats(found, driver))
    if again and "--run" not in options:
        return (
            f"It was not run for comparison, because that would do again: {', '.join(again)}. "
            f"`%cave export {names[0]} --run --overwrite` does it."
        )
    return "\n".join(_compared(found, driver))


def _about(path: Path, found: Selection, driver: Driver) -> Iterator[str]:
    steps = [piece for piece in found.kept if piece.is_step]
    cells = [f"[{piece.cell}]" for piece in found.kept if not piece.is_step]
    with_ = f", with the cells of yours that they build on: {', '.join(cells)}" if cells else ""
    yield f"{path}: {_count(len(steps), 'approved step')}{with_}."
    if found.left_out:
        yield "\n".join(("Left out:", *(f"  {sentence}" for sentence in found.left_out)))
    own = driver.runtime.variables()
    if lost := [name for name in found.unbound if name in own]:
        yield f"No cell of this session sets {', '.join(f'`{name}`' for name in lost)}, which the steps use."


def _repeats(found: Selection, driver: Driver) -> set[str]:
    """What the kept code does outside the kernel, as far as it was seen to or can be read."""
    namespace = driver.runtime.namespace
    code = "\n".join(piece.plain for piece in found.kept)
    uses: list[Finding | Effect] = [*judge(code, namespace, driver.policy()).findings]
    uses += [effect for piece in found.kept for effect in piece.effects if effect.allowed]
    return {f"{use.capability} {use.target}".strip() for use in uses if use.capability in OUTSIDE}


def _compared(found: Selection, driver: Driver) -> Iterator[str]:
    from caveagent_magic.shell.fresh import run  # heavy, and only this starts kernels

    key, pieces = driver.steps.key, found.kept
    fresh = run([piece.source for piece in pieces], found.results, key)
    if fresh.error:
        title = pieces[len(fresh.outputs)].title
        yield f"In a fresh kernel without this package, {title} failed: {fresh.error}"
    else:
        yield f"It ran in a fresh kernel without this package, in {fresh.seconds:.1f} s."
    yield from _rows(_results(found, driver, fresh), _shown(pieces, fresh, driver))


def _results(found: Selection, driver: Driver, fresh: Fresh) -> Comparison:
    return compared(marks_of(driver.runtime.namespace, found.results, driver.steps.key), fresh.marks)


def _shown(pieces: Sequence[Piece], fresh: Fresh, driver: Driver) -> Comparison:
    """The texts that steps printed or showed; pictures are not compared."""
    steps = [(piece, number) for number, piece in enumerate(pieces) if piece.shows]
    here = {f"what {piece.title} showed": piece.shown or None for piece, _ in steps}
    there = {
        f"what {piece.title} showed": mark_of_shown(fresh.outputs[number], driver.steps.key) or None
        for piece, number in steps
        if number < len(fresh.outputs)
    }
    return compared(here, there)


def _rows(*parts: Comparison) -> Iterator[str]:
    for words, kind in (
        ("the same", "same"),
        ("different", "differs"),
        ("not compared", "unknown"),
    ):
        if names := [name for part in parts for name in getattr(part, kind)]:
            yield f"  {words:<13}{', '.join(names)}"


def _write(path: Path, text: str, *, overwrite: bool) -> None:
    """All of it or nothing; a file that is there already is only replaced on demand."""
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already. Add --overwrite to replace it.")
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise CaveError(f"{path} could not be written: {error.strerror}.") from None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
