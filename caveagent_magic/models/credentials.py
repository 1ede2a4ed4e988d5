"""Where the API key comes from: the environment, else the keyring; never the notebook."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

SERVICE, USER = "caveagent_magic", "anthropic"
KEYRING_SECONDS = 5.0


def api_key() -> str | None:
    """Anthropic's key, or None when there is none."""
    return environment_key() or _from_keyring()


def environment_key() -> str | None:
    """The key that the environment names."""
    return os.environ.get("ANTHROPIC_API_KEY", "").strip() or None


def _from_keyring() -> str | None:
    """Asked in a process of its own: a locked keyring waits for a person who may not be there."""
    if importlib.util.find_spec("keyring") is None:
        return None
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-m", "keyring", "get", SERVICE, USER],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=KEYRING_SECONDS,
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
    return asked.stdout.strip() or None if asked.returncode == 0 else None
