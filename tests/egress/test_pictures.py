"""A figure goes to the model as a picture only where the person lets it, and what goes is what was said."""

import base64
import hashlib
import itertools
import re

import matplotlib
import pytest

from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.egress.ledger import Ledger
from caveagent_magic.events import Decision, Message, Observed, Picture, Request
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.models.anthropic import AnthropicModel
from caveagent_magic.models.recording import Accountable
from caveagent_magic.models.tokens import estimate_request
from caveagent_magic.ports import Ports, Task
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.session import turn
from caveagent_magic.shell.names import Names
from caveagent_magic.shell.runtime import Runtime
from tests.egress.conftest import Attended
from tests.egress.test_wire import server  # noqa: F401 (a fixture)

matplotlib.use("Agg")
PLOT = """
import io
import matplotlib.pyplot as plt
from IPython.display import Image, display
figure, axes = plt.subplots(figsize=(4, 3))
axes.plot([1, 3, 2])
figure.savefig(saved := io.BytesIO(), format="png", dpi=100)
display(Image(saved.getvalue()))
"""
STEPS = (f"```python\n{PLOT}```", "```python\n1 + 1\n```", "Done.")


class Untold(Attended):
    def wait(self):
        return Decision("run", untold=True)


def play(shell, server, ledger, privacy, name="claude-test", broker=None, **options):  # noqa: F811
    """The events of a cell that draws, and the bodies of the requests for replies."""
    shell.reset(new_session=False)
    server.replies[:] = STEPS
    url = f"http://127.0.0.1:{server.server_port}"
    model = Accountable(AnthropicModel(name, api_key="k", base_url=url, **options), ledger.record)
    ports = Ports(
        model, Stream(), runtime := Runtime(Names(shell)), broker or Attended(), Policy.load(), None,
        itertools.count().__next__, disclosure=Disclosure(privacy),
    )  # fmt: skip
    runtime.begin()
    events = list(turn(Task("t", "Draw it."), ports))
    return events, [body for path, body in server.bodies if path.endswith("/messages")]


def images(body):
    return [block for message in body["messages"] for block in message["content"] if block["type"] == "image"]


def test_an_allowed_figure_is_on_the_wire_in_the_observation_and_in_the_ledger(shell, server, tmp_path):  # noqa: F811
    ledger = Ledger(tmp_path / "egress.jsonl")

    events, bodies = play(shell, server, ledger, Privacy(pictures=True))

    observed = next(event.text for event in events if isinstance(event, Observed))
    said = re.search(r"Sent with this as pictures: 400×300, ([\d,]+) bytes, sha256 (\w{64})\.", observed)
    assert [len(images(body)) for body in bodies] == [0, 1, 1]
    sent = base64.b64decode(images(bodies[1])[0]["source"]["data"])
    assert (f"{len(sent):,}", hashlib.sha256(sent).hexdigest()) == said.groups()
    assert images(bodies[1]) == images(bodies[2])
    texts = [block for block in bodies[1]["messages"][-1]["content"] if block["type"] == "text"]
    assert [block["text"] for block in texts] == [observed]
    replies = [line for line in ledger.lines() if line["kind"] == "reply"]
    assert [line["pictures"] for line in replies] == [[], [said[2]], [said[2]]]
    counted = [line for line in ledger.lines() if "text" in line]
    assert f"[picture 400×300, {said[1]} bytes, sha256 {said[2]}]" in counted[-1]["text"]


@pytest.mark.parametrize(
    ("privacy", "options"),
    [
        (Privacy(), {}),
        (Privacy("samples"), {}),
        (Privacy("names", pictures=True), {}),
        (Privacy(pictures=True).at("names", "x"), {}),
        (Privacy(pictures=True).hiding(["df.pay"]), {}),
        (Privacy(pictures=True), {"name": "qwen"}),
        (Privacy(pictures=True), {"broker": Untold()}),
    ],
    ids=["not allowed", "samples", "names", "one name", "something hidden", "takes none", "kept to oneself"],
)
def test_else_the_model_gets_the_text_alone(shell, server, tmp_path, privacy, options):  # noqa: F811
    events, bodies = play(shell, server, Ledger(tmp_path / "egress.jsonl"), privacy, **options)

    assert [images(body) for body in bodies] == [[], [], []]
    assert not any("as pictures" in event.text for event in events if isinstance(event, Observed))


def test_a_picture_goes_with_the_observation_that_speaks_of_it_and_with_no_other_message():
    picture, stream = Picture(base64.b64encode(b"x").decode(), 800, 600), Stream()

    stream.attach("a picture", (picture,))
    stream.tell("The turn ended.")
    stream.answered("Yes.")
    stream.tell("This is a picture.")

    assert [message.pictures for message in stream.messages] == [(), (), ()]


def test_a_picture_counts_as_tokens():
    picture = Picture("", 750, 600)
    request = Request("", (Message("user", "", (picture,)),))

    assert estimate_request(request) == picture.tokens == 600
