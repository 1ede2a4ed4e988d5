"""A record that was written as a turn writes it, and a key of one's own."""

from datetime import UTC, datetime

import pytest

from caveagent_magic import events as ev
from caveagent_magic.record.journal import Journal
from caveagent_magic.record.key import Key
from caveagent_magic.record.recorder import Recorder, Writer
from caveagent_magic.record.schema import digest_of, schema_of
from caveagent_magic.record.turns import read

OPTIONS = {"only": [], "hide": [], "show": [], "out": "", "model": ""}
REQUEST = "Add up the numbers."
CODE = "total = sum(numbers)"
MINE, THEIRS = Key(b"m" * 32), Key(b"t" * 32)


class Notebook:
    """Records turns of a notebook called `analysis`."""

    def __init__(self, folder, key=MINE, name="analysis"):
        self.warned = []
        self.journal = Journal(folder / f"{name}.cave.jsonl")
        self.writer = Writer(
            key, self.journal, self.warned.append, lambda: datetime(2026, 11, 20, tzinfo=UTC)
        )
        self.namespace = {"numbers": [1, 2, 3]}

    @property
    def asked(self):
        return digest_of(REQUEST, OPTIONS)

    def schema(self):
        return schema_of(self.namespace)

    def recorder(self, turn="t1", request=REQUEST, **more):
        begun = {"request": request, "options": OPTIONS, "asked": digest_of(request, OPTIONS)}
        begun |= {"model": "claude", "small": False}
        return Recorder(self.writer, turn, begun, self.schema(), self.namespace, str, **more)

    def record(self, *steps, turn="t1", request=REQUEST, reason="done", **more):
        """Record a turn with these steps, which really run."""
        recorder = self.recorder(turn, request, **more)
        for number, code in enumerate(steps or (CODE,), 1):
            self.step(recorder, code, number)
        recorder.take(ev.TurnEnded(reason, turn=turn, step=number))
        return recorder

    def step(self, recorder, code=CODE, number=1, verdict=None, by="user", finishes=True):
        at = {"turn": recorder.turn, "step": number}
        before = set(self.namespace)
        recorder.take(ev.CodeProposed(code, **at))
        recorder.take(ev.Judged(verdict or ev.Verdict("ask"), **at))
        recorder.take(ev.Decided("run", by, **at))
        if finishes:
            exec(code, {}, self.namespace)
            changes = ev.Changes(added=tuple(ev.Change(name, "") for name in {*self.namespace} - before))
            recorder.take(ev.Ran((), changes, 0.1, **at))

    def contents(self, key=MINE, lines=None):
        return read(self.journal.lines() if lines is None else lines, key, self.journal.notebook)


@pytest.fixture
def notebook(tmp_path):
    """A notebook without a record yet."""
    return Notebook(tmp_path)


@pytest.fixture
def another(tmp_path):
    """Makes a notebook of another name or with another key, in a folder of its own."""

    def make(**more):
        folder = tmp_path / "another"
        folder.mkdir()
        return Notebook(folder, **more)

    return make
