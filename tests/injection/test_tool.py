"""Functions that the person marks are told of first, and in full."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

import caveagent_magic as cave
from caveagent_magic.injection.card import describe
from caveagent_magic.injection.choose import choose
from caveagent_magic.injection.words import card_text

FRAME = pd.DataFrame(np.zeros((2, 10)), columns=[f"column_{i}" for i in range(10)])


@dataclass
class Order:
    total: float


@cave.tool
def orders(day: str, limit: int | None = None) -> list[Order]:
    """The orders of one day.

    `day` is written 2024-05-01.
    """
    return []


def test_a_function_can_be_marked_before_anything_else_is_loaded():
    code = "import caveagent_magic as cave\ncave.tool(lambda: 1)"

    marked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (marked.returncode, marked.stderr) == (0, "")


def test_a_marked_function_shows_its_signature_and_all_its_documentation():
    assert card_text(describe("orders", orders)) == (
        "orders: tool, function(day: str, limit: int | None = None) -> list[Order] "
        "[The orders of one day.; `day` is written 2024-05-01.]".replace("`", "\\x60")
    )


def test_marked_functions_and_their_classes_come_before_all_else_in_a_full_namespace():
    names = {f"df_{i}": FRAME for i in range(200)} | {"Order": Order, "orders": orders, "n": 1}

    chosen = choose(names, prompt="Plot df_7", recent=["df_150"], budget_tokens=1000)

    assert [card.name for card in chosen.cards[:3]] == ["orders", "Order", "df_7"]
    assert chosen.cards[0].details[0] == "The orders of one day."
