"""Which addresses a host's name stands for at this moment."""

from __future__ import annotations

import sys

LOOKS = 2  # names with many addresses give a part of them each time


def addresses(host: str) -> frozenset[str]:
    """The addresses that looking the name up gives; none where it cannot be.

    Nothing is imported for it: whoever connects has imported `socket` already.
    """
    socket = sys.modules.get("socket")
    if socket is None:
        return frozenset()
    found: set[str] = set()
    for _ in range(LOOKS):
        try:
            found |= {plain_address(str(each[4][0])) for each in socket.getaddrinfo(host, None)}
        except (OSError, UnicodeError):
            return frozenset(found)
    return frozenset(found)


def plain_address(address: str) -> str:
    """An address without its brackets and its zone."""
    return address.strip("[]").partition("%")[0]
