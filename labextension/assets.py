"""Knows whether the committed front-end assets were built from the sources beside them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "caveagent_magic"
HASH = PACKAGE / "static" / "SOURCE_HASH"
FOLDERS = ("src", "schema", "style")
FILES = ("package.json", "package-lock.json", "tsconfig.json", "tsconfig.lab.json", "build.mjs")
BUILT = (
    PACKAGE / "static" / "panel.js",
    PACKAGE / "static" / "undo.js",
    PACKAGE / "static" / "panel.css",
    PACKAGE / "labextension" / "package.json",
)


def source_hash(root: Path = HERE) -> str:
    """SHA-256 over the names and the bytes of everything that the assets are built from."""
    digest = hashlib.sha256()
    inside = (path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    for path in sorted({*inside, *(root / name for name in FILES)}):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def complaint(root: Path = HERE, stored: Path = HASH) -> str:
    """What is wrong with the assets, as one sentence; empty when nothing is."""
    if missing := [path.name for path in (*BUILT, stored, *_loaded()) if not path.exists()]:
        return f"Front-end assets are missing ({', '.join(missing)}): run `make assets`."
    if stored.read_text().strip() != source_hash(root):
        return "The front-end assets are older than their sources: run `make assets` and commit the result."
    return ""


def _loaded() -> list[Path]:
    """The file that JupyterLab loads first; its name changes with each build."""
    extension = PACKAGE / "labextension"
    about = extension / "package.json"
    built = json.loads(about.read_text())["jupyterlab"]["_build"] if about.exists() else {}
    return [extension / built["load"]] if built else []


def main(arguments: Sequence[str]) -> int:
    """`--write` notes that the assets are fresh, `--check` says whether they are."""
    if arguments == ["--write"]:
        HASH.write_text(source_hash() + "\n")
        return 0
    if arguments != ["--check"]:
        print("usage: python labextension/assets.py --write | --check")
        return 2
    problem = complaint()
    print(problem, end="\n" if problem else "")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
