"""Run notebooks anew and save them with what they gave: `python notebooks/save.py [NAME.ipynb …]`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from caveagent_magic.security.policies.policy import SHIPPED

HERE = Path(__file__).parent
ASKS = "01_first_cell.ipynb"  # it has no policy of its own, so that a reader is asked; here nobody is


def save(path: Path) -> None:
    """Execute one on a fresh kernel, nobody to answer, nothing recorded."""
    notebook = nbformat.read(path, as_version=4)
    options = {"timeout": None, "record_timing": False, "resources": {"metadata": {"path": HERE}}}
    environment = {"CAVEAGENT_POLICY": str(SHIPPED / "demo.toml")} if path.name == ASKS else {}
    NotebookClient(notebook, **options).execute(env=os.environ | environment)
    notebook.metadata.language_info = {"name": "python"}
    text = nbformat.writes(notebook)
    for folder, name in ((sys.prefix, ".venv"), (str(HERE.parent), "."), (str(Path.home()), "~")):
        text = text.replace(folder, name)  # a traceback tells where things lie on this machine
    path.write_text(text + "\n")


def main(names: list[str]) -> None:
    """All that are named, else all that there are."""
    with tempfile.TemporaryDirectory() as scratch:
        os.environ |= {"CAVEAGENT_RECORD": "off", "IPYTHONDIR": scratch}
        for path in map(Path, names) if names else sorted(HERE.glob("[0-9]*.ipynb")):
            save(path)
            print(path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
