"""Rules about the kernel itself and what outlives a step."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from caveagent_magic.pattern import pattern
from caveagent_magic.security.flow.values import Class, Const, Function, Instance, Items, Named
from caveagent_magic.security.rule import Flagged, Hit, Passes, Rule, shown
from caveagent_magic.security.use import Use
from caveagent_magic.security.vocabulary import names

SETTABLE = pattern(
    r"(?:InlineBackend|IPCompleter|Completer|SqlMagic)\.\w+|"
    r"\w*InteractiveShell\.(?:ast_node_interactivity|colors|xmode|cache_size|separate_\w+)"
)
"""What `%config` may be told without a question."""


class ChangesKernel(Rule):
    """Uses IPython, the kernel or this extension itself, which could switch off what watches the step."""

    code = "CAVE901"
    capability = "kernel"
    message = "reaches for the kernel with {name}"
    calls = names(
        """
        IPython.* ipykernel.* comm.* traitlets.* jupyter_client.* nest_asyncio.* debugpy.*
        caveagent_magic.* tornado.* sys.exit builtins.exit builtins.quit builtins.input builtins.help
        site._sitebuiltins.* _sitebuiltins.* IPython.core.autocall.* readline.* sys.setrecursionlimit
        sys.setswitchinterval posix.chdir os.chdir posix.fchdir os.chroot posix.chroot posix.dup2
        os.dup2 os.close posix.close posix.dup os.dup posix.umask os.umask locale.setlocale
        ?.run_line_magic ?.run_cell_magic ?.magic ?.register_magic_function ?.set_custom_exc
        ?.ast_transformers ?.set_next_input ?.user_ns ?.input_transformers_post
        """
    )
    reads = frozenset(["sys.stdin", "IPython.InteractiveShell.*", "ipykernel.*"])
    imports = names(
        """
        caveagent_magic caveagent_magic.* antigravity this idlelib.* test.* turtle tkinter
        _interpreters _xxsubinterpreters concurrent.interpreters
        """
    ) - {"this"}
    stores = frozenset(["IPython.InteractiveShell.*"])

    examples = (
        Flagged("get_ipython().user_ns['x']"),
        Flagged("import caveagent_magic.security.guard"),
        Flagged("get_ipython().events.register('pre_run_cell', print)"),
        Flagged("exit()", name="exit"),
        Flagged("help('my_module')", name="help"),
        Passes("import pandas as pd\nhelp(pd.DataFrame.merge)"),
        Flagged("import _interpreters\n_interpreters.create()"),
        Passes("get_ipython().run_line_magic('matplotlib', 'inline')"),
        Passes("from IPython.display import display\ndisplay(df)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Display functions are no danger in themselves."""
        from caveagent_magic.security.known import harmless

        if name.endswith(("run_line_magic", "run_cell_magic")) and use.kind == "read":
            return
        if name == "builtins.help" and use.kind == "call" and _explains(use):
            return
        if name.startswith("IPython.display.") or any(
            harmless(each) for each in use.names if not each.startswith(("?.", "builtins."))
        ):
            return
        yield Hit(shown(next((each for each in use.names if not each.startswith("?.")), name)))


def _explains(use: Use) -> bool:
    """Whether help is asked for an object; a text may name a module, which would be imported."""
    given = use.args[0] if len(use.args) == 1 and not use.open_ended else ()
    return bool(given) and all(
        isinstance(value, (Named, Instance, Function, Class, Items))
        or (isinstance(value, Const) and value.kind not in (str, bytes))
        for value in given
    )


def _only_sets(line: str) -> bool:
    """Whether `%config` shows something, or gives a setting of looks a value that is written out."""
    setting, given, value = line.partition("=")
    if not given:
        return True
    if not SETTABLE.fullmatch(setting.strip()) or "usetex" in value:
        return False
    try:
        ast.literal_eval(value.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class RunsMagic(Rule):
    """Runs a magic that is not known to be harmless."""

    code = "CAVE904"
    capability = "kernel"
    message = "runs the magic {name}"
    kinds = frozenset({"call"})

    examples = (
        Flagged("get_ipython().run_line_magic('load_ext', 'x')", name="%load_ext"),
        Flagged("get_ipython().run_line_magic('config', 'CaveMagics.approval = \"auto\"')", name="%config"),
        Flagged("get_ipython().run_line_magic('config', text)", name="%config"),
        Passes("get_ipython().run_line_magic('config', 'InlineBackend.figure_format = \"retina\"')"),
        Flagged("get_ipython().run_line_magic('config', 'InlineBackend.rc = load()')", name="%config"),
        Passes("1 % 2"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Only those that no other rule speaks of."""
        from caveagent_magic.security.known import harmless
        from caveagent_magic.security.rule import claimed

        if name == "%config":
            line = use.words[1:2]
            if not line or not _only_sets(line[0]):
                yield Hit(f"{name} {line[0].partition('.')[0].strip()}" if line else name)
        elif name.startswith("%") and not claimed(name) and not harmless(name):
            yield Hit(name)


class OutlivesStep(Rule):
    """Leaves something behind that runs after the step: a thread, a timer, a hook, a handler."""

    code = "CAVE902"
    capability = "kernel"
    message = "leaves something running after the step with {name}"
    calls = names(
        """
        threading.* _thread.* concurrent.futures.* concurrent.futures.thread.* sched.* asyncio.*
        atexit.* signal.* weakref.finalize sys.settrace sys.setprofile sys.addaudithook
        sys.set_asyncgen_hooks sys.displayhook sys.excepthook sys.set_coroutine_origin_tracking_depth
        sys.monitoring.* codecs.register_error selectors.* select.* schedule.*
        apscheduler.* ?.register_at_fork os.register_at_fork posix.register_at_fork warnings.showwarning
        contextvars.* gevent.* eventlet.* trio.* ?.on_click ?.observe ?.on_msg ?.mpl_connect
        ?.on_trait_change ?.add_callback ipywidgets.interact
        ipywidgets.interactive ipywidgets.interact_manual ipywidgets.interactive_output ?.settrace
        ?.setprofile joblib.Parallel.*
        """
    )
    stores = frozenset(["sys.*", "sys.modules[]", "warnings.showwarning", "builtins.*", "signal.*"])
    reads = names(
        """
        sys.modules sys.meta_path sys.path_hooks sys.displayhook sys.excepthook sys.modules[]
        sys.path_importer_cache
        """
    )

    examples = (
        Flagged("import threading\nthreading.Timer(60, print).start()", name="threading.Timer"),
        Flagged("import sys\nsys.modules['os']", name="sys.modules"),
        Flagged("import atexit\natexit.register(print)", name="atexit.register"),
        Passes("import sys\nprint(sys.version)"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """Locks and the like are harmless."""
        from caveagent_magic.security.known import harmless

        if use.kind == "store" and name.startswith("builtins."):
            return  # shadowing says it
        if use.kind in ("call", "pass") and any(
            harmless(each) for each in use.names if not each.startswith("?.")
        ):
            return
        yield Hit(shown(next((each for each in use.names if not each.startswith("?.")), name)))


class DefinesFinaliser(Rule):
    """Defines a method that Python runs whenever the object happens to go away, also after the step."""

    code = "CAVE905"
    capability = "kernel"
    message = "defines {name}, which runs when nobody is watching"
    kinds = frozenset({"code"})

    examples = (
        Flagged("class A:\n    def __del__(self):\n        pass"),
        Passes("class A:\n    def close(self):\n        pass"),
    )

    def hits(self, use: Use, name: str) -> Iterator[Hit]:
        """By the name of the definition."""
        if name == "def __del__":
            yield Hit("__del__")
