"""Where the record of this notebook lies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from caveagent_magic.record.journal import SUFFIX

OFF = "off"


def record_path(named: str, namespace: Mapping[str, object]) -> Path | None:
    """The file of the record; None: the notebook's name is not known, or nothing is to be recorded.

    What is `named` by the person comes before what VS Code or Jupyter's server tell of the notebook.
    """
    if named:
        return None if named == OFF else beside(Path(named).expanduser())
    for told in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if type(told) is str and told.endswith(".ipynb") and Path(told).parent.is_dir():
            return beside(Path(told))
    return None


def beside(path: Path) -> Path:
    """`analysis.ipynb`, `analysis` and `analysis.cave.jsonl` all give `analysis.cave.jsonl`, absolute."""
    name = path.name.removesuffix(SUFFIX).removesuffix(".ipynb")
    return path.with_name(name + SUFFIX).absolute()
