"""Where the policy files of a machine lie."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = Path("caveagent_magic", "policy.toml")


def _administrator() -> Path:
    """A fixed place: whatever a person or a step puts into the environment does not move it."""
    if sys.platform == "darwin":
        return Path("/Library/Application Support") / NAME
    if sys.platform == "win32":
        import winreg  # where Windows itself keeps %PROGRAMDATA%

        folders = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\Shell Folders"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, folders) as key:
            return Path(winreg.QueryValueEx(key, "Common AppData")[0]) / NAME
    return Path("/etc") / NAME


ADMINISTRATOR = _administrator()


def user_file() -> Path:
    """The person's own file, as the XDG base directory specification places it."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(configured) if os.path.isabs(configured) else Path.home() / ".config") / NAME
