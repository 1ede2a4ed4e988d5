"""Find the running server of the embedded model, or start it: one for all kernels of a user."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any

from caveagent_magic.errors import ModelError
from caveagent_magic.frozen import frozen
from caveagent_magic.models.base import Loading
from caveagent_magic.models.cache import cache_dir, environment, last_line, lock_of, locked

ROOT = Path(__file__).parents[2]
ANSWER_SECONDS = 5.0
START_SECONDS = 600.0
# A thread that waits for another one sleeps: spinning, two threads on a busy machine hold each other up.
PATIENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands before this machine


@frozen
class Plan:
    """Which server is wanted; equal plans share one."""

    weights: Path
    threads: int = 0  # 0: chosen by the load of the machine when it starts
    idle: float = 900.0  # seconds without a request after which it ends

    @property
    def state(self) -> Path:
        """The file in which the server says where it is; touched at each request, deleted to end it."""
        folder = cache_dir() / "server"
        folder.mkdir(exist_ok=True, mode=0o700)
        wanted = hashlib.sha256(f"{self.weights}:{self.threads}".encode()).hexdigest()[:12]
        return folder / f"{socket.gethostname()}-{wanted}.json"  # a home folder can be shared by machines

    @property
    def alive(self) -> Path:
        """The file whose lock the server holds as long as it lives."""
        return self.state.with_suffix(".alive")

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.state.with_suffix(".log")


@frozen
class Address:
    """Where a server answers."""

    url: str
    key: str

    def get(self, path: str) -> Any:
        """The JSON that the server gives; raises `OSError` where it does not answer."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        with DIRECT.open(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def running(plan: Plan) -> Address | None:
    """The server, when it answers; asking counts as use."""
    try:
        address = Address(**json.loads(plan.state.read_text()))
        address.get("/health")
        os.utime(plan.state)
    except (OSError, ValueError, TypeError):
        return None
    return address


def ensure(plan: Plan) -> Generator[Loading, None, Address]:
    """The server, started if need be; raises `ModelError` where it does not come up."""
    if address := running(plan):
        return address
    lock = yield from locked(plan.state, "Another notebook is starting the local model")
    try:
        return (yield from _start(plan))
    finally:
        lock.release()


def _start(plan: Plan) -> Generator[Loading, None, Address]:
    """Start it, or wait for the one that another kernel began to start and did not wait for."""
    process, began, told = None, time.monotonic(), -1
    _dismiss(plan)
    while (address := running(plan)) is None:
        lives = _lives(plan)
        if process is None and not lives:
            process = _spawn(plan)
        elif process and process.poll() is not None and not lives:
            raise ModelError(f"The local model did not start: {_complaint(plan.log)}. Its log is {plan.log}.")
        seconds = int(time.monotonic() - began)
        if seconds > START_SECONDS:
            raise ModelError(f"The local model did not start in {seconds} seconds. Its log is {plan.log}.")
        if seconds != told:
            told = seconds
            yield Loading(f"Loading the local model, {seconds} s")
        time.sleep(0.1)
    return address


def _dismiss(plan: Plan) -> None:
    """Take the state file from a server that does not answer, which ends it if it lives."""
    if (said := _read(plan.state)) and not running(plan) and _read(plan.state) == said:
        plan.state.unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _lives(plan: Plan) -> bool:
    """Whether a server of this plan is there, answering or not."""
    from filelock import Timeout

    try:
        with lock_of(plan.alive).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _spawn(plan: Plan) -> subprocess.Popen[bytes]:
    """In a session of its own: an interrupt of the kernel is none of the server's."""
    command = [sys.executable, "-P", "-m", "caveagent_magic.models.server", str(plan.weights)]
    command += ["--threads", str(plan.threads), "--idle", str(plan.idle)]
    paths = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    with open(os.open(plan.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
        return subprocess.Popen(
            command,
            cwd="/",
            env=PATIENT | environment() | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _complaint(log: Path) -> str:
    """The first error in a server's log, which is the cause of those after it; else its last line."""
    text = log.read_text(encoding="utf-8", errors="replace")
    errors = re.findall(r"^[\d.]+ E +(.+)$", text, re.MULTILINE)
    return (errors[0] if errors else last_line(log)).rstrip(".")
