"""Requests on the kernel's control channel: they are answered while the cell runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

REQUEST, REPLY = "cave_request", "cave_reply"
Json = Mapping[str, Any]


def install(
    kernel: Any, answer: Callable[[Json], dict[str, Any]], running: Callable[[], Json | None]
) -> None:
    """Answer `cave_request`; the handler only records, it never runs code of the person or the model.

    `running` gives the execute request of the turn that is running, or None.
    """

    from asyncio import get_running_loop  # here: a kernel has it loaded, a terminal need not

    async def handle(stream: Any, ident: Any, parent: Json) -> None:
        kernel.session.send(stream, REPLY, answer(parent["content"]), parent, ident)
        get_running_loop().call_soon(still_busy)

    def still_busy() -> None:
        # ipykernel reports "idle" after each control request, and front ends would believe it.
        if request := running():
            busy, topic = {"execution_state": "busy"}, kernel._topic("status")
            kernel.session.send(kernel.iopub_socket, "status", busy, parent=request, ident=topic)

    kernel.control_handlers[REQUEST] = handle


def uninstall(kernel: Any) -> None:
    """Stop answering."""
    kernel.control_handlers.pop(REQUEST, None)
