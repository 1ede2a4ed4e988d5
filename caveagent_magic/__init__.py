"""The AI of a notebook: `%load_ext caveagent_magic`, then `%%cave`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"
__all__ = ["load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%cave` and `%%cave`; heavy imports wait for the first cell."""
    from caveagent_magic.shell.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Give the session back as it was found."""
    from caveagent_magic.shell.extension import unload

    unload(shell)
