"""Privacy and the ledger on a real kernel."""

import base64
import hashlib
import json
import threading
from http.server import ThreadingHTTPServer

import pytest

from tests.egress.test_wire import Handler

pytestmark = pytest.mark.kernel

PRINTS = "```python\nprint(staff)\nprint('sum', staff.pay.sum())\n```"
PLOTS = "```python\nplt.plot([1, 3, 2])\nplt.show()\n```"


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


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.bodies, server.replies = [], [PLOTS, "Drawn."]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_figure_of_a_real_kernel_goes_as_a_picture_once_that_is_allowed(kernel, server):
    kernel.run(
        "%matplotlib inline\nimport os, matplotlib.pyplot as plt\nos.environ['ANTHROPIC_API_KEY'] = 'k'"
    )
    kernel.run(f"%config CaveMagics.base_url = 'http://127.0.0.1:{server.server_port}'")
    kernel.run("%cave show --pictures")

    kernel.run("%%cave --auto --model claude-test\nDraw it.")

    body = [body for path, body in server.bodies if path.endswith("/messages")][-1]
    picture, text = body["messages"][-1]["content"]
    sent = base64.b64decode(picture["source"]["data"])
    shown = [each["data"]["image/png"] for each in kernel.outputs if "image/png" in each.get("data", {})]
    observed = next(event["text"] for event in kernel.events() if event["type"] == "observed")
    assert [base64.b64decode(each) for each in shown] == [sent]
    assert hashlib.sha256(sent).hexdigest() in observed == text["text"]
