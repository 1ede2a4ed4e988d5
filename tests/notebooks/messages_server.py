"""A Messages API on loopback that gives the replies of a recording and counts what it is asked."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

from caveagent_magic.events import Message, Request
from caveagent_magic.models.recorded import RecordedModel


class MessagesServer(http.server.ThreadingHTTPServer):
    """Answers as the recording does."""

    def __init__(self, recording: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model, self.asked = RecordedModel.read(recording), 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def reply_to(self, body: dict) -> str:
        said = tuple(Message(each["role"], _text(each["content"])) for each in body["messages"])
        return "".join(map(str, self.model.reply(Request("", said), 1_000)))


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/v1/messages/count_tokens"):
            return self._answer("application/json", json.dumps({"input_tokens": 10}).encode())
        self.server.asked += 1
        lines = (
            f"event: {each['type']}\ndata: {json.dumps(each)}\n\n"
            for each in _told(self.server.reply_to(body))
        )
        return self._answer("text/event-stream", "".join(lines).encode())

    def _answer(self, kind: str, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _text(content: str | list[dict]) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


def _told(text: str) -> list[dict]:
    message = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "content": []}
    message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 1},
        },
        {"type": "message_stop"},
    ]
