"""A price is shown only where it is known."""

from caveagent_magic.models.anthropic import AnthropicModel
from caveagent_magic.models.prices import PUBLISHED, cost


def priced(name, **own):
    return AnthropicModel(name, prices=own).price(1_000_000, 1_000_000, 1_000_000)


def test_published_prices_are_per_million_tokens():
    assert priced("claude-sonnet-5-5") == 2.00 + 0.10 + 10.00


def test_a_dated_name_costs_what_the_undated_does():
    assert priced("claude-haiku-4-5-20251001") == priced("claude-haiku-4-5")


def test_an_unknown_model_has_no_price():
    assert priced("qwen3") is None


def test_the_own_list_wins():
    assert priced("claude-sonnet-5-5", **{"claude-sonnet-5-5": (1, 2, 3)}) == 6
    assert priced("qwen3", qwen3=(0, 0, 0)) == 0


def test_long_prompts_of_some_models_cost_more():
    short = cost("claude-haiku-5-5", {}, input=100_000, written=0, cached=0, output=1000)
    long = cost("claude-haiku-5-5", {}, input=0, written=0, cached=200_000, output=0)

    assert (short, long) == ((0.1 * 100_000 + 0.5 * 1000) / 1e6, 5 * 0.01 * 200_000 / 1e6)


def test_writing_to_the_cache_costs_a_quarter_more():
    written = cost("claude-opus-5-5", {}, input=0, written=1_000_000, cached=0, output=0)

    assert written == 1.25 * PUBLISHED["claude-opus-5-5"][0]
