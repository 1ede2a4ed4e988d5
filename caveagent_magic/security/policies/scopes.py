"""Whether a path, a host or a name lies in a scope of a policy; what is not known of it counts as `maybe`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from caveagent_magic.events import Capability
from caveagent_magic.pattern import pattern

PATHS: frozenset[Capability] = frozenset({"read_file", "write_file", "delete_file"})
TARGETED = PATHS | {"network"}  # their scopes are paths or hosts; those of all others are qualified names
Within = Literal["yes", "no", "maybe"]

_HOST = pattern(r"(?P<host>\[[0-9a-f:.]+\]|[\w.*?-]+)(?P<port>:\d+)?", re.IGNORECASE | re.ASCII)
_WILD = pattern(r"[*?\[]")
CUT = "…"  # ends what reading the code could find of a text


def within(capability: Capability, target: str | None, scope: str, folder: Path) -> Within:
    """Whether a use of the capability on the target is one inside the scope; None: the target is not known.

    Paths are relative to the folder, links resolved; a scope takes in all that lies below it, and `*`, `?`
    and `**` mean what they mean in a shell. A host without a port stands for all its ports.
    """
    if not target:
        return "maybe"
    if capability in PATHS:
        return _path_within(target, scope, folder)
    return _host_within(target, scope) if capability == "network" else _name_within(target, scope)


def _path_within(target: str, scope: str, folder: Path) -> Within:
    known, cut, _ = _local(target).partition(CUT)
    if not known or "://" in known:
        return "maybe"
    try:
        path = real(os.path.dirname(known) or "." if cut else known, folder)
        root, pattern = _root_and_pattern(scope, folder)
    except (OSError, ValueError):
        return "maybe"
    if not _below(path, root):
        return "maybe" if cut and _below(root, path) else "no"
    if not pattern:
        return "yes"
    rest = path[len(root) :]
    if cut:
        return "maybe"
    return "yes" if any(_fits(rest[:end], pattern) for end in range(1, len(rest) + 1)) else "no"


def _local(target: str) -> str:
    """A path that is written as an address: libraries take `file:///etc/passwd` for `/etc/passwd`."""
    if target[:5].lower() != "file:":
        return target
    from urllib.request import url2pathname  # heavy, and seldom needed

    return url2pathname(target[5:].removeprefix("//").removeprefix("localhost"))


def real(path: str, folder: Path) -> Sequence[str]:
    """The parts of a path, links resolved."""
    return Path(os.path.normcase(os.path.realpath(folder / os.path.expanduser(path)))).parts


def _root_and_pattern(scope: str, folder: Path) -> tuple[Sequence[str], Sequence[str]]:
    """The part of a scope that has no wildcard, resolved, and the rest."""
    parts = Path(os.path.expanduser(scope)).parts
    plain = next((at for at, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return real(os.path.join("", *parts[:plain]) or ".", folder), parts[plain:]


def _below(path: Sequence[str], root: Sequence[str]) -> bool:
    return tuple(path[: len(root)]) == tuple(root)


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Part by part, as a shell does it; `**` stands for any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[skip:], pattern[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _host_within(target: str, scope: str) -> Within:
    found, wanted = _HOST.fullmatch(target), _HOST.fullmatch(scope)
    if found is None or wanted is None:
        return "maybe"
    if wanted["port"] and found["port"] != wanted["port"]:
        return "no" if found["port"] else "maybe"
    return "yes" if fnmatchcase(found["host"].lower(), wanted["host"].lower()) else "no"


def _name_within(target: str, scope: str) -> Within:
    return "yes" if fnmatchcase(_ordinary(target), _ordinary(scope)) else "no"


def _ordinary(name: str) -> str:
    """`posix.system` as the person knows it."""
    plain = name.removeprefix("builtins.")
    return f"os.{plain.partition('.')[2]}" if plain.startswith(("posix.", "nt.")) else plain


def mistakes(capability: Capability, scope: str) -> Iterator[str]:
    """What is wrong with a scope, in words."""
    if not scope.strip():
        yield "is empty"
    elif capability == "network" and not _HOST.fullmatch(scope):
        yield f"{scope!r} is no host; write api.example.org, *.example.org or localhost:8080"
    elif capability not in TARGETED and re.search(r"\s", scope):
        yield f"{scope!r} is no qualified name; write subprocess.run or sklearn.*"
