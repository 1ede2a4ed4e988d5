"""Loading and unloading: what is put into the session, and how it is taken out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.completer import SimpleCompletion
from IPython.core.getipython import get_ipython

from caveagent_magic.errors import UsageError
from caveagent_magic.shell import control
from caveagent_magic.shell.commands import COMMANDS
from caveagent_magic.shell.complete import completions, fragment
from caveagent_magic.shell.magic import CaveMagics, options_of
from caveagent_magic.shell.names import Names

NAME = "CaveMagics"


def load(shell: Any) -> None:
    """Register the magics, completion and control requests; a second load begins anew."""
    magics = CaveMagics(shell, Names(shell))  # first: a wrong setting must not leave the session without
    unload(shell)
    magics.matcher = matcher(magics)
    shell.register_magics(magics)
    shell.events.register("post_run_cell", magics.names.note_cell)
    shell.Completer.custom_matchers.append(magics.matcher)
    if kernel := getattr(shell, "kernel", None):
        control.install(
            kernel,
            lambda content: magics.driver.broker.request(content),
            lambda: magics.driver.request,
            lambda content: idle(content, magics),
            lambda content: magics.driver.broker.question(content),
        )


def unload(shell: Any) -> None:
    """Take out what `load` put in; nothing happens when it was not loaded."""
    magics = shell.magics_manager.registry.pop(NAME, None)
    if magics is None:
        return
    magics.let_go()
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("cave", None)
    shell.configurables.remove(magics)
    shell.events.unregister("post_run_cell", magics.names.note_cell)
    shell.Completer.custom_matchers.remove(magics.matcher)
    if kernel := getattr(shell, "kernel", None):
        control.uninstall(kernel)


def loaded() -> CaveMagics:
    """The magics of this session; raises `UsageError` where they are not loaded."""
    shell = get_ipython()
    magics = shell.magics_manager.registry.get(NAME) if shell else None
    if not isinstance(magics, CaveMagics):
        raise UsageError("caveagent_magic is not loaded here. Run `%load_ext caveagent_magic`.")
    return magics


def idle(content: Mapping[str, Any], magics: CaveMagics) -> dict[str, Any]:
    """Answer what only the main thread may answer, between two cells."""
    from caveagent_magic.shell.side import answer  # heavy, and only a side panel asks

    return answer(content, magics)


def matcher(magics: CaveMagics) -> Any:
    """Completion for our cells, in the form that IPython's completer asks for."""

    def complete(context: Any) -> dict[str, Any]:
        above = context.full_text.split("\n")[: context.cursor_line + 1]
        above[-1] = above[-1][: context.cursor_position]
        found = completions(
            "\n".join(above),
            options_of(magics.cave_cell),
            COMMANDS,
            magics.names.variables(),
        )
        words = [SimpleCompletion(text=word, type="param") for word in found]
        return {"completions": words, "matched_fragment": fragment(context.token), "suppress": bool(words)}

    complete.matcher_api_version = 2  # type: ignore[attr-defined]
    return complete
