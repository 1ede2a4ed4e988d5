"""What is shown is what is sent: the bytes of each request beside the events and the ledger."""

import hashlib
import itertools
import json
import re
import stat
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pandas as pd
import pytest

from caveagent_magic.egress.disclosure import Disclosure
from caveagent_magic.egress.ledger import CannotRecord, Ledger
from caveagent_magic.events import CodeProposed, Decision, Observed, TurnEnded, TurnStarted
from caveagent_magic.injection.alias import new_alias
from caveagent_magic.injection.levels import Privacy
from caveagent_magic.models.anthropic import AnthropicModel
from caveagent_magic.models.recording import Accountable
from caveagent_magic.ports import Ports, Task
from caveagent_magic.security.policies.policy import Policy
from caveagent_magic.semantic.stream import Stream
from caveagent_magic.session import turn
from tests.test_session import Answers, DictRuntime

STEPS = (
    "```python\ntotal = sum(df['n'])\n```",
    "```python\n1 / 0\n```",
    "```python\nmean = total / 3\n```",
    "Done.",
)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append((self.path, body))
        if self.path.endswith("count_tokens"):
            self.answer("application/json", json.dumps({"input_tokens": 100}))
            return
        text = self.server.replies.pop(0)
        events = (
            {"type": "message_start", "message": {"id": "m", "type": "message",
             "role": "assistant", "content": [], "model": "x",
             "stop_reason": None, "usage": {"input_tokens": 5, "output_tokens": 1}}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}},
            {"type": "message_stop"},
        )  # fmt: skip
        self.answer(
            "text/event-stream", "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events)
        )

    def answer(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.bodies, server.replies = [], list(STEPS)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "data" / "egress.jsonl")


def ports(server, ledger, runtime, disclosure=None):
    url = f"http://127.0.0.1:{server.server_port}"
    model = AnthropicModel("claude-test", api_key="k", base_url=url)
    return Ports(
        Accountable(model, ledger.record), Stream(), runtime, Answers(*[Decision("run")] * 9), Policy.load(),
        None, itertools.count().__next__, disclosure=disclosure or Disclosure(),
    )  # fmt: skip


def texts(body):
    """What a request says: the system prompt, and each message with its role."""
    system = "".join(block["text"] for block in body["system"])
    messages = [(m["role"], "".join(block["text"] for block in m["content"])) for m in body["messages"]]
    return system, messages


def frame():
    return pd.DataFrame({"n": [1234567, 2345678, 3456789], "patient_name": ["Anna", "Bert", "Cleo"]})


def test_every_byte_on_the_wire_was_shown_in_a_turn_of_three_steps(server, ledger):
    events = list(turn(Task("t", "Add up n."), ports(server, ledger, DictRuntime(df=frame()))))

    started = next(event for event in events if isinstance(event, TurnStarted))
    observed = [event.text for event in events if isinstance(event, Observed)]
    sent = [texts(body) for path, body in server.bodies if path.endswith("/messages")]
    assert len(sent) == 4 and len(observed) == 3
    for number, (system, messages) in enumerate(sent):
        told = [text for role, text in messages if role == "user"]
        assert f"{system}\n\n{told[0]}".encode() == started.request_text.encode()
        assert [text.encode() for text in told[1:]] == [text.encode() for text in observed[:number]]
        assert [text for role, text in messages if role == "assistant"] == list(STEPS[:number])


def test_each_request_of_two_turns_begins_with_all_of_the_one_before(server, ledger):
    opened = ports(server, ledger, DictRuntime(df=frame()))
    list(turn(Task("1", "Add up n."), opened))
    server.replies[:] = STEPS
    list(turn(Task("2", "Once more."), opened))

    sent = [texts(body) for path, body in server.bodies if path.endswith("/messages")]
    grown = [now[1][: len(before[1])] == before[1] for before, now in pairwise(sent)]
    assert (grown, len({system for system, _ in sent})) == ([True] * 7, 1)


def test_each_request_has_its_line_in_the_ledger_and_its_text(server, ledger):
    list(turn(Task("t", "Add up n."), ports(server, ledger, DictRuntime(df=frame()))))

    lines = list(ledger.lines())
    assert [line["kind"] for line in lines] == [
        "count" if path.endswith("count_tokens") else "reply" for path, _ in server.bodies
    ]
    written = {line["sha256"]: line["text"] for line in lines if "text" in line}
    for line, (_, body) in zip(lines, server.bodies, strict=True):
        system, messages = texts(body)
        text = "\n\n".join((f"[system]\n{system}", *(f"[{role}]\n{said}" for role, said in messages)))
        assert line["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        assert written[line["sha256"]] == text
        assert line["host"] == f"127.0.0.1:{server.server_port}"


def test_nothing_is_sent_that_cannot_be_written_down(server, tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")

    with pytest.raises(CannotRecord, match=r"nothing was sent\. Mend it, or set CaveMagics\.ledger = 'off'"):
        list(
            turn(
                Task("t", "Add."),
                ports(server, Ledger(tmp_path / "data" / "x.jsonl"), DictRuntime(df=frame())),
            )
        )

    assert server.bodies == []


def test_the_ledger_is_the_users_alone_and_bounded(ledger, server):
    ledger.limit = 6000
    for _ in range(3):
        server.replies[:] = STEPS
        list(turn(Task("t", "Add up n."), ports(server, ledger, DictRuntime(df=frame()))))

    files = sorted(ledger.path.parent.iterdir())
    assert [file.name for file in files] == ["egress.jsonl", "egress.old.jsonl"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert ledger.path.stat().st_size <= 6000


def test_without_texts_the_ledger_holds_digests_only(tmp_path, server):
    ledger = Ledger(tmp_path / "egress.jsonl", "digest")

    list(turn(Task("t", "Add up n."), ports(server, ledger, DictRuntime(df=frame()))))

    assert "Add up n." not in ledger.path.read_text()
    assert all(re.fullmatch("[0-9a-f]{64}", line["sha256"]) for line in ledger.lines())


def test_a_column_with_an_alias_goes_by_it_on_the_wire_and_by_its_name_for_the_person(server, ledger):
    runtime = DictRuntime(df=frame(), found=None)
    alias = new_alias("df.patient_name", "patient_name", (), runtime.variables())
    disclosure = Disclosure(Privacy(aliases=(alias,)))
    server.replies[:] = [
        "Grouping by col_01.\n```python\nfound = df['col_01'].nunique()  # distinct\n```",
        "```python\ndf['col_01x']\n```",
        "```python\ncol_01 = 3\n```",
        "There are 3 in col_01.",
    ]

    events = list(turn(Task("t", "How many patient_name?"), ports(server, ledger, runtime, disclosure)))

    wire = json.dumps([body for _, body in server.bodies])
    proposed = [event.code for event in events if isinstance(event, CodeProposed) and event.complete]
    assert "patient_name" not in wire and "How many col_01?" in wire
    assert proposed[0] == "found = df['patient_name'].nunique()  # distinct"
    assert (runtime.namespace["found"], len(runtime.ran)) == (3, 2)
    assert "is the name of a column" in [event.text for event in events if isinstance(event, Observed)][-1]
    assert (
        next(event for event in events if isinstance(event, TurnEnded)).answer
        == "There are 3 in patient_name."
    )
