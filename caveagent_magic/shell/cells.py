"""What ran in this session as pieces of code, and the cells that are made of those that count."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from caveagent_magic.export.piece import Piece
from caveagent_magic.export.prune import Selection, select
from caveagent_magic.shell.names import Cell
from caveagent_magic.shell.steps import Step

if TYPE_CHECKING:
    from caveagent_magic.shell.drive import Driver

OURS = "caveagent_magic"
LINE, CELL = "run_line_magic", "run_cell_magic"
TIMED = frozenset({"time", "capture"})  # cell magics whose cell runs as ordinary code


def selected(driver: Driver) -> Selection:
    """The steps of this session that count, and the person's cells that they build on."""
    return select(list(pieces(driver)), driver.runtime.namespace)


def answer(driver: Driver) -> dict[str, Any]:
    """What a front end makes cells of."""
    found = selected(driver)
    return {
        "cells": [{"source": piece.source, "metadata": piece.metadata} for piece in found.kept],
        "left_out": list(found.left_out),
    }


def pieces(driver: Driver) -> Iterator[Piece]:
    """All that ran since the namespace was last emptied, in the order in which it ran."""
    steps, found = driver.steps, list[Piece]()
    cells = steps.names.cells
    for place in range(len(cells) + 1):
        found += [_of_step(step, driver) for step in steps.all if step.after == place]
        if place < len(cells):
            piece = _of_cell(cells[place], driver)
            found = [] if _empties(piece) else [*found, piece]
    yield from found


def _of_cell(cell: Cell, driver: Driver) -> Piece:
    source, plain = _without_ours(cell.source, driver.runtime.plain(cell.source))
    if cell.ended.error:
        source, plain = _until(cell.ended.line, source, plain)
    return Piece(source, _read(plain), plain, cell=cell.number, error=cell.ended.error)


def _of_step(step: Step, driver: Driver) -> Piece:
    source, plain = step.code, driver.runtime.plain(step.code)
    if step.error:
        source, plain = _until(step.line, source, plain)
    if step.out:
        source = plain = _named(step.out, source, plain)
    return Piece(
        source,
        plain,
        turn=step.turn,
        step=step.step,
        request=step.request,
        touched=step.touched if not step.error else frozenset(),
        shows=step.shows and not step.error,
        shown=step.shown,
        effects=step.effects,
        error=step.error,
        undone=driver.steps.is_undone(step),
        out=step.out,
    )


def _until(line: int, source: str, plain: str) -> tuple[str, str]:
    """The statements before the one that failed in this line."""
    statements = _statements(plain)
    ends = [each.end_lineno or 0 for each in statements if (each.end_lineno or 0) < line]
    kept = "\n".join(plain.split("\n")[: max(ends, default=0)])
    if source.count("\n") != plain.count("\n") and source.count("\n") + 1 != plain.count("\n"):
        return kept, kept
    return "\n".join(source.split("\n")[: max(ends, default=0)]), kept


def _without_ours(source: str, plain: str) -> tuple[str, str]:
    """A cell without the lines that are about this package; without anything where it is all about it."""
    lines, written = plain.split("\n"), source.split("\n")
    ours = {
        line
        for each in _statements(plain)
        if _is_ours(each)
        for line in range(each.lineno - 1, each.end_lineno or each.lineno)
    }
    if not ours:
        return source, plain
    kept = "\n".join(line for number, line in enumerate(lines) if number not in ours).strip("\n")
    if not kept or len(written) not in (len(lines), len(lines) - 1):
        return kept, kept
    return "\n".join(line for number, line in enumerate(written) if number not in ours).strip("\n"), kept


def _is_ours(statement: ast.stmt) -> bool:
    called = _magic(statement)
    return called[:2] in ((LINE, "cave"), (CELL, "cave")) or (
        called[:2] in ((LINE, "load_ext"), (LINE, "reload_ext"), (LINE, "unload_ext")) and OURS in called[2]
    )


def _empties(piece: Piece) -> bool:
    """Whether a cell emptied the namespace, so that nothing before it counts."""
    return any(_magic(each)[:2] == (LINE, "reset") for each in _statements(piece.plain))


def _read(plain: str) -> str:
    """The code that is to be read: under `%%time` it is the cell's own."""
    match _statements(plain):
        case [only] if (called := _magic(only))[0] == CELL and called[1] in TIMED:
            return called[3]
    return plain


def _magic(statement: ast.stmt) -> tuple[str, str, str, str]:
    """The kind, name, line and cell of a magic as IPython writes it in Python."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=kind), args=arguments)) if kind in (LINE, CELL):
            texts = [str(each.value) for each in arguments if isinstance(each, ast.Constant)]
            name, line, cell = [*texts, "", "", ""][:3]
            return kind, name, line, cell
    return "", "", "", ""


def _named(out: str, source: str, plain: str) -> str:
    """The code, with its last expression bound to a name."""
    statements = _statements(plain)
    if not statements or not isinstance(last := statements[-1], ast.Expr):
        return source
    before = "\n".join(plain.split("\n")[: last.lineno - 1])
    return f"{before}\n{out} = {ast.unparse(last.value)}\n{out}".strip("\n")


def _statements(plain: str) -> list[ast.stmt]:
    try:
        return ast.parse(plain).body
    except (SyntaxError, ValueError):
        return []
