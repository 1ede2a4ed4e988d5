"""What front ends ask about the step that waits: the main thread, which waits too, answers it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, field
from typing import Any

from caveagent_magic.errors import CaveError
from caveagent_magic.frozen import slotted
from caveagent_magic.ports import Inquiry

VERBS = ("judge", "foresee")
STALE = {"status": "stale", "message": "This question is about another step."}
Json = dict[str, Any]


@slotted
class Questions:
    """Thread-safe: anybody may ask, one thread answers; what was answered once is known."""

    inquiry: Inquiry | None
    wake: Callable[[], None]
    _open: list[tuple[str, Mapping[str, Any], Future[Json]]] = field(default_factory=list)
    _known: dict[str, Json] = field(default_factory=dict)
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, content: Mapping[str, Any]) -> Future[Json]:
        """The answer, once the main thread has found it."""
        answer: Future[Json] = Future()
        key = json.dumps([content.get("verb"), content.get("code")])
        with self._lock:
            if self._closed or self.inquiry is None:
                answer.set_result(STALE)
            elif key in self._known:
                answer.set_result(self._known[key])
            else:
                self._open.append((key, content, answer))
        self.wake()
        return answer

    def answer(self) -> None:
        """Answer what was asked meanwhile; called on the main thread."""
        while waiting := self._next():
            key, content, answer = waiting
            try:
                found = self._known[key] = self._found(content)
            except CaveError as error:
                found = {"status": "error", "message": str(error)}
            except BaseException:
                _settle(answer, STALE)
                raise
            _settle(answer, found)

    def close(self) -> None:
        """The step is decided on: later questions are stale."""
        with self._lock:
            self._closed = True
        while waiting := self._next():
            _settle(waiting[2], STALE)

    def _next(self) -> tuple[str, Mapping[str, Any], Future[Json]] | None:
        with self._lock:
            return self._open.pop(0) if self._open else None

    def _found(self, content: Mapping[str, Any]) -> Json:
        assert self.inquiry is not None
        if content.get("verb") == "foresee":
            return {"status": "ok", **asdict(self.inquiry.foreseen())}
        code = content.get("code")
        if not isinstance(code, str):
            raise CaveError("What is to be judged must be code, as text.")
        return {"status": "ok", "verdict": asdict(self.inquiry.verdict(code))}


def _settle(answer: Future[Json], found: Json) -> None:
    """Whoever asked may have given up."""
    if answer.set_running_or_notify_cancel():
        answer.set_result(found)
