"""Privacy and the ledger on a real kernel."""

import json

import pytest

pytestmark = pytest.mark.kernel

PRINTS = "```python\nprint(staff)\nprint('sum', staff.pay.sum())\n```"


def test_a_real_kernel_keeps_cells_tells_sums_and_writes_the_ledger(kernel, replies):
    kernel.run(
        "import pandas as pd\nstaff = pd.DataFrame({'who': ['Kowalska', 'Oneil'], 'pay': [51234, 98761]})"
    )
    kernel.run("%cave hide staff.who")

    kernel.run(f"%%cave --auto --model {replies(PRINTS, 'The sum is 149995.')}\nWhat is the sum of pay?")

    observed = next(event["text"] for event in kernel.events() if event["type"] == "observed")
    kernel.run("%cave egress")
    path = kernel.text().split("Written down in ")[1].split(" before each")[0]
    with open(path) as file:
        ledger = [json.loads(line) for line in file]
    assert "sum 149995" in observed and "‹value›" in observed
    assert not [
        cell for cell in ("Kowalska", "51234", "98761") if cell in observed + ledger[-1].get("text", "")
    ]
    assert observed in ledger[-1]["text"]
