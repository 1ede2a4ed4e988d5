"""Requests on the kernel's control channel: they are answered while the cell runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

REQUEST, REPLY = "cave_request", "cave_reply"


def install(kernel: Any, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """Answer `cave_request`; the handler only records, it never runs code of the person or the model."""

    async def handle(stream: Any, ident: Any, parent: Mapping[str, Any]) -> None:
        kernel.session.send(stream, REPLY, answer(parent["content"]), parent, ident)

    kernel.control_handlers[REQUEST] = handle


def uninstall(kernel: Any) -> None:
    """Stop answering."""
    kernel.control_handlers.pop(REQUEST, None)
