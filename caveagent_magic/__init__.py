"""The AI of a notebook: `%load_ext caveagent_magic`, then `%%cave`.

In code of your own, after `import caveagent_magic as cave`: `@cave.tool` marks functions and classes for the
model, `cave.result("name")` gives the result of a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from caveagent_magic.injection.tool import tool

__version__ = "0.1.0"
__all__ = ["load_ipython_extension", "result", "tool", "unload_ipython_extension"]


def __getattr__(name: str) -> object:
    if name == "tool":  # imported when it is used: loading stays thin
        from caveagent_magic.injection.tool import tool

        return tool
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%cave` and `%%cave`; heavy imports wait for the first cell."""
    from caveagent_magic.shell.extension import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Give the session back as it was found."""
    from caveagent_magic.shell.extension import unload

    unload(shell)


def result(name: str = "") -> object:
    """The object that the last turn gave, or that `--out NAME` named; raises `UsageError`."""
    from caveagent_magic.shell.extension import loaded

    return loaded().driver.runtime.result(name)
