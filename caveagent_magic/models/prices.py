"""What Anthropic's models cost, so that a price can be shown before the first request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

Price: TypeAlias = tuple[float, float, float]
"""US dollars per million tokens: input, input read from the cache, output."""

# https://platform.claude.com/docs/en/about-claude/pricing, as published in November 2026.
PUBLISHED: Mapping[str, Price] = {
    "claude-fable-5-1": (10.00, 0.25, 50.00),
    "claude-opus-5-5": (4.00, 0.20, 20.00),
    "claude-opus-5": (5.00, 0.50, 25.00),
    "claude-sonnet-5-5": (2.00, 0.10, 10.00),
    "claude-sonnet-5": (2.00, 0.20, 10.00),
    "claude-haiku-5-5": (0.10, 0.01, 0.50),
    "claude-haiku-4-5": (1.00, 0.10, 5.00),
}
LONG_PROMPTS = {"claude-haiku-5-5": (100_000, 5)}  # above so many tokens everything costs so many times more
CACHE_WRITE = 1.25  # a token written to the cache, against one that is only read


def price_of(name: str, own: Mapping[str, Price]) -> Price | None:
    """The price of a model, the person's own list first; dated names cost what the undated ones do."""
    undated = re.sub(r"-\d{8}$", "", name)
    for prices in (own, PUBLISHED):
        if price := prices.get(name) or prices.get(undated):
            return price
    return None


def cost(
    name: str, own: Mapping[str, Price], *, input: int, written: int, cached: int, output: int
) -> float | None:
    """US dollars for one reply; None where the price is not known."""
    if (price := price_of(name, own)) is None:
        return None
    dollars = price[0] * (input + CACHE_WRITE * written) + price[1] * cached + price[2] * output
    threshold, factor = LONG_PROMPTS.get(name, (0, 1)) if name not in own else (0, 1)
    return dollars * (factor if input + written + cached > threshold else 1) / 1e6
