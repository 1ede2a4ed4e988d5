"""Imports that other threads are in the middle of: in a forked copy they would never come to their end."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

PATIENCE = 10.0  # seconds; what still imports then may be stuck itself
_PAUSE = 0.01


def wait_for_imports() -> None:
    """Come back when no other thread imports: the copy would wait for ever for the lock of its module."""
    deadline = time.monotonic() + PATIENCE
    while _another_thread_imports() and time.monotonic() < deadline:
        time.sleep(_PAUSE)


def _another_thread_imports() -> bool:
    bootstrap: Any = sys.modules["_frozen_importlib"]
    locks = [reference() for reference in list(bootstrap._module_locks.values())]
    owners = {getattr(lock, "owner", None) for lock in locks}
    return bool(owners - {None, threading.get_ident()})
