"""What the child tells its parent while it runs: one bounded line of JSON at a time, never a pickle."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, field, replace
from typing import Any

from caveagent_magic.events import CAPABILITIES, Change, Changes, Effect, Output
from caveagent_magic.frozen import slotted
from caveagent_magic.rehearsal.moving import Written

_OUTPUT_TYPES = frozenset({"stream", "display_data", "execute_result", "error"})
_MOST_EFFECTS = 1000
_SHORT_TEXT = 2000
_KINDS_OF_CHANGE = ("added", "changed", "removed", "broken")
_NOT_COMPARED = Changes(note="The namespace was not compared: the rehearsal was ended early.")


class Reporter:
    """The child's end; what goes beyond `room` bytes of output is counted and not sent."""

    def __init__(self, descriptor: int, room: int) -> None:
        self._descriptor = descriptor
        self._room = room
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._effects: set[Effect] = set()
        self._left_out = 0
        self._told = 0

    def announce(self, sandbox: str) -> None:
        """Say what holds the rehearsal; only the first such line counts."""
        self._send({"sandbox": sandbox})

    def emit(self, item: Output | Effect) -> None:
        """Send an output or an effect, at once."""
        if os.getpid() != self._process:  # a fork of the rehearsal: the lines and the lock are not its own
            _say_plainly(item)
            return
        with self._lock:
            if isinstance(item, Effect):
                self._emit_effect(item)
            else:
                self._emit_output(item)

    def explain_end(self, words: str) -> None:
        """Say why the rehearsal could not go as it should, unless that was said before."""
        self._send({"ended_by": words})

    def offer(self, moved: Written) -> None:
        """Say where in memory lies what the code made."""
        self._send(asdict(moved))

    def refuse(self, reason: str) -> None:
        """Say why what the code made cannot be taken over."""
        self._send({"not_adoptable": reason})

    def end(
        self, seconds: float, stopped: str, changes: Changes, marks: Mapping[str, int] | None = None
    ) -> None:
        """Say that all is told."""
        with self._lock:
            self._send({"left_out": self._left_out})
            self._send({"changes": asdict(changes)})
            self._send({"marks": marks or {}})
            self._send({"seconds": seconds, "stopped": stopped})

    def _emit_effect(self, effect: Effect) -> None:
        if effect not in self._effects and len(self._effects) < _MOST_EFFECTS:
            self._effects.add(effect)
            self._send({"effect": {**asdict(effect), "target": effect.target[:_SHORT_TEXT]}})

    def _emit_output(self, output: Output) -> None:
        try:
            size = self._send({"output": output}, at_most=self._room)
        except (TypeError, ValueError, RecursionError):
            return self._emit_output({"output_type": "stream", "name": "stderr", "text": "[not JSON]\n"})
        if size > self._room:
            kept = _shortened(output, self._room)
            self._left_out += size
            if kept is not None:
                self._left_out -= self._send({"output": kept})
            self._room = 0
            self._tell_left_out()
        else:
            self._room -= size
        return None

    def _tell_left_out(self) -> None:
        if self._left_out >= 2 * self._told:  # a flood is told of a few times, not at every line
            self._told = self._left_out
            self._send({"left_out": self._left_out})

    def _send(self, message: Mapping[str, Any], at_most: int | None = None) -> int:
        text = json.dumps(message, ensure_ascii=False, default=str)
        line = memoryview(text.encode("utf-8", "replace") + b"\n")
        size = len(line)
        if at_most is None or size <= at_most:
            while line:
                line = line[os.write(self._descriptor, line) :]
        return size


def _say_plainly(item: Output | Effect) -> None:
    if not isinstance(item, Effect) and item.get("output_type") == "stream":
        os.write(1, str(item.get("text", "")).encode("utf-8", "replace"))


def _shortened(output: Output, room: int) -> Output | None:
    """What of an output that is too large still fits."""
    if output.get("output_type") == "stream":
        text = str(output.get("text", ""))[: room // 4]  # a character takes up to four bytes
        return {**output, "text": text} if text else None
    data = output.get("data")
    text = data.get("text/plain", "") if isinstance(data, dict) else ""
    if isinstance(text, str) and 0 < len(text) <= min(room, _SHORT_TEXT):
        return {**output, "data": {"text/plain": text}}
    return None


@slotted
class Record:
    """The parent's end: all that has arrived so far."""

    room: int  # bytes of output that are kept
    outputs: list[Output] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    changes: Changes = _NOT_COMPARED
    sandbox: str = ""
    seconds: float | None = None  # None: the child has not said that it has ended
    stopped: str = ""
    marks: dict[str, int] = field(default_factory=dict)
    moved: Written | None = None  # where what the code made was written
    not_adoptable: str = ""
    _left_out: int = 0  # of what the code reported
    _left_out_plain: int = 0
    _room_plain: int = field(init=False)
    _received: int = 0
    _rest: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._room_plain = self.room

    def feed(self, data: bytes) -> None:
        """Take bytes of the report."""
        self._received += len(data)
        self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            try:
                self._take(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                continue  # the code wrote into the report itself: what it wrote is not a report

    def feed_plain(self, data: bytes) -> None:
        """Take bytes that programs and C code wrote to standard output."""
        kept = data[: self._room_plain]
        self._room_plain -= len(kept)
        self._left_out_plain += len(data) - len(kept)
        if kept:
            self._add({"output_type": "stream", "name": "stdout", "text": kept.decode("utf-8", "replace")})

    @property
    def has_plain_text(self) -> bool:
        """Whether programs or C code printed."""
        return self._room_plain < self.room or self._left_out_plain > 0

    @property
    def overflowing(self) -> bool:
        """Whether more arrives than a report can be."""
        return self._received > 4 * self.room + (8 << 20)

    def final_outputs(self) -> tuple[Output, ...]:
        """The outputs, with a last one that says how much is missing."""
        left_out = self._left_out + self._left_out_plain
        if not left_out:
            return tuple(self.outputs)
        amount = f"{left_out:,}" if self.seconds is not None else f"at least {left_out:,}"
        text = f"\n[{amount} bytes of output were left out: more than a rehearsal keeps.]\n"
        return (*self.outputs, {"output_type": "stream", "name": "stderr", "text": text})

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"output": {"output_type": kind} as output} if kind in _OUTPUT_TYPES:
                self._add(output)
            case {"effect": {"capability": capability, "target": target, "allowed": allowed, **more}}:
                if capability in CAPABILITIES:
                    texts = (str(more.get(name, ""))[:_SHORT_TEXT] for name in ("detail", "preview"))
                    self._add_effect(Effect(capability, str(target), bool(allowed), *texts))
            case {"ended_by": words}:
                self.stopped = self.stopped or str(words)
            case {"changes": {**kinds}}:
                self.changes = _all_changes(kinds)
            case {"marks": {**marks}}:
                self.marks = {str(name): mark for name, mark in marks.items() if isinstance(mark, int)}
            case {"size": size, "places": places, "mark": mark}:
                found = [(int(at), int(length), bool(fixed)) for at, length, fixed in places]
                self.moved = Written(int(size), found, mark if isinstance(mark, int) else None)
            case {"not_adoptable": reason}:
                self.not_adoptable = str(reason)
            case {"left_out": left_out}:
                self._left_out = int(left_out)
            case {"seconds": seconds, "stopped": stopped}:
                self.seconds, self.stopped = float(seconds), str(stopped)
            case {"sandbox": sandbox} if not self.sandbox:  # the first comes before any code of the model
                self.sandbox = str(sandbox)

    def _add_effect(self, effect: Effect) -> None:
        """An effect that was seen as it was tried and found in the scratch layer is one."""
        for place, known in enumerate(self.effects):
            if (known.capability, known.target) == (effect.capability, effect.target):
                allowed = known.allowed and effect.allowed
                self.effects[place] = replace(effect, allowed=allowed) if effect.detail else known
                return
        self.effects.append(effect)

    def _add(self, output: Output) -> None:
        last = self.outputs[-1] if self.outputs else {}
        if output["output_type"] == "stream" == last.get("output_type") and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            self.outputs.append(output)


def _all_changes(kinds: Mapping[Any, Any]) -> Changes:
    found = {kind: _changes(kinds[kind]) for kind in _KINDS_OF_CHANGE}
    return Changes(note=str(kinds["note"]), **found)


def _changes(items: list[dict[str, Any]]) -> tuple[Change, ...]:
    return tuple(
        Change(str(item["name"]), str(item["summary"]), str(item.get("values", ""))[:_SHORT_TEXT])
        for item in items
    )
