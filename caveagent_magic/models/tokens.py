"""Tokens guessed from the text, where no tokenizer is at hand."""

from __future__ import annotations

import functools

from caveagent_magic.events import Request
from caveagent_magic.pattern import pattern

# What the common tokenizers keep together: against o200k it is 0.8 to 1.2 of the true number for code,
# prose and tables alike, where a fixed number of characters per token is 0.5 to 1.5.
_PIECE = pattern(r"[^\W\d_]{1,8}|\d{1,3}|[^\w\s]{1,3}|\s*\n\s*|[ \t]+(?=\d)|[ \t]{2,}")
SAMPLED = 20_000  # characters; of a longer text the beginning and the end stand for all of it


def estimate(text: str) -> int:
    """About how many tokens this text is; the time it takes is bounded."""
    if len(text) <= SAMPLED:
        return _pieces(text)
    half = SAMPLED // 2
    return (_pieces(text[:half]) + _pieces(text[-half:])) * len(text) // SAMPLED


def estimate_request(request: Request) -> int:
    """About how many tokens this request is."""
    pictures = (picture for message in request.messages for picture in message.pictures)
    texts = (request.system, *(message.text for message in request.messages))
    return sum(map(estimate, texts)) + sum(picture.tokens for picture in pictures)


@functools.lru_cache(maxsize=512)  # a conversation is counted again before each request
def _pieces(text: str) -> int:
    return sum(1 for _ in _PIECE.finditer(text))
