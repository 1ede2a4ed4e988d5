"""A small real server on loopback that speaks the Messages API from a script of answers."""

import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


def sse(kind, **data):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def start(usage):
    return sse("message_start", message={"id": "m", "type": "message", "role": "assistant", "content": [],
                                         "model": "x", "stop_reason": None, "usage": usage})  # fmt: skip


def text(piece):
    return sse("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})


def end(reason="end_turn", output=7):
    delta = sse(
        "message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": output}
    )
    return delta + sse("message_stop")


@dataclass(frozen=True)
class Streams:
    """Chunks one after the other; without `end()` among them the connection just breaks off."""

    chunks: tuple
    wait: threading.Event | None = None  # after the first chunk
    content_type: str = "text/event-stream"


@dataclass(frozen=True)
class Silence:
    """Nothing at all, until the client goes."""


@dataclass(frozen=True)
class Answers:
    """A status and a body."""

    status: int
    body: dict
    headers: dict = field(default_factory=dict)


def refuses(status, kind, message, **headers):
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return Answers(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.script, self.requests = [], []
        self.asked, self.hung_up = threading.Event(), threading.Event()

    def handle_error(self, request, client_address):
        """A client that hangs up is no error."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        )
        self.server.asked.set()
        answer = self.server.script.pop(0)
        if isinstance(answer, Answers):
            self.answer(answer)
        elif isinstance(answer, Silence):
            self.until_hung_up(threading.Event())
        else:
            self.stream(answer)

    def answer(self, answer):
        body = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        for name, value in {"content-type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, answer):
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", answer.content_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for chunk in answer.chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if answer.wait and chunk is answer.chunks[0]:
                self.until_hung_up(answer.wait)
                return
        if b"message_stop" in answer.chunks[-1] or answer.content_type != "text/event-stream":
            self.wfile.write(b"0\r\n\r\n")

    def until_hung_up(self, wait):
        """Write nothing, and notice when the client goes."""
        self.connection.settimeout(0.05)
        while not wait.is_set():
            try:
                if self.connection.recv(1) == b"":
                    self.server.hung_up.set()
                    return
            except TimeoutError:
                continue

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def wire():
    """The words of a script: `Streams`, `refuses`, `text`, …"""
    return sys.modules[__name__]


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Nobody's key, an empty cache and no keyring, whatever the machine has."""
    for name in ("API_KEY", "BASE_URL", "MODEL", "AUTH_TOKEN"):
        monkeypatch.delenv(f"ANTHROPIC_{name}", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("CAVEAGENT_CACHE", str(tmp_path / "cache"))
