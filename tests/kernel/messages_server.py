"""A Messages API on loopback that gives recorded replies, and writes down what it is asked.

    python messages_server.py PORT REPLIES.json ASKED.txt

The reply is chosen by how many the conversation has already, so a server that was killed goes on after it
was started anew. The port, which may be 0, is printed when it listens.
"""

import http.server
import json
import sys
from pathlib import Path

REPLIES, ASKED = (Path(sys.argv[2]), Path(sys.argv[3])) if len(sys.argv) > 3 else (None, None)
EMPTY = {"id": "m", "type": "message", "role": "assistant", "model": "claude", "content": []}
EMPTY |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}


def told(text):
    """The events of a streamed reply."""
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": EMPTY},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/v1/messages/count_tokens"):
            return self.answer("application/json", json.dumps({"input_tokens": 10}).encode())
        number = sum(message["role"] == "assistant" for message in body["messages"])
        with ASKED.open("a") as file:
            file.write(f"{number}\n")
        events = told(json.loads(REPLIES.read_text())[number])
        lines = (f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)
        return self.answer("text/event-stream", "".join(lines).encode())

    def answer(self, kind, data):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Say nothing."""


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
