"""Requests on the kernel's control channel: they are answered while the cell runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future

REQUEST, REPLY = "cave_request", "cave_reply"
IDLE = ("look", "report", "privacy", "defaults", "cells")  # verbs that the main thread answers
ASKED = ("judge", "foresee")  # verbs about the step that waits, for the main thread too
PATIENCE = 1.0  # seconds; other control requests, such as a stop, come after this one
BUSY = {"status": "busy", "message": "The kernel is busy: this can be seen when the cell is done."}
Json = Mapping[str, Any]
Answer = Callable[[Json], dict[str, Any]]


def install(
    kernel: Any,
    answer: Answer,
    running: Callable[[], Json | None],
    idle: Answer,
    ask: Callable[[Json], Future[dict[str, Any]]],
) -> None:
    """Answer `cave_request`; what looks at the person's objects is left to `idle` and `ask`: the main thread.

    `running` gives the execute request of the turn that is running, or None.
    """

    from asyncio import get_running_loop  # here: a kernel has it loaded, a terminal need not

    async def handle(stream: Any, ident: Any, parent: Json) -> None:
        content = parent["content"]
        if content.get("verb") in ASKED:
            reply = await _within(PATIENCE, ask(content))
        elif content.get("verb") in IDLE:
            reply = BUSY if running() else await _between_cells(kernel, idle, content)
        else:
            reply = answer(content)
        kernel.session.send(stream, REPLY, reply, parent, ident)
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


async def _between_cells(kernel: Any, idle: Answer, content: Json) -> dict[str, Any]:
    """The answer of the main thread, or that it is busy; a request that was given up is never carried out."""
    from concurrent.futures import Future

    waiting: Future[dict[str, Any]] = Future()

    def carry_out() -> None:
        if waiting.set_running_or_notify_cancel():
            try:
                waiting.set_result(idle(content))
            except Exception as error:  # somebody waits for this answer, whatever went wrong
                waiting.set_result({"status": "error", "message": f"{type(error).__name__}: {error}"})

    kernel.io_loop.add_callback(carry_out)
    return await _within(PATIENCE, waiting)


async def _within(seconds: float, answer: Future[dict[str, Any]]) -> dict[str, Any]:
    from asyncio import wait_for, wrap_future

    try:
        return await wait_for(wrap_future(answer), seconds)
    except TimeoutError:
        return BUSY
