"""The real run gives what the rehearsal showed; where it does not, the panel says so."""

import pytest

pytestmark = pytest.mark.kernel

SAME = {
    "Python's generator": "import random\nvalue = random.random()\nvalue",
    "numpy's own generator": "value = np.random.rand(3)\nvalue",
    "a generator of the person's": "value = rng.normal(size=3)\nvalue",
    "a sample of a frame": "value = frame.sample(5)\nvalue",
    "a split": "from sklearn.model_selection import train_test_split\nvalue = train_test_split(frame)[1]",
    "a set of strings": "value = {'a', 'b', 'c', 'd'}\nprint(value)",
    "an address": "value = object()\nvalue",
    "an error": "value = 1\n1 / 0",
    "a figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nvalue = 1",
    "what the system prints": "import os\nvalue = 1\nprint('said')",
}
OTHER = {
    "a generator without a seed": (
        "value = np.random.default_rng().normal(size=3)\nvalue.sum()",
        "`value` differs from the rehearsal: other values.",
    ),
    "the clock": (
        "import time\nvalue = time.time_ns()\nprint('at', value)",
        "`value` differs from the rehearsal: other values.",
    ),
    "a unique id": (
        "import uuid\nvalue = uuid.uuid4()\nvalue.int",
        "`value` differs from the rehearsal: other values.",
    ),
}


def ran(kernel, replies, code):
    kernel.control(verb="hello")
    kernel.run(
        "%matplotlib inline\nimport numpy as np, pandas as pd\n"
        "frame = pd.DataFrame({'a': range(1000)})\nrng = np.random.default_rng()"
    )
    kernel.start(f"%%cave --model {replies(f'```python{chr(10)}{code}{chr(10)}```', 'Done.')}\nDo it.")
    assert kernel.decide("run")["status"] == "ok"
    kernel.finish()
    return next(event for event in kernel.events() if event["type"] == "ran")


@pytest.mark.parametrize("code", SAME.values(), ids=SAME)
def test_a_run_gives_what_its_rehearsal_showed(kernel, replies, code):
    assert ran(kernel, replies, code)["differs"] == []


@pytest.mark.parametrize(("code", "sentence"), OTHER.values(), ids=OTHER)
def test_what_differs_by_nature_is_said(kernel, replies, code, sentence):
    differs = ran(kernel, replies, code)["differs"]

    assert (sentence in differs, len(differs)) == (True, 2)


DRAWING = """
import random, threading
def draw():
    while not _stop.wait(0.01): random.random()
_stop = threading.Event()
threading.Thread(target=draw, daemon=True).start()
"""


def test_numbers_that_a_thread_drew_in_between_are_said(kernel, replies):
    kernel.run(DRAWING)

    differs = ran(kernel, replies, "import random\nvalue = random.random()")["differs"]
    kernel.run("_stop.set()")

    assert differs == [
        "`value` differs from the rehearsal: other values.",
        "Something else drew random numbers between the rehearsal and the run.",
    ]
