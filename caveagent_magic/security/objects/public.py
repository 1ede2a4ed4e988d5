"""What modules, classes and functions are called in public, wherever they are defined."""

from __future__ import annotations

import sys

from caveagent_magic.security.known import module_dict
from caveagent_magic.security.objects.still import word

SAME = {
    "_io.open": "builtins.open",
    "io.open": "builtins.open",
    "IPython.core.getipython.get_ipython": "IPython.get_ipython",
    "IPython.core.interactiveshell.InteractiveShell.get_ipython": "IPython.get_ipython",
    "IPython.core.display_functions.display": "IPython.display.display",
    "IPython.core.display_functions.clear_output": "IPython.display.clear_output",
    "IPython.core.display_functions.update_display": "IPython.display.update_display",
    "_sitebuiltins.Quitter": "builtins.exit",
    "IPython.core.autocall.ExitAutocall": "builtins.exit",
    "IPython.core.autocall.ZMQExitAutocall": "builtins.exit",
    "_sitebuiltins._Helper": "builtins.help",
}
class_module = type.__dict__["__module__"].__get__
"""The module that a class says it is from, whatever its metaclass does."""


def canonical(name: str) -> str:
    """The public name of something, whatever private module it was defined in."""
    name = SAME.get(name, name)
    if name.endswith("InteractiveShell.get_ipython"):
        return "IPython.get_ipython"
    if name.startswith(
        (
            "ipykernel.zmqshell.ZMQInteractiveShell.",
            "IPython.terminal.interactiveshell.TerminalInteractiveShell.",
        )
    ):
        return f"IPython.InteractiveShell.{name.rpartition('.')[2]}"
    first, _, rest = name.partition(".")
    if first in ("posixpath", "ntpath", "genericpath"):
        return f"os.path.{rest}"
    if first.startswith("_") and first[1:] in sys.stdlib_module_names:
        return canonical(f"{first[1:]}.{rest}")
    if first == "duckdb":
        return name.replace("duckdb._relation.module_", "duckdb.")
    if first == "pyarrow":
        return name.replace(".parquet.core.", ".parquet.")
    if first == "_plotly_utils":
        return f"plotly.{rest}"
    if first == "nt":
        return f"posix.{rest}"
    if first == "pathlib":  # Python 3.13 keeps its classes in `_local` and `_abc`
        return name.replace("._local.", ".").replace("._abc.", ".").replace("PathBase", "Path")
    if first in ("pandas", "polars", "IPython") and name.count(".") > 1:
        return _public(first, name)
    return name


def _public(library: str, name: str) -> str:
    """`pandas.core.frame.DataFrame.to_csv` → `pandas.DataFrame.to_csv`; libraries move modules about."""
    parts = name.split(".")
    start = next((index for index, part in enumerate(parts) if index and part[:1].isupper()), None)
    if start is not None:
        inside = "display." if library == "IPython" and "display" in name else ""
        return f"{library}.{inside}{'.'.join(parts[start:])}".replace("NDFrame", "DataFrame")
    if library == "pandas" and parts[1] in ("core", "io", "_libs"):
        public = module_dict(sys.modules["pandas"]) if "pandas" in sys.modules else {}
        return f"pandas.{parts[-1]}" if parts[-1] in public else name
    return name


def class_name(kind: type) -> str:
    """The qualified name of a class."""
    what = type.__dict__["__qualname__"].__get__(kind)
    return canonical(f"{word(class_module(kind))}.{what}")


def canonical_module(name: str) -> str:
    """`posixpath` → `os.path`, `_pickle` → `pickle`."""
    if name in ("posixpath", "ntpath"):
        return "os.path"
    if name.startswith("_plotly_utils."):
        return name[1:].replace("plotly_utils", "plotly", 1)
    return name[1:] if name[:1] == "_" and name[1:] in sys.stdlib_module_names else name
