"""The local estimate stays near the true number, whatever kind of text it is."""

import pytest

from caveagent_magic.models.tokens import SAMPLED, estimate

# Counted with the o200k tokenizer.
COUNTED = [
    (
        "   year  month  delay carrier\n0  2013     11  59.672634      DL\n"
        "1  2013      8  10.619836      AA",
        41,
    ),
    ("orders: DataFrame 336,776 × 19 [year int64, carrier str, dep_delay float64]", 26),
    ("Which regions lost customers after the March price rise? Put them in `lost`.", 17),
    ("result = orders.groupby('city')['price'].mean().sort_values()\nresult.head(10)", 21),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tokens"), COUNTED)
def test_the_estimate_is_near_the_count(text, tokens):
    assert 0.75 <= estimate(text) / tokens <= 1.35


def test_a_very_long_text_is_estimated_from_its_ends():
    line = "epoch 12 loss 0.0625\n"
    long = line * (5 * SAMPLED // len(line))

    assert abs(estimate(long) / (estimate(line * 10) / 10 * len(long) / len(line)) - 1) < 0.05
