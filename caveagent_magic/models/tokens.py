"""Tokens guessed from characters, where no tokenizer is at hand."""

from __future__ import annotations

import math

from caveagent_magic.events import Request

CHARS_PER_TOKEN = 3.5


def estimate(text: str) -> int:
    """About how many tokens this text is."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def estimate_request(request: Request) -> int:
    """About how many tokens this request is."""
    return estimate(request.system) + sum(estimate(message.text) for message in request.messages)
