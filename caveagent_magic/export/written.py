"""The kept pieces as a script or as a notebook that needs nothing of this package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from caveagent_magic.export.piece import Piece

HEAD = "# The approved steps of a notebook, and the cells that they build on."
NEEDS_IPYTHON = "# Some lines are IPython's: run this file with `ipython`."


def script(pieces: Sequence[Piece]) -> str:
    """Python in cells (`# %%`), as editors and Jupytext know them."""
    codes = [_ended(piece.python or piece.plain) for piece in pieces]
    head = [HEAD, *([NEEDS_IPYTHON] if any("get_ipython()" in code for code in codes) else [])]
    cells = (f"# %% {_title(piece)}\n{code}" for piece, code in zip(pieces, codes, strict=True))
    return "\n".join(("\n".join(head), "", *cells))


def notebook(pieces: Iterable[Piece]) -> dict[str, Any]:
    """A notebook in which each request stands above its steps."""
    cells = [
        {**cell, "id": f"cave-{number}"}
        for number, cell in enumerate(each for group in _turns(pieces) for each in _cells(*group))
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _turns(pieces: Iterable[Piece]) -> Iterator[tuple[str, list[Piece]]]:
    return ((turn, list(group)) for turn, group in groupby(pieces, key=lambda piece: piece.turn))


def _cells(turn: str, pieces: Sequence[Piece]) -> Iterator[dict[str, Any]]:
    if turn:
        yield {"cell_type": "markdown", "metadata": {}, "source": pieces[0].request.strip()}
    for piece in pieces:
        code: dict[str, Any] = {"source": piece.source, "outputs": [], "execution_count": None}
        yield {"cell_type": "code", "metadata": piece.metadata, **code}


def _title(piece: Piece) -> str:
    return f"step {piece.step}: {piece.words}" if piece.is_step else f"[{piece.cell}]"


def _ended(code: str) -> str:
    return code.strip("\n") + "\n"
