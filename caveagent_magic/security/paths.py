"""Paths and addresses among the arguments of a call."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Const, Instance, Items, Named, Opaque, Text, Value, Values
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

PATH_NAMES = (
    "filepath_or_buffer", "path_or_buf", "path_or_buffer", "path", "io", "fname", "filename", "file",
    "buf", "excel_writer", "url", "fp", "fpath", "source", "where", "target", "dst", "dest", "name",
    "sink", "out_file", "location",
)  # fmt: skip
MEMORY = frozenset(
    {"io.StringIO", "io.BytesIO", "_io.StringIO", "_io.BytesIO", "io.TextIOWrapper", "zipfile.ZipExtFile"}
)
_URL = pattern(r"(?!file:)[a-z][a-z0-9+.-]+://", re.IGNORECASE)


_SHARED = pattern(r"(?:\\\\|//)\s*[^\s\\/]")  # a folder of another machine


def is_url(text: str) -> bool:
    """Whether a path names something on the network."""
    return bool(_URL.match(text.strip())) or bool(_SHARED.match(text))


def host(url: str) -> str:
    """The host in an address."""
    return re.sub(r"^[a-z0-9+.-]+://(?:[^/@?#\\]*@)?", "", url.strip(), flags=re.IGNORECASE).split("/")[0]


def paths_of(use: Use, position: int = 0) -> list[str | None] | None:
    """The possible paths, None among them where unknown; empty: a buffer; None: no path is given."""
    given = use.argument(position, *PATH_NAMES)
    if given is None:
        return [None] if use.open_ended or use.kind == "pass" else None
    found = [path for value in given for path in _paths(value)]
    return list(dict.fromkeys(found))


def _paths(value: Value) -> Iterator[str | None]:
    """Nothing where the value is a buffer in memory, or decided by who calls the function."""
    if isinstance(value, Const):
        if isinstance(value.value, (str, bytes)):
            yield value.value if isinstance(value.value, str) else value.value.decode(errors="replace")
        elif isinstance(value.value, int) and not isinstance(value.value, bool):
            yield None
    elif isinstance(value, Text):
        yield f"{value.prefix}…" if telling(value.prefix) else None
    elif isinstance(value, Items):
        for inner in value.contents:
            yield from _paths(inner)
    elif isinstance(value, Instance) and value.about is not None:
        yield from _paths(value.about)
    elif isinstance(value, Instance) and value.of in MEMORY:
        return
    elif not (isinstance(value, Opaque) and value.origin in ("parameter", "missing")):
        yield None


SCHEMES = names(
    """
    http https ftp ftps sftp ssh s3 s3a s3n gs gcs gdrive hdfs webhdfs abfs abfss adl az wasb file local
    memory zip tar libarchive git github gist jupyter simplecache filecache blockcache cached reference
    dask dbfs smb dropbox oci oss hf data generic root box lakefs osf sqlite postgresql mysql duckdb mongodb
    """
)
"""What begins an address that some library reads."""


def telling(prefix: str) -> bool:
    """Whether the beginning of a path says where it leads: a file that lies here, or a folder."""
    named = re.fullmatch(r"\w[\w -]{2,}", prefix) and not any(
        scheme.startswith(prefix.lower()) for scheme in SCHEMES
    )
    return bool(named) or bool(re.match(r"(?=[ .-]*\w)[\w .-]*[/\\]|\./|/|~|\.\./", prefix)) or is_url(prefix)


def mode_of(use: Use, position: int) -> str:
    """The mode of an `open`; "?" where it is not known."""
    given: Values | None = use.argument(position, "mode")
    if given is None:
        return "?" if use.open_ended or use.kind == "pass" else "r"
    modes = [value.value for value in given if isinstance(value, Const) and isinstance(value.value, str)]
    return "".join(modes) if len(modes) == len(given) else "?"


def _is_memory(value: Instance) -> bool:
    """Whether nothing outside the kernel is written; a file that was open before the step is one."""
    if value.live is not None and value.of == "io.TextIOWrapper":
        return value.live.obj is sys.stdout or value.live.obj is sys.stderr
    return value.of in MEMORY or value.about == Const(":memory:")


def in_memory(receiver: Values) -> bool:
    """Whether the object is a buffer in memory or the kernel's own output."""
    return bool(receiver) and all(
        (isinstance(value, Instance) and _is_memory(value))
        or (isinstance(value, Named) and value.name.startswith("sys.std"))
        for value in receiver
    )
