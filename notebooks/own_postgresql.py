"""A PostgreSQL of one's own: Debian's, in a temporary folder, on a socket there, not as root."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def start() -> str:
    """Start one that ends with this process; the URL that SQLAlchemy connects to."""
    server = contextlib.ExitStack()
    atexit.register(server.close)
    dsn, _ = server.enter_context(postgresql())
    host = dsn.split()[0].removeprefix("host=")
    return f"postgresql+psycopg://tester@/postgres?host={host}"


@contextlib.contextmanager
def postgresql() -> Iterator[tuple[str, Path]]:
    """A running server; gives what connects to it, and its log."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # no folder of another user's: they may not look into it
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    data, log = folder / "data", folder / "log"
    _as_postgres(programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c log_connections=on -c log_disconnections=on -F"
    _as_postgres(programs / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
    try:
        yield f"host={folder} user=tester dbname=postgres", log
    finally:
        _as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if not found and (anywhere := shutil.which("postgres")):
        found = [Path(anywhere)]
    if not found:
        raise FileNotFoundError(
            "PostgreSQL is not installed: `apt-get install postgresql`, or set DATABASE_URL"
        )
    return found[-1].parent


def _as_postgres(*command: object) -> None:
    other = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*other, *map(str, command)], check=True, capture_output=True, cwd="/")
