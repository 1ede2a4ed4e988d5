"""Waiting that can always be interrupted: what may block happens in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

T = TypeVar("T")

LOOK_SECONDS = 0.1  # a signal that comes just before a wait begins is seen at its end


class Apart(Generic[T]):
    """The items of an iterable that is run in a thread; an error in it is raised where they are read.

    A read on a socket, a name look-up or an import in the main thread can hold up a stop for minutes.
    """

    def __init__(self, items: Callable[[], Iterable[T]]) -> None:
        self.finished = False  # whether all was read, the error included
        self._items = items
        self._queue: SimpleQueue[tuple[T] | Exception | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="caveagent-reply")
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                got = self._queue.get(timeout=LOOK_SECONDS)
            except Empty:
                continue
            self.finished = not isinstance(got, tuple)
            if isinstance(got, Exception):
                raise got
            if got is None:
                return
            yield got[0]

    def wait(self, seconds: float) -> None:
        """Give the thread so long to end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            for item in self._items():
                self._queue.put((item,))
        except Exception as error:  # whatever it is, the reader gets it
            self._queue.put(error)
        else:
            self._queue.put(None)
