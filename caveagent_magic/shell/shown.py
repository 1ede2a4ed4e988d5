"""Showing in the cell what a rehearsal put out, as running its code would have."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from caveagent_magic.events import Output


def show_again(shell: Any, outputs: Sequence[Output], last: object) -> tuple[Output, ...]:
    """Show these outputs; `last` becomes `_` and is kept in `Out` where it was shown."""
    return tuple(_show(shell, output, last) for output in outputs)


def _show(shell: Any, output: Output, last: object) -> Output:
    match output["output_type"]:
        case "stream":
            getattr(sys, output["name"]).write(output["text"])
        case "display_data":
            shell.display_pub.publish(output["data"], output["metadata"])
        case "execute_result":
            _show_result(shell.displayhook, output, last)
            return {**output, "execution_count": shell.execution_count}
    return output


def _show_result(hook: Any, output: Output, last: object) -> None:
    hook.start_displayhook()
    hook.write_output_prompt()
    hook.update_user_ns(last)
    hook.write_format_data(output["data"], output["metadata"])
    hook.finish_displayhook()
